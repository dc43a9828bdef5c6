// SPDX-License-Identifier: MIT
/*
 * Grants in page tables: see hv/grantmap.h. An entry for a grant is an entry like any
 * other, but for the owner of the frame behind it; so page tables drop it as they
 * drop theirs. A guest cannot change what it lets do: such a change would have to take
 * the frame anew, which is not the guest's.
 *
 * Locks: pt_lock of the domain whose tables these are.
 */
#include <hv/grantmap.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/ptable.h>
#include <hv/tables.h>

#include <xen/grant_table.h>

/* pt_lock held: the slot that the guest named, in a validated L1 of d, for an entry; NULL: none. */
static uint64_t *find_slot(struct vcpu *v, uint64_t addr, uint32_t flags)
{
	struct frame *table;
	uint64_t *slot;

	if (flags & GNTMAP_contains_pte) {
		mfn_t m = mfn(addr >> PAGE_SHIFT);

		if (m.n >= arch_max_mfn || (addr & (sizeof(*slot) - 1)))
			return NULL;
		m = mfn(index_clamp(m.n, arch_max_mfn));
		table = frame_of(m);
		slot = (uint64_t *)((char *)frame_ptr(m) + (addr & ~PAGE_MASK));
	} else {
		slot = pt_find_l1e(v->guest_table, addr, &table);
		if (!slot)
			return NULL;
	}
	if (!pt_is_l1(table, v->domain->id))
		return NULL;
	pt_note_entry(table, slot);
	return slot;
}

/* Hardware may set accessed and dirty bits at any time. */
static uint64_t exchange(uint64_t *slot, uint64_t new)
{
	return __atomic_exchange_n(slot, new, __ATOMIC_SEQ_CST);
}

/* Not to be executed, where the CPU knows that. Cache attributes are for memory of devices. */
static uint64_t entry_of(uint32_t flags, mfn_t m)
{
	uint64_t e = m.n << PAGE_SHIFT | PTE_P | PTE_A | PTE_D | (PTE_NX & ~pte_refused_l1);

	if (!(flags & GNTMAP_readonly))
		e |= PTE_W;
	if (flags & GNTMAP_application_map)
		e |= PTE_U;
	e |= (uint64_t)(flags >> _GNTMAP_guest_avail0) << 9 & PTE_AVAIL;
	return pt_l1e_adjust(e);
}

/* What any entry held. */
static void drop(struct vcpu *v, uint64_t old)
{
	struct pt_ctx c;

	tables_ctx(&c, v->domain, NULL);
	pt_l1e_drop(&c, old);
	if (unlikely(c.ldt_stale))
		tables_ldt_stale(v->domain);
}

int grantmap_create(struct vcpu *v, uint64_t addr, uint32_t flags, struct frame *f)
{
	struct domain *d = v->domain;
	uint64_t old = 0;

	spin_lock(&d->mm.pt_lock);
	uint64_t *slot = find_slot(v, addr, flags);

	if (likely(slot))
		old = exchange(slot, entry_of(flags, frame_mfn(f)));
	spin_unlock(&d->mm.pt_lock);
	if (unlikely(old & PTE_P)) {
		domain_flush(d);
		drop(v, old);
	}
	return slot ? GNTST_okay : GNTST_general_error;
}

/* It maps the frame, and lets do what the handle says. */
static bool is_entry_of(uint64_t e, uint64_t mfn_n, uint32_t flags)
{
	return (e & PTE_P) && pte_mfn(e).n == mfn_n && !(e & PTE_W) == !!(flags & GNTMAP_readonly);
}

int grantmap_replace(struct vcpu *v, uint64_t addr, uint32_t flags, uint64_t mfn_n,
		     uint64_t new_addr, uint64_t *old)
{
	struct domain *d = v->domain;
	int status = GNTST_general_error;
	uint64_t *other = NULL;

	if (new_addr && (flags & GNTMAP_contains_pte))
		return GNTST_general_error;
	spin_lock(&d->mm.pt_lock);
	uint64_t *slot = find_slot(v, addr, flags);

	if (!slot || !is_entry_of(READ_ONCE(*slot), mfn_n, flags))
		goto unlock;
	if (new_addr) {
		other = find_slot(v, new_addr, 0);
		if (!other || other == slot)
			goto unlock;
	}
	/* Nothing below can fail. The other entry moves with what it owns. */
	*old = exchange(slot, other ? exchange(other, 0) : 0);
	status = GNTST_okay;
unlock:
	spin_unlock(&d->mm.pt_lock);
	return status;
}

void grantmap_put(struct vcpu *v, uint64_t old)
{
	/* grantmap_replace() made sure that a grant's frame, so RAM, is behind it. */
	if (likely(old & PTE_W))
		grant_frame_put(frame_of(pte_mfn(old)), false);
	else
		drop(v, old);
}
