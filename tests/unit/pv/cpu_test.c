// SPDX-License-Identifier: MIT
/* Starting, stopping and calling CPUs. The test plays each CPU in turn by kit_cpu. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/memory.h>

#include <xen/vcpu.h>

static bool up[KIT_CPUS], initialised[KIT_CPUS];
static long initialise_error, up_error, register_error;
static bool no_memory;
static unsigned int pages, ran, was_told;
static jmp_buf down;		/* where a CPU that goes down leaves its code */

/* The library's own; before there is one, a CPU without calls. */
struct pv_cpu *pv_this_cpu(void)
{
	static struct pv_cpu none;
	struct pv_cpu *c = pv_cpu_of(kit_cpu);

	return c ? c : &none;
}

void *page_alloc_zero(unsigned int order)
{
	void *p = NULL;

	if (no_memory || posix_memalign(&p, PAGE_SIZE, PAGE_SIZE << order))
		return NULL;
	pages++;
	return memset(p, 0, PAGE_SIZE << order);
}

void page_free(void *page, unsigned int order)
{
	(void)order;
	pages--;
	free(page);
}

unsigned long virt_to_mfn(const void *va)
{
	(void)va;
	return 77;
}

void arch_cpu_init(struct pv_cpu *c)
{
	(void)c;
}

void arch_cpu_context(struct vcpu_guest_context *context, const struct pv_cpu *c)
{
	context->user_regs.rdi = (uint64_t)c;
}

void arch_cpu_begin(struct pv_cpu *c)
{
	pv_cpu_main(c);
}

static long vcpu_op(unsigned long cmd, unsigned long cpu, unsigned long arg)
{
	const struct vcpu_guest_context *context = (const void *)arg;

	if (cpu >= KIT_CPUS)
		return -XEN_ENOENT;
	switch (cmd) {
	case VCPUOP_is_up:
		return up[cpu];
	case VCPUOP_initialise:
		assert_false(initialised[cpu]);
		if (initialise_error)
			return initialise_error;
		assert_true(context->user_regs.rdi);
		initialised[cpu] = true;
		return 0;
	case VCPUOP_up:
		assert_true(initialised[cpu]);
		if (!up_error)
			up[cpu] = true;
		return up_error;
	case VCPUOP_down:
		assert_int_equal(cpu, kit_cpu);
		up[cpu] = false;
		longjmp(down, 1);
	case VCPUOP_register_vcpu_info:
		return register_error;
	default:
		return cmd == VCPUOP_stop_periodic_timer ? 0 : -XEN_ENOSYS;
	}
}

static long hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3)
{
	return nr == __HYPERVISOR_vcpu_op ? vcpu_op(a1, a2, a3) : -XEN_ENOSYS;
}

/* The library's CPUs live from test to test, as in a guest: each test takes CPUs of its own number, or
 * leaves them stopped. */
static int setup(void **state)
{
	int rc;

	pv_cpu_init(&pv_shared_info->vcpu_info[0]);
	rc = kit_setup(state);
	initialise_error = up_error = register_error = 0;
	no_memory = false;
	ran = was_told = 0;
	kit_other_hypercall = hypercall;
	up[0] = true;
	return rc;
}

/* What the hypervisor does with a CPU that is up: it runs until it goes down. */
static void run_cpu(unsigned int cpu)
{
	assert_true(up[cpu]);
	kit_cpu = cpu;
	if (!setjmp(down))
		pv_cpu_main(pv_cpu_of(cpu));
	kit_cpu = 0;
}

static void note(void *arg)
{
	ran++;
	was_told = *(unsigned int *)arg;
}

static void stops(void *arg)
{
	note(arg);
	pv_cpu_stop();
}

static void a_cpu_that_is_not_there_is_refused(void **state)
{
	unsigned int n = 1;

	(void)state;
	assert_int_equal(pv_cpu_count(), KIT_CPUS);
	assert_int_equal(pv_cpu_start(KIT_CPUS, note, &n), -XEN_ENOENT);
	assert_int_equal(pv_cpu_start(100000, note, &n), -XEN_ENOENT);
	assert_int_equal(pv_cpu_start(0, note, &n), -XEN_EEXIST);
	assert_false(pv_cpu_is_running(1) || pv_cpu_is_running(100000));
	assert_int_equal(pv_cpu_call(1, note, &n), -XEN_ENOENT);
	assert_int_equal(ran, 0);
}

static void a_context_that_is_refused_leaves_nothing(void **state)
{
	unsigned int n = 1, before;

	(void)state;
	assert_int_equal(event_close(event_bind_ipi(0)), 0);	/* what is known of ports stays */
	before = pages;
	initialise_error = -XEN_EINVAL;
	assert_int_equal(pv_cpu_start(1, note, &n), -XEN_EINVAL);
	assert_int_equal(pages, before);
	no_memory = true;
	assert_int_equal(pv_cpu_start(1, note, &n), -XEN_ENOMEM);
	assert_int_equal(pages, before);
	assert_null(pv_cpu_of(1));
	assert_false(pv_cpu_is_running(1));
}

