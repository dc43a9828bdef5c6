/* SPDX-License-Identifier: MIT */
/* What mmu_update and mmuext_op have in common: lists that are worked off in pieces. */
#pragma once

#include <hv/cpu.h>
#include <hv/ptable.h>
#include <hv/types.h>

/* In a count: the list was begun before; the public headers do not name it. */
#define MMU_UPDATE_PREEMPTED (1u << 31)

struct mmu_list {
	guest_va_t at;
	uint32_t count;		/* members left when the hypercall was entered */
	uint32_t i;		/* of these, done now */
	uint32_t done;		/* done before */
	guest_va_t done_at;	/* where the guest wants the sum, or 0 */
	uint32_t member;	/* bytes */
};

/**
 * Takes the arguments apart (list, count, done, foreigndom). True when the hypercall ends here,
 * with *result: what an earlier one left is not cleared away yet, or nothing but its result was
 * left, or the list is no memory of the guest's.
 */
bool mmu_list_begin(struct mmu_list *list, struct pt_pending *pending, const uint64_t args[4],
		    uint32_t member, long *result);

/** Gives back what an earlier member has left to be dropped: 0 or -XEN_ERESTART. */
int mmu_list_settle(struct pt_pending *pending);

/** Before each member: 0, or -XEN_ERESTART when it must wait. */
static inline int mmu_list_step(const struct mmu_list *list, struct pt_pending *pending)
{
	if (unlikely(pending->table.n)) {
		int rc = mmu_list_settle(pending);

		if (rc)
			return rc;
	}
	return list->i && unlikely(!budget_take(current_budget())) ? -XEN_ERESTART : 0;
}

/** The hypercall's result, after members were done as far as list->i says and rc came of it. */
long mmu_list_end(struct mmu_list *list, struct pt_pending *pending, int rc);
