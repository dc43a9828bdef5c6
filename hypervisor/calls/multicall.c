// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_multicall: a list of hypercalls in one entry. Each call's result is
 * written to its entry. A call that is preempted writes its progress to its entry,
 * and the multicall itself goes on from there when the guest executes it again.
 */
#include <hv/hypercall.h>

#include <hv/entry.h>
#include <hv/usercopy.h>

#define ENTRY_SIZE sizeof(struct multicall_entry)

_Static_assert(sizeof(struct multicall_entry) == 64 && offsetof(struct multicall_entry, op) == 0 &&
	       offsetof(struct multicall_entry, result) == 8 &&
	       offsetof(struct multicall_entry, args) == 16, "ABI");

/*
 * The registers are another frame's then, and rax is in it, whatever it says. By the work that this
 * makes the way out looks at them anew; the one value that means "execute the hypercall again"
 * makes it go back two bytes.
 */
static __attribute__((noinline, cold)) long iret_in_list(void)
{
	struct cpu_user_regs *regs = guest_regs();

	iret_any();
	cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
	if ((long)regs->rax == -XEN_ERESTART)
		regs->rip += SYSCALL_LEN;
	return (long)regs->rax;
}

#define ARGS 5	/* the sixth of an entry is no call's */

static inline long call_one(uint64_t op, const uint64_t *args)
{
	if (unlikely(op >= NR_HYPERCALLS))
		return -XEN_ENOSYS;
	return hypercall_table[index_clamp(op, NR_HYPERCALLS)](args[0], args[1], args[2], args[3],
								args[4]);
}

/* Notes that the entries below done are finished. */
static long preempted(uint64_t list, uint32_t total, uint32_t done)
{
	hypercall_set_arg(0, list + done * ENTRY_SIZE);
	hypercall_set_arg(1, total - done);
	return -XEN_ERESTART;
}

/*
 * Works off the list of n, at least one; *i: how many are finished. True when the rest has to wait, else
 * *result is the multicall's.
 */
static bool run(const struct cpu *cpu, guest_va_t list, uint32_t n, uint64_t args[ARGS], uint32_t *i,
		long *result)
{
	*i = 0;
	/* The first call always runs, so that the list ends some day. */
	do {
		struct {
			uint64_t op, result;
		} head;

		*result = -XEN_EFAULT;
		if (unlikely(copy_from_guest_two(&head, sizeof(head), args, ARGS * sizeof(args[0]), list)))
			return false;
		if (unlikely(head.op == __HYPERVISOR_iret)) {
			*result = iret_in_list();
			return false;
		}
		long rc = call_one(head.op, args);

		if (unlikely(rc == -XEN_ERESTART))
			return !copy_to_guest(guest_va(list.a + offsetof(struct multicall_entry, args)),
					      args, ARGS * sizeof(args[0]));
		if (unlikely(copy_to_guest(guest_va(list.a + offsetof(struct multicall_entry, result)),
					   &rc, sizeof(rc))))
			return false;
		list.a += ENTRY_SIZE;
		if (++*i == n) {
			*result = 0;
			return false;
		}
	} while (likely(!cpu->work) && likely(budget_take(current_budget())));
	return true;
}

long do_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct cpu *cpu = this_cpu();
	uint64_t args[ARGS];
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
	if (!n)
		return 0;

	cpu->hcall_args = args;
	wait = run(cpu, guest_va(list), n, args, &done, &result);
	cpu->hcall_args = NULL;
	return wait ? preempted(list, n, done) : result;
}
