// SPDX-License-Identifier: MIT
/* Each move of a life by itself; lifecycle_histories.c tries every order. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/check.h>
#include <hv/lifecycle.h>
#include <hv/vcpu.h>
#include <xen/sched.h>

static void a_new_domain_is_held_once(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	assert_true(life_is_stopped(&l));
	assert_false(l.started);
	assert_int_equal(life_release(&l), 0);
	assert_false(life_is_stopped(&l));
	assert_true(l.started);
	assert_int_equal(life_release(&l), -XEN_EINVAL);
	assert_int_equal(life_hold(&l), 0);
	assert_true(l.started);
}

static void holds_count(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	assert_int_equal(life_hold(&l), 0);
	assert_int_equal(life_release(&l), 0);
	assert_true(life_is_stopped(&l));
	assert_int_equal(life_release(&l), 0);
	assert_false(life_is_stopped(&l));
}

static void holds_are_limited(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	for (unsigned i = 1; i < LIFE_HOLDS_MAX; i++)
		assert_int_equal(life_hold(&l), 0);
	assert_int_equal(life_hold(&l), -XEN_EOVERFLOW);
	assert_int_equal(l.holds, LIFE_HOLDS_MAX);
}

static void the_first_shutdown_code_counts(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	life_latch_code(&l, SHUTDOWN_reboot);
	assert_int_equal(l.state, LIFE_ALIVE);
	assert_true(life_shutdown(&l, SHUTDOWN_crash));
	assert_int_equal(l.code, SHUTDOWN_reboot);
	assert_false(life_shutdown(&l, SHUTDOWN_crash));
}

static void a_code_has_eight_bits(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	life_shutdown(&l, 0x1ff);
	assert_int_equal(l.code, 0xff);
}

static void a_resumed_domain_can_shut_down_again(void **state)
{
	struct life l;

	(void)state;
	life_init(&l);
	assert_true(life_shutdown(&l, SHUTDOWN_suspend));
	assert_true(life_stopped(&l));
	assert_true(life_resume(&l));
	assert_false(life_resume(&l));
	assert_true(life_shutdown(&l, SHUTDOWN_poweroff));
	assert_int_equal(l.code, SHUTDOWN_poweroff);
}

static void runstates_follow_from_what_keeps_a_vcpu(void **state)
{
	(void)state;
	assert_int_equal(life_runstate(0, 0, false), RUNSTATE_runnable);
	assert_int_equal(life_runstate(0, 0, true), RUNSTATE_running);
	assert_int_equal(life_runstate(VPF_DOWN, 0, false), RUNSTATE_offline);
	assert_int_equal(life_runstate(0, 1, false), RUNSTATE_offline);
	assert_int_equal(life_runstate(VPF_BLOCKED, 0, false), RUNSTATE_blocked);
	assert_int_equal(life_runstate(VPF_BLOCKED | VPF_DOWN, 2, false), RUNSTATE_blocked);
}

#define T(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_new_domain_is_held_once),
		T(holds_count),
		T(holds_are_limited),
		T(the_first_shutdown_code_counts),
		T(a_code_has_eight_bits),
		T(a_resumed_domain_can_shut_down_again),
		T(runstates_follow_from_what_keeps_a_vcpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
