// SPDX-License-Identifier: MIT
/*
 * Entries of the lowest level, which name data: what they may say, what they hold. This is the
 * path that a guest's kernel takes more than any other.
 */
#include <hv/ptable.h>

#include <hv/mm.h>

uint64_t pte_refused_l1 = PTE_PWT | PTE_PCD | PTE_PAT;
uint64_t pte_refused_table = PTE_PWT | PTE_PCD | PTE_PS | PTE_G;

/* Devices want no cache, unless the guest says which kind; some are for looking at only. */
int pt_l1e_take_io(const struct pt_ctx *c, uint64_t *e)
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

int pt_update_l1(struct pt_ctx *c, struct frame *table, uint64_t *slot, uint64_t new,
		 bool keep_ad)
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
		pt_note_entry(table, slot);
	}
	/* Nothing below can fail. */
	entry_write(slot, new, keep_ad);
	pt_l1e_drop(c, old);
	return 0;
}

int pt_exchange_l1(struct pt_ctx *c, struct frame *table, uint64_t *slot, uint64_t old,
		   uint64_t new)
{
	int rc;

	if (new & PTE_P) {
		rc = pt_l1e_take(c, &new);
		if (rc)
			return rc;
		new = pt_l1e_adjust(new);
		pt_note_entry(table, slot);
	}
	if (__atomic_compare_exchange_n(slot, &old, new, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		pt_l1e_drop(c, old);
		return 0;
	}
	pt_l1e_drop(c, new);
	return -XEN_EAGAIN;
}

/* Where the entry for va stands in a table that va >> shift, times 8, leads to. */
static inline uint64_t *entry_at(uint64_t table, uint64_t va, unsigned shift)
{
	return (uint64_t *)(arch_direct_map + table + (va >> (shift - 3) & (PTE_ENTRIES - 1) << 3));
}

uint64_t *pt_find_l1e(mfn_t l4, uint64_t va, struct frame **table)
{
	uint64_t e = l4.n << PAGE_SHIFT;

	/* Canonical, and not in our part. */
	if (unlikely(va >= HV_VIRT_START && va < HV_VIRT_END) || unlikely((va + (1UL << 47)) >> 48) ||
	    unlikely(!e))
		return NULL;
#pragma GCC unroll 3
	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		e = READ_ONCE(*entry_at(e, va, shift));
		if (unlikely(!(e & PTE_P)))
			return NULL;
		e &= PTE_ADDR;
	}
	*table = frame_of(pte_mfn(e));
	return entry_at(e, va, PAGE_SHIFT);
}
