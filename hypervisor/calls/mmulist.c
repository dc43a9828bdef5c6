// SPDX-License-Identifier: MIT
/* See mmulist.h and, for the conventions, mmu_update.c. */
#include "mmulist.h"

#include <hv/hypercall.h>
#include <hv/tables.h>
#include <hv/usercopy.h>

bool mmu_list_begin(struct mmu_list *list, struct pt_pending *pending, const uint64_t args[4],
		    uint32_t member, long *result)
{
	uint32_t count = (uint32_t)args[1];

	if (pending->table.n && pending->dropping) {
		*result = tables_settle(pending, current_budget());
		if (*result)
			return true;
	}
	if (count == MMU_UPDATE_PREEMPTED && !args[0]) {
		*result = (int32_t)args[3];
		return true;
	}
	*list = (struct mmu_list){ .at = guest_va(args[0]), .count = count & ~MMU_UPDATE_PREEMPTED,
				   .done_at = guest_va(args[2]), .member = member };
	if ((count & MMU_UPDATE_PREEMPTED) && args[2] &&
	    copy_from_guest(&list->done, list->done_at, sizeof(list->done)))
		list->done = 0;
	*result = -XEN_EFAULT;
	return list->count && !guest_range_ok(list->at, (uint64_t)list->count * member);
}

int mmu_list_settle(struct pt_pending *pending)
{
	return pending->dropping ? tables_settle(pending, current_budget()) : 0;
}

static void write_done(struct mmu_list *list)
{
	uint32_t done = list->done + list->i;

	if (list->done_at.a)	/* as Xen: when it cannot be written that is no error */
		(void)copy_to_guest(list->done_at, &done, sizeof(done));
}

long mmu_list_end(struct mmu_list *list, struct pt_pending *pending, int rc)
{
	write_done(list);
	if (rc == -XEN_ERESTART) {
		hypercall_set_arg(0, list->at.a + (uint64_t)list->i * list->member);
		hypercall_set_arg(1, (list->count - list->i) | MMU_UPDATE_PREEMPTED);
		return -XEN_ERESTART;
	}
	if (likely(!tables_settle(pending, current_budget())))
		return rc;
	hypercall_set_arg(0, 0);
	hypercall_set_arg(1, MMU_UPDATE_PREEMPTED);
	hypercall_set_arg(2, 0);
	hypercall_set_arg(3, (uint32_t)rc);
	return -XEN_ERESTART;
}
