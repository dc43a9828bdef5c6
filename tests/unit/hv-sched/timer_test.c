// SPDX-License-Identifier: MIT
/* The queue of timers, and the timers that run on a CPU's one hardware timer. */
#include "machine.h"

#include <hv/timer.h>
#include <hv/watchdog.h>

#define N 8

static struct timer timer[N];
static unsigned fired[N], order[64], n_fired;

static void note(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	fired[i]++;
	if (n_fired < 64)
		order[n_fired++] = i;
}

static int start(void **state)
{
	for (unsigned i = 0; i < N; i++)
		if (timer[i].fn)
			timer_stop(&timer[i]);
	machine_start(state);
	for (unsigned i = 0; i < N; i++)
		timer_init(&timer[i], note, (void *)(uintptr_t)i, 0);
	memset(fired, 0, sizeof(fired));
	n_fired = 0;
	return 0;
}

static void an_empty_queue_is_never_due(void **state)
{
	struct timer_queue q = { 0 };

	(void)state;
	assert_null(timer_queue_due(&q, UINT64_MAX));
	assert_true(timer_queue_next(&q) == TIMER_NEVER);
}

static void the_queue_gives_what_is_due_in_order(void **state)
{
	struct timer_queue q = { 0 };

	(void)state;
	assert_true(timer_queue_set(&q, &timer[0], 30));
	assert_true(timer_queue_set(&q, &timer[1], 10));
	assert_false(timer_queue_set(&q, &timer[2], 20));
	assert_ptr_equal(timer_queue_due(&q, 25), &timer[1]);
	assert_ptr_equal(timer_queue_due(&q, 25), &timer[2]);
	assert_null(timer_queue_due(&q, 25));
	assert_int_equal(timer_queue_next(&q), 30);
	timer_queue_stop(&q, &timer[0]);
	timer_queue_stop(&q, &timer[0]);
}

static void a_timer_fires_once_at_its_time(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + 5 * MS);
	machine_run(4 * MS);
	assert_int_equal(fired[0], 0);
	machine_run(1 * MS);
	assert_int_equal(fired[0], 1);
	machine_run(100 * MS);
	assert_int_equal(fired[0], 1);
}

static void a_time_in_the_past_fires_on_the_way_out(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now - 1);
	assert_int_equal(fired[0], 0);
	machine_exit();
	assert_int_equal(fired[0], 1);
}

static void timers_of_one_moment_fire_as_they_were_set(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N; i++)
		timer_set(&timer[N - 1 - i], machine_now + MS);
	machine_run(MS);
	assert_int_equal(n_fired, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(order[i], N - 1 - i);
}

static void setting_again_moves_it(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + 5 * MS);
	timer_set(&timer[0], machine_now + 9 * MS);
	machine_run(8 * MS);
	assert_int_equal(fired[0], 0);
	machine_run(MS);
	assert_int_equal(fired[0], 1);
}

static void a_stopped_timer_does_not_fire(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + MS);
	timer_stop(&timer[0]);
	timer_stop(&timer[0]);
	machine_run(10 * MS);
	assert_int_equal(fired[0], 0);
}

static void setting_it_later_does_not_touch_the_hardware(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + MS);
	machine_arms = 0;
	for (unsigned i = 0; i < 10; i++)
		timer_set(&timer[0], machine_now + (2 + i) * MS);
	timer_stop(&timer[0]);
	assert_int_equal(machine_arms, 0);
}

static void an_interrupt_that_comes_early_arms_again(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + MS);
	machine_now += MS - 10;
	machine_armed[0] = 0;
	cpu_raise(&host_cpu, CPU_WORK_TIMER);
	machine_exit();
	assert_int_equal(fired[0], 0);
	assert_true(machine_armed[0] == machine_now + 10);
}

static void a_far_time_never_wraps(void **state)
{
	(void)state;
	timer_set(&timer[0], UINT64_MAX);
	timer_set(&timer[1], machine_now + MS);
	machine_run(MS);
	assert_int_equal(fired[0], 0);
	assert_int_equal(fired[1], 1);
}

static void again(void *arg)
{
	note(arg);
	timer_set(&timer[0], machine_now + MS);
}

static void a_timer_may_set_itself(void **state)
{
	(void)state;
	timer_init(&timer[0], again, NULL, 0);
	timer_set(&timer[0], machine_now + MS);
	machine_run(10 * MS);
	assert_int_equal(fired[0], 10);
	timer_stop(&timer[0]);
}

