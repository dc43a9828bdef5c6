// SPDX-License-Identifier: MIT
/*
 * Entries of the lowest level, which name data: what they may say, what they hold. This is the
 * path that a guest's kernel takes more than any other.
 */
#include <hv/ptable.h>

#include <hv/mm.h>

uint64_t pte_refused_l1 = PTE_PWT | PTE_PCD | PTE_PAT;
uint64_t pte_refused_table = PTE_PWT | PTE_PCD | PTE_PS | PTE_G;

/*
 * The guest's kernel runs in ring 3 too: each page is the processor's "user". Pages that
 * the kernel made its own keep that in a software bit, and are not global: so
 * they leave the TLB when CR3 changes to the user's tables, and the user's pages stay.
 */
uint64_t pt_l1e_adjust(uint64_t e)
{
	if (!(e & PTE_P))
		return e;
	if (!(e & PTE_U))
		e |= PTE_GUEST_KERNEL | PTE_U;
	if (!(e & PTE_GUEST_KERNEL))
		e |= PTE_G;
	return e;
}

/* Devices want no cache, unless the guest says which kind; some are for looking at only. */
static int take_io(const struct pt_ctx *c, uint64_t *e)
{
	mfn_t m = pte_mfn(*e);

	if (m.n == PTE_ADDR >> PAGE_SHIFT)	/* what a guest means by "none" */
		return -XEN_EINVAL;
	if (!mm_is_io(m))
		return m.n < arch_max_mfn ? -XEN_EBUSY : -XEN_EPERM;
	if (!c->io || mm_io_rights(m) == MM_IO_NONE)
		return -XEN_EPERM;
	if (mm_io_rights(m) == MM_IO_READ)
		*e &= ~PTE_W;
	if (!(*e & PTE_CACHE))
		*e |= PTE_PWT | PTE_PCD;
	return 0;
}

int pt_l1e_take(struct pt_ctx *c, uint64_t *e)
{
	mfn_t m = pte_mfn(*e);
	struct frame *f;

	if (unlikely(*e & c->refuse_l1))
		return -XEN_EINVAL;
	if (unlikely(m.n >= arch_max_mfn))
		return take_io(c, e);
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	if (unlikely(!frame_try_ref_owned(f, c->pages)))
		return take_io(c, e);
	if ((*e & PTE_W) && unlikely(!frame_type_take(f, FRAME_WRITABLE))) {
		frame_put(f);
		return -XEN_EBUSY;
	}
	return 0;
}

void pt_l1e_drop(struct pt_ctx *c, uint64_t e)
{
	mfn_t m = pte_mfn(e);
	struct frame *f;

	if (!(e & PTE_P) || unlikely(m.n >= arch_max_mfn))
		return;
	f = frame_of(m);
	if (unlikely(!(READ_ONCE(f->count_info) & FC_COUNT)))
		return;		/* I/O memory in a hole of RAM: an entry holds its frame otherwise */
	if (e & PTE_W)
		frame_type_drop(f);
	else if (unlikely(frame_type_in_use(f, FRAME_SEGDESC)) && f->owner == c->owner)
		c->ldt_stale = true;
	frame_put(f);
}

/* Hardware sets accessed and dirty bits at any time; nobody else writes here now. */
static inline void entry_write(uint64_t *slot, uint64_t new, bool keep_ad)
{
	if (likely(!keep_ad)) {
		WRITE_ONCE(*slot, new);
		return;
	}
	uint64_t old = READ_ONCE(*slot);

	while (!__atomic_compare_exchange_n(slot, &old, new | (old & (PTE_A | PTE_D)), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

int pt_update_l1(struct pt_ctx *c, uint64_t *slot, uint64_t new, bool keep_ad)
{
	uint64_t old = READ_ONCE(*slot);

	if (new & PTE_P) {
		if (!((old ^ new) & ~PTE_HARMLESS) && likely(!(new & c->refuse_l1))) {
			entry_write(slot, pt_l1e_adjust(new), keep_ad);
			return 0;
		}
		int rc = pt_l1e_take(c, &new);

		if (unlikely(rc))
			return rc;
		new = pt_l1e_adjust(new);
	}
	/* Nothing below can fail. */
	entry_write(slot, new, keep_ad);
	pt_l1e_drop(c, old);
	return 0;
}

int pt_exchange_l1(struct pt_ctx *c, uint64_t *slot, uint64_t old, uint64_t new)
{
	int rc;

	if (new & PTE_P) {
		rc = pt_l1e_take(c, &new);
		if (rc)
			return rc;
		new = pt_l1e_adjust(new);
	}
	if (__atomic_compare_exchange_n(slot, &old, new, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		pt_l1e_drop(c, old);
		return 0;
	}
	pt_l1e_drop(c, new);
	return -XEN_EAGAIN;
}

uint64_t *pt_find_l1e(mfn_t l4, uint64_t va, struct frame **table)
{
	uint64_t *at = frame_ptr(l4);

	if (unlikely(va >= HV_VIRT_START && va < HV_VIRT_END) ||
	    unlikely((uint64_t)((int64_t)(va << 16) >> 16) != va) || unlikely(!l4.n))
		return NULL;
	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		uint64_t e = READ_ONCE(at[(va >> shift) & (PTE_ENTRIES - 1)]);

		if (unlikely(!(e & PTE_P)))
			return NULL;
		l4 = pte_mfn(e);
		at = frame_ptr(l4);
	}
	*table = frame_of(l4);
	return &at[(va >> PAGE_SHIFT) & (PTE_ENTRIES - 1)];
}