static void a_cpu_runs_its_function_once_and_stops(void **state)
{
	unsigned int n = 42;

	(void)state;
	assert_int_equal(pv_cpu_start(1, note, &n), 0);
	assert_true(pv_cpu_is_running(1));
	assert_int_equal(pv_cpu_running(), 2);
	assert_int_equal(pv_cpu_start(1, note, &n), -XEN_EEXIST);
	run_cpu(1);
	assert_int_equal(ran, 1);
	assert_int_equal(was_told, 42);
	assert_false(pv_cpu_is_running(1));
	assert_true(pv_cpu_wait(1, 0));
	assert_int_equal(pv_cpu_running(), 1);
}

static void a_stopped_cpu_starts_again(void **state)
{
	unsigned int n = 1;

	(void)state;
	for (int i = 0; i < 3; i++) {
		n = i;
		assert_int_equal(pv_cpu_start(2, i == 1 ? stops : note, &n), 0);
		run_cpu(2);
		assert_int_equal(was_told, i);
	}
	assert_int_equal(ran, 3);
}

static void a_cpu_that_cannot_go_up_has_not_started(void **state)
{
	unsigned int n = 1;

	(void)state;
	up_error = -XEN_EINVAL;
	assert_int_equal(pv_cpu_start(2, note, &n), -XEN_EINVAL);
	assert_false(pv_cpu_is_running(2));
	up_error = 0;
	assert_int_equal(pv_cpu_start(2, note, &n), 0);
	run_cpu(2);
	assert_int_equal(ran, 1);
}

static void waiting_for_a_cpu_ends_at_its_deadline(void **state)
{
	unsigned int n = 1;

	(void)state;
	assert_int_equal(pv_cpu_start(1, note, &n), 0);
	assert_false(pv_cpu_wait(1, deadline_in(NSEC_PER_MSEC)));
	run_cpu(1);
	assert_true(pv_cpu_wait(1, deadline_in(NSEC_PER_MSEC)));
}

static void a_call_of_this_cpu_is_made_at_once(void **state)
{
	unsigned int n = 7;

	(void)state;
	assert_int_equal(pv_cpu_call(0, note, &n), 0);
	assert_int_equal(was_told, 7);
}

static void other_cpu_looks(void)
{
	kit_cpu = 1;
	pv_cpu_run_calls();
	kit_cpu = 0;
}

static void a_call_returns_when_the_other_cpu_has_made_it(void **state)
{
	unsigned int n = 3;

	(void)state;
	assert_int_equal(pv_cpu_start(1, note, &n), 0);
	kit_on_yield = other_cpu_looks;
	n = 4;
	assert_int_equal(pv_cpu_call(1, note, &n), 0);
	assert_int_equal(was_told, 4);
	assert_true(kit_sends[pv_cpu_of(1)->call_port]);
	kit_on_yield = NULL;
	run_cpu(1);
}

static void other_cpu_stops(void)
{
	pv_cpu_of(1)->state = PV_CPU_STOPPED;
}

static void a_call_of_a_cpu_that_stops_is_refused(void **state)
{
	unsigned int n = 3;

	(void)state;
	assert_int_equal(pv_cpu_start(1, note, &n), 0);
	kit_on_yield = other_cpu_stops;
	assert_int_equal(pv_cpu_call(1, note, &n), -XEN_ENOENT);
	assert_int_equal(ran, 0);
	assert_null(pv_cpu_of(1)->calls);
	pv_cpu_of(1)->state = PV_CPU_RUNNING;
	kit_on_yield = NULL;
	run_cpu(1);
}

static unsigned int depth;

static void first_cpu_looks(void)
{
	kit_cpu = 0;
	pv_cpu_run_calls();
	kit_cpu = 1;
}

static void call_back(void *arg)
{
	depth++;
	kit_on_yield = first_cpu_looks;
	assert_int_equal(pv_cpu_call(0, note, arg), 0);
}

static void two_cpus_may_call_each_other(void **state)
{
	unsigned int n = 5;

	(void)state;
	depth = 0;
	assert_int_equal(pv_cpu_start(1, note, &n), 0);
	kit_on_yield = other_cpu_looks;
	assert_int_equal(pv_cpu_call(1, call_back, &n), 0);
	assert_int_equal(depth, 1);
	assert_int_equal(ran, 1);
	run_cpu(1);
}

static void cpu_0_does_not_stop(void **state)
{
	(void)state;
	expect_assert_failure(pv_cpu_stop());
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cpu_that_is_not_there_is_refused),
		TEST(a_context_that_is_refused_leaves_nothing),
		TEST(a_cpu_runs_its_function_once_and_stops),
		TEST(a_stopped_cpu_starts_again),
		TEST(a_cpu_that_cannot_go_up_has_not_started),
		TEST(waiting_for_a_cpu_ends_at_its_deadline),
		TEST(a_call_of_this_cpu_is_made_at_once),
		TEST(a_call_returns_when_the_other_cpu_has_made_it),
		TEST(a_call_of_a_cpu_that_stops_is_refused),
		TEST(two_cpus_may_call_each_other),
		TEST(cpu_0_does_not_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
