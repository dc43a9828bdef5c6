// SPDX-License-Identifier: MIT
#include "kit.h"

#include <pvguest/clock.h>

static struct timer timers[4];
static int order[8], fired;

static int setup(void **state)
{
	fired = 0;
	for (int i = 0; i < 4; i++)
		timer_cancel(&timers[i]);
	return kit_setup(state);
}

static void note(struct timer *t, void *ctx)
{
	order[fired++] = t - timers;
	if (ctx)
		timer_set(t, clock_monotonic_ns() + 5, note, NULL);
}

static void time_is_the_hypervisors_plus_what_has_passed(void **state)
{
	uint64_t before = clock_monotonic_ns();

	(void)state;
	kit_advance(1234);
	assert_int_equal(clock_monotonic_ns(), before + 1234);
}

static void time_never_goes_back(void **state)
{
	uint64_t before = clock_monotonic_ns();

	(void)state;
	pv_vcpu_info()->time.system_time -= 500;
	assert_int_equal(clock_monotonic_ns(), before);
}

static void a_counter_behind_the_time_stamp_is_no_time(void **state)
{
	(void)state;
	kit_advance(10);
	pv_vcpu_info()->time.tsc_timestamp = 1UL << 40;
	pv_vcpu_info()->time.tsc_to_system_mul = 1U << 31;
	assert_int_equal(clock_monotonic_ns(), pv_vcpu_info()->time.system_time);
}

static void a_time_stamp_before_the_counter_began_is_long_ago(void **state)
{
	uint64_t before = clock_monotonic_ns();

	(void)state;
	pv_vcpu_info()->time.tsc_timestamp = -4000UL;
	pv_vcpu_info()->time.tsc_to_system_mul = 1U << 31;
	assert_int_equal(clock_monotonic_ns(), before + 2000);
}

static void the_wall_clock_begins_where_the_hypervisor_says(void **state)
{
	(void)state;
	pv_shared_info->wc_sec = 1700000000;
	pv_shared_info->wc_nsec = 5;
	assert_int_equal(clock_wall_ns(), 1700000000 * NSEC_PER_SEC + 5 + clock_monotonic_ns());
	pv_shared_info->wc_sec_hi = 1;
	assert_int_equal(clock_wall_ns() / NSEC_PER_SEC,
			 (1700000000 * NSEC_PER_SEC + 5 + clock_monotonic_ns()) / NSEC_PER_SEC +
			 0x100000000UL);
}

static void timers_run_in_the_order_of_their_deadlines(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	timer_set(&timers[0], now + 300, note, NULL);
	timer_set(&timers[1], now + 100, note, NULL);
	timer_set(&timers[2], now + 200, note, NULL);
	assert_int_equal(timer_next(), now + 100);
	assert_false(timer_poll());
	kit_advance(250);
	assert_true(timer_poll());
	assert_int_equal(fired, 2);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	kit_advance(50);
	assert_true(timer_poll());
	assert_int_equal(timer_next(), 0);
}

static void a_cancelled_timer_does_not_run(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	timer_set(&timers[0], now + 1, note, NULL);
	timer_set(&timers[1], now + 2, note, NULL);
	timer_cancel(&timers[0]);
	timer_cancel(&timers[0]);
	kit_advance(10);
	timer_poll();
	assert_int_equal(fired, 1);
	assert_int_equal(order[0], 1);
}

static void setting_a_pending_timer_moves_it(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	timer_set(&timers[0], now + 10, note, NULL);
	timer_set(&timers[0], now + 20, note, NULL);
	kit_advance(15);
	assert_false(timer_poll());
	kit_advance(5);
	assert_true(timer_poll());
	assert_int_equal(fired, 1);
}

static void a_timer_may_set_itself_again(void **state)
{
	(void)state;
	timer_set(&timers[0], clock_monotonic_ns() + 10, note, &fired);
	kit_advance(10);
	timer_poll();
	assert_true(timers[0].pending);
	kit_advance(5);
	timer_poll();
	assert_int_equal(fired, 2);
	assert_false(timers[0].pending);
}

static void each_cpu_has_its_own_timers(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	timer_set(&timers[0], now + 10, note, NULL);
	kit_cpu = 1;
	pv_vcpu_info()->time = pv_shared_info->vcpu_info[0].time;
	timer_set(&timers[1], now + 5, note, NULL);
	assert_int_equal(timer_next(), now + 5);
	pv_vcpu_info()->time.system_time += 20;
	assert_true(timer_poll());
	assert_int_equal(fired, 1);
	assert_int_equal(order[0], 1);
	kit_cpu = 0;
	assert_int_equal(timer_next(), now + 10);
	assert_true(timer_poll());
	assert_int_equal(fired, 2);
}

static void no_cpu_is_behind_another(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	kit_cpu = 1;
	pv_vcpu_info()->time = pv_shared_info->vcpu_info[0].time;
	pv_vcpu_info()->time.system_time = now + 1000;
	assert_int_equal(clock_monotonic_ns(), now + 1000);
	kit_cpu = 0;
	assert_int_equal(clock_monotonic_ns(), now + 1000);
	kit_advance(2000);
	assert_int_equal(clock_monotonic_ns(), now + 2000);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_is_the_hypervisors_plus_what_has_passed),
		TEST(time_never_goes_back),
		TEST(a_counter_behind_the_time_stamp_is_no_time),
		TEST(a_time_stamp_before_the_counter_began_is_long_ago),
		TEST(the_wall_clock_begins_where_the_hypervisor_says),
		TEST(timers_run_in_the_order_of_their_deadlines),
		TEST(a_cancelled_timer_does_not_run),
		TEST(setting_a_pending_timer_moves_it),
		TEST(a_timer_may_set_itself_again),
		TEST(each_cpu_has_its_own_timers),
		TEST(no_cpu_is_behind_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
