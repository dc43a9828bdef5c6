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

static inline long call_one(const struct multicall_entry *e)
{
	if (unlikely(e->op >= NR_HYPERCALLS))
		return -XEN_ENOSYS;
	return hypercall_table[index_clamp(e->op, NR_HYPERCALLS)](e->args[0], e->args[1], e->args[2],
								   e->args[3], e->args[4]);
}

/* Notes that the entries below done are finished. */
static long preempted(uint64_t list, uint32_t total, uint32_t done)
{
	hypercall_set_arg(0, list + done * ENTRY_SIZE);
	hypercall_set_arg(1, total - done);
	return -XEN_ERESTART;
}

/*
 * Works off the list; *i: how many are finished. True when the rest has to wait, else *result is the
 * multicall's.
 */
static bool run(const struct cpu *cpu, guest_va_t list, uint32_t n, struct multicall_entry *e,
		uint32_t *i, long *result)
{
	for (*i = 0; *i < n; ++*i, list.a += ENTRY_SIZE) {
		/* The first call always runs, so that the list ends some day. */
		if (*i && (unlikely(cpu->work) || unlikely(!budget_take(current_budget()))))
			return true;
		*result = -XEN_EFAULT;
		if (unlikely(copy_from_guest_in_line(e, list, ENTRY_SIZE)))
			return false;
		/* Then the registers are another frame's, and the result is its rax, whatever it says. */
		if (unlikely(e->op == __HYPERVISOR_iret)) {
			*result = iret_any();
			return false;
		}
		long rc = call_one(e);

		if (unlikely(rc == -XEN_ERESTART))
			return !copy_to_guest(guest_va(list.a + offsetof(struct multicall_entry, args)),
					      e->args, sizeof(e->args));
		if (unlikely(copy_to_guest(guest_va(list.a + offsetof(struct multicall_entry, result)),
					   &rc, sizeof(rc))))
			return false;
	}
	*result = 0;
	return false;
}

long do_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct cpu *cpu = this_cpu();
	struct multicall_entry e;
	uint32_t n = (uint32_t)count, done;
	long result;
	bool wait;

	(void)a3;
	(void)a4;
	(void)a5;
	if (cpu->hcall_args)		/* from inside a multicall */
		return -XEN_EINVAL;
	if (!guest_range_ok(guest_va(list), n * ENTRY_SIZE))
		return -XEN_EFAULT;

	cpu->hcall_args = e.args;
	wait = run(cpu, guest_va(list), n, &e, &done, &result);
	cpu->hcall_args = NULL;
	return wait ? preempted(list, n, done) : result;
}
