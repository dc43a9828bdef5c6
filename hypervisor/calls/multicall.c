// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_multicall: a list of hypercalls in one entry. Each call's result is
 * written to its entry. A call that is preempted writes its progress to its entry,
 * and the multicall itself goes on from there when the guest executes it again.
 */
#include <hv/hypercall.h>

#include <hv/usercopy.h>

#define ENTRY_SIZE sizeof(struct multicall_entry)

_Static_assert(sizeof(struct multicall_entry) == 64, "ABI");

static long call_one(struct cpu *cpu, struct multicall_entry *e)
{
	hypercall_fn *fn = NULL;

	if (e->op < NR_HYPERCALLS)
		fn = hypercall_table[index_clamp(e->op, NR_HYPERCALLS)];
	if (unlikely(!fn))
		return -XEN_ENOSYS;
	cpu->hcall_args = e->args;
	long result = fn(e->args[0], e->args[1], e->args[2], e->args[3], e->args[4]);

	cpu->hcall_args = NULL;
	return result;
}

/* Notes that the entries below done are finished. */
static long preempted(uint64_t list, uint32_t total, uint32_t done)
{
	hypercall_set_arg(0, list + done * ENTRY_SIZE);
	hypercall_set_arg(1, total - done);
	return -XEN_ERESTART;
}

long do_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct cpu *cpu = this_cpu();
	uint32_t n = (uint32_t)count;

	(void)a3;
	(void)a4;
	(void)a5;
	if (cpu->hcall_args)		/* from inside a multicall */
		return -XEN_EINVAL;
	if (!guest_range_ok(guest_va(list), n * ENTRY_SIZE))
		return -XEN_EFAULT;

	for (uint32_t i = 0; i < n; i++) {
		guest_va_t at = guest_index(guest_va(list), i, struct multicall_entry);
		struct multicall_entry e;

		/* The first call always runs, so that the list ends some day. */
		if (i && (cpu->work || !budget_take(current_budget())))
			return preempted(list, n, i);
		if (unlikely(copy_from_guest(&e, at, ENTRY_SIZE)))
			return -XEN_EFAULT;
		long result = call_one(cpu, &e);

		if (unlikely(result == -XEN_ERESTART)) {
			at.a += offsetof(struct multicall_entry, args);
			if (copy_to_guest(at, e.args, sizeof(e.args)))
				return -XEN_EFAULT;
			return preempted(list, n, i);
		}
		/* The registers are another frame's now, and the rest of the list is void. */
		if (unlikely(e.op == __HYPERVISOR_iret))
			return result;
		at.a += offsetof(struct multicall_entry, result);
		if (unlikely(copy_to_guest(at, &result, sizeof(result))))
			return -XEN_EFAULT;
	}
	return 0;
}
