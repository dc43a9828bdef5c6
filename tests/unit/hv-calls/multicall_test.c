// SPDX-License-Identifier: MIT
/* multicall: order, results, preemption of the list and of a call in it. */
#include "fake.h"

#include <string.h>

static unsigned ran;
static bool once;		/* the preempted call has been preempted */

static long add(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	ran++;
	return (long)(a1 + a2 + a3 + a4 + a5);
}

static long preempted(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a1, (void)a3, (void)a4, (void)a5;
	if (once)
		return (long)a2;
	once = true;
	hypercall_set_arg(1, 77);
	return -XEN_ERESTART;
}

static long rax;	/* of the frame that iret returns to */

void iret_any(void)
{
	host_cpu.regs.rax = (uint64_t)rax;
	host_cpu.regs.rip = 0x1000;
}

static long asks_to_stop(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	host_cpu.work |= CPU_WORK_RESCHED;
	return 0;
}

static long no_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	return -XEN_ENOSYS;
}

/* Later entries override the first on purpose, as in calls/hypercall.c. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
hypercall_fn *const hypercall_table[NR_HYPERCALLS] = {
	[0 ... NR_HYPERCALLS - 1] = no_hypercall,
	[1] = add,
	[2] = preempted,
	[3] = asks_to_stop,
	[13] = do_multicall,
};
#pragma GCC diagnostic pop

/* As calls/hypercall.c does it. */
void hypercall_set_arg(unsigned n, uint64_t value)
{
	uint64_t *regs[] = { &host_cpu.regs.rdi, &host_cpu.regs.rsi };

	if (host_cpu.hcall_args)
		host_cpu.hcall_args[n] = value;
	else
		*regs[n] = value;
}

static struct multicall_entry list[8];

static long run(void *at, uint32_t n)
{
	return do_multicall((uint64_t)(uintptr_t)at, n, 0, 0, 0);
}

static int start(void **state)
{
	memset(list, 0, sizeof(list));
	ran = 0;
	once = false;
	rax = 4711;
	return fake_start(state);
}

static void each_call_gets_its_arguments_and_its_result(void **state)
{
	(void)state;
	list[0] = (struct multicall_entry){ .op = 1, .args = { 1, 2, 3, 4, 5, 99 } };
	list[1] = (struct multicall_entry){ .op = 50 };
	list[2] = (struct multicall_entry){ .op = 1UL << 40 };
	assert_int_equal(run(list, 3), 0);
	assert_int_equal(list[0].result, 15);
	assert_int_equal(list[1].result, -XEN_ENOSYS);
	assert_int_equal(list[2].result, -XEN_ENOSYS);
	assert_null(host_cpu.hcall_args);
}

static void a_multicall_inside_is_refused(void **state)
{
	(void)state;
	list[0] = (struct multicall_entry){ .op = 13, .args = { (uintptr_t)&list[1], 1 } };
	list[1] = (struct multicall_entry){ .op = 1 };
	assert_int_equal(run(list, 1), 0);
	assert_int_equal(list[0].result, -XEN_EINVAL);
	assert_int_equal(ran, 0);
}

static void the_list_is_preempted_between_calls(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		list[i].op = 1;
	host_cpu.budget.left = 2;
	assert_int_equal(run(list, 5), -XEN_ERESTART);
	assert_int_equal(ran, 3);
	assert_int_equal(host_cpu.regs.rdi, (uintptr_t)&list[3]);
	assert_int_equal(host_cpu.regs.rsi, 2);
	fake_run(0);
	assert_int_equal(run(&list[3], 2), 0);
	assert_int_equal(ran, 5);
}

static void a_preempted_call_goes_on_where_it_was(void **state)
{
	(void)state;
	list[0].op = 1;
	list[1].op = 2;
	list[2].op = 1;
	assert_int_equal(run(list, 3), -XEN_ERESTART);
	assert_int_equal(list[1].args[1], 77);
	assert_int_equal(host_cpu.regs.rdi, (uintptr_t)&list[1]);
	assert_int_equal(host_cpu.regs.rsi, 2);
	assert_null(host_cpu.hcall_args);
	assert_int_equal(run(&list[1], 2), 0);
	assert_int_equal(list[1].result, 77);
	assert_int_equal(ran, 2);
}

static void a_call_that_blocks_its_vcpu_stops_the_list(void **state)
{
	(void)state;
	list[0].op = 3;
	list[1].op = 1;
	assert_int_equal(run(list, 2), -XEN_ERESTART);
	assert_int_equal(ran, 0);
	assert_int_equal(host_cpu.regs.rsi, 1);
}

static void nothing_runs_after_iret(void **state)
{
	(void)state;
	list[0].op = __HYPERVISOR_iret;
	list[1].op = 1;
	assert_int_equal(run(list, 2), 4711);
	assert_int_equal(ran, 0);
	assert_int_equal(list[0].result, 0);
	assert_int_equal(host_cpu.regs.rip, 0x1000);
	assert_true(host_cpu.work & CPU_WORK_BOUNCE);	/* so not the short way out */
}

static void an_iret_to_a_rax_that_looks_like_a_restart_is_one_all_the_same(void **state)
{
	(void)state;
	list[0].op = __HYPERVISOR_iret;
	host_cpu.regs.rdi = 5;
	rax = -XEN_ERESTART;
	assert_int_equal(run(list, 2), rax);
	assert_int_equal(host_cpu.regs.rdi, 5);
	assert_int_equal(host_cpu.regs.rip - 2, 0x1000);	/* entry code takes the 2 away */
}

static void a_list_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, 1), -XEN_EFAULT);
	assert_int_equal(run(NULL, 0), 0);
	assert_int_equal(run(list, ~0U), -XEN_EFAULT);
	assert_int_equal(do_multicall(0xffff830000000000, 1, 0, 0, 0), -XEN_EFAULT);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_call_gets_its_arguments_and_its_result),
		T(a_multicall_inside_is_refused),
		T(the_list_is_preempted_between_calls),
		T(a_preempted_call_goes_on_where_it_was),
		T(a_call_that_blocks_its_vcpu_stops_the_list),
		T(nothing_runs_after_iret),
		T(an_iret_to_a_rax_that_looks_like_a_restart_is_one_all_the_same),
		T(a_list_that_cannot_be_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