static void a_killed_timer_cannot_be_set_again(void **state)
{
	(void)state;
	timer_set(&timer[0], machine_now + MS);
	timer_kill(&timer[0]);
	assert_false(timer_is_set(&timer[0]));
	timer_set(&timer[0], machine_now + MS);
	timer_set_here(&timer[0], machine_now + MS);
	assert_false(timer_is_set(&timer[0]));
	machine_run(10 * MS);
	assert_int_equal(fired[0], 0);
}

static void a_timer_of_another_cpu_fires_there(void **state)
{
	(void)state;
	machine_cpus = 2;
	timer_move(&timer[0], 1);
	timer_set(&timer[0], machine_now + MS);
	assert_true(machine_armed[1] == 0);	/* it must be told first */
	machine_run(2 * MS);
	assert_int_equal(fired[0], 1);
}

static void a_moved_timer_stays_set(void **state)
{
	(void)state;
	machine_cpus = 2;
	timer_set(&timer[0], machine_now + MS);
	timer_move(&timer[0], 1);
	assert_true(timer_is_set(&timer[0]));
	machine_run(MS);
	assert_int_equal(fired[0], 1);
}

static void random_histories_fire_exactly_what_is_due(void **state)
{
	uint64_t due[N] = { 0 };
	unsigned expected[N] = { 0 };

	(void)state;
	srand(3);
	for (unsigned step = 0; step < 5000; step++) {
		unsigned i = (unsigned)rand() % N;
		uint64_t dt = (uint64_t)(rand() % 5) * MS / 2;

		if (rand() % 3) {
			due[i] = machine_now + 1 + (uint64_t)(rand() % 8) * MS / 2;
			timer_set(&timer[i], due[i]);
		} else {
			due[i] = 0;
			timer_stop(&timer[i]);
		}
		for (unsigned j = 0; j < N; j++)
			if (due[j] && due[j] <= machine_now + dt) {
				due[j] = 0;
				expected[j]++;
			}
		machine_run(dt);
		assert_memory_equal(fired, expected, sizeof(fired));
	}
}

static void a_watchdog_that_is_not_set_again_ends_the_domain(void **state)
{
	struct domain *d = &machine_domain[1];

	(void)state;
	assert_int_equal(watchdog_set(d, 0, 5), 1);
	for (unsigned i = 0; i < 10; i++) {
		machine_run(4000 * MS);
		assert_int_equal(watchdog_set(d, 1, 5), 0);
	}
	assert_int_equal(machine_shutdowns[1], 0);
	machine_run(5001 * MS);
	assert_int_equal(machine_shutdowns[1], 1);
	assert_int_equal(machine_shutdown_code, 4);
}

static void a_watchdog_can_be_ended_and_there_are_two(void **state)
{
	struct domain *d = &machine_domain[1];

	(void)state;
	assert_int_equal(watchdog_set(d, 0, 5), 1);
	assert_int_equal(watchdog_set(d, 0, 5), 2);
	assert_int_equal(watchdog_set(d, 0, 5), -XEN_ENOSPC);
	assert_int_equal(watchdog_set(d, 1, 0), 0);
	assert_int_equal(watchdog_set(d, 2, 0), 0);
	assert_int_equal(watchdog_set(d, 2, 0), -XEN_EINVAL);
	assert_int_equal(watchdog_set(d, 3, 1), -XEN_EINVAL);
	machine_run(10000 * MS);
	assert_int_equal(machine_shutdowns[1], 0);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_queue_is_never_due),
		T(the_queue_gives_what_is_due_in_order),
		T(a_timer_fires_once_at_its_time),
		T(a_time_in_the_past_fires_on_the_way_out),
		T(timers_of_one_moment_fire_as_they_were_set),
		T(setting_again_moves_it),
		T(a_stopped_timer_does_not_fire),
		T(setting_it_later_does_not_touch_the_hardware),
		T(an_interrupt_that_comes_early_arms_again),
		T(a_far_time_never_wraps),
		T(a_timer_may_set_itself),
		T(a_killed_timer_cannot_be_set_again),
		T(a_timer_of_another_cpu_fires_there),
		T(a_moved_timer_stays_set),
		T(random_histories_fire_exactly_what_is_due),
		T(a_watchdog_that_is_not_set_again_ends_the_domain),
		T(a_watchdog_can_be_ended_and_there_are_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
