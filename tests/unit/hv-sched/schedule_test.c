// SPDX-License-Identifier: MIT
/* The scheduler on a pretend machine: who has the CPU, when, and for how long. */
#include "machine.h"

static struct vcpu *const a = &machine_vcpu[0][0];
static struct vcpu *const b = &machine_vcpu[1][0];
static struct vcpu *const c = &machine_vcpu[2][0];

static uint64_t ran(struct vcpu *v)
{
	return vcpu_cpu_time(v);
}

static void nothing_to_run_is_idle(void **state)
{
	(void)state;
	machine_run(100 * MS);
	assert_null(machine_current());
	assert_int_equal(machine_switches, 0);
}

static void one_that_comes_up_runs_at_once(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	assert_ptr_equal(machine_current(), a);
}

static void alone_there_is_no_end_of_slice(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	machine_arms = 0;
	machine_run(10000 * MS);
	assert_int_equal(machine_arms, 0);
	assert_int_equal(machine_switches, 1);
	assert_true(ran(a) == 10000 * MS);
}

static void two_hogs_take_turns_of_a_slice(void **state)
{
	(void)state;
	machine_up(a);
	machine_up(b);
	machine_run(1000 * MS);
	assert_in_range(ran(a), 490 * MS, 510 * MS);
	assert_in_range(ran(b), 490 * MS, 510 * MS);
	assert_in_range(machine_switches, 95, 105);
}

static void weights_divide_the_cpu(void **state)
{
	(void)state;
	sched_set_weight(&machine_domain[1], 512);
	sched_set_weight(&machine_domain[2], 1024);
	machine_up(a);
	machine_up(b);
	machine_up(c);
	machine_run(7000 * MS);
	assert_in_range(ran(a), 950 * MS, 1050 * MS);
	assert_in_range(ran(b), 1940 * MS, 2060 * MS);
	assert_in_range(ran(c), 3900 * MS, 4100 * MS);
}

static void a_change_of_weight_counts_while_it_runs(void **state)
{
	uint64_t a0, b0;

	(void)state;
	machine_up(a);
	machine_up(b);
	machine_run(500 * MS);
	sched_set_weight(&machine_domain[0], 768);
	a0 = ran(a);
	b0 = ran(b);
	machine_run(4000 * MS);
	assert_in_range(ran(a) - a0, 2950 * MS, 3050 * MS);
	assert_in_range(ran(b) - b0, 950 * MS, 1050 * MS);
}

static void a_sleeper_preempts_hogs_at_once(void **state)
{
	(void)state;
	machine_up(c);
	machine_exit();
	machine_block();
	machine_up(a);
	machine_up(b);
	for (unsigned i = 0; i < 100; i++) {
		machine_run(13 * MS);
		assert_ptr_not_equal(machine_current(), c);
		vcpu_wake(c);
		machine_exit();
		assert_ptr_equal(machine_current(), c);
		machine_now += MS / 10;
		machine_block();
		assert_ptr_not_equal(machine_current(), c);
	}
	assert_true(ran(c) == 10 * MS);
}

static void one_that_wakes_often_gets_no_more_than_its_share(void **state)
{
	(void)state;
	machine_up(a);
	machine_up(c);
	machine_run(100 * MS);
	/* c runs for most of a slice, naps for a moment, and so on. */
	for (unsigned i = 0; i < 1000; i++) {
		if (machine_current() == c) {
			machine_run(9 * MS);
			if (machine_current() == c)
				machine_block();
		} else {
			machine_run(1 * MS);
		}
		vcpu_wake(c);
		machine_exit();
	}
	assert_true(ran(c) < ran(a) + 50 * MS);
}

static void the_rate_limit_delays_a_preemption(void **state)
{
	(void)state;
	sched_set_ratelimit(1 * MS);
	machine_up(c);
	machine_exit();
	machine_block();
	machine_up(a);
	machine_exit();
	machine_now += MS / 4;
	vcpu_wake(c);
	machine_exit();
	assert_ptr_equal(machine_current(), a);
	machine_run(MS / 2);
	assert_ptr_equal(machine_current(), a);
	machine_run(MS / 2);
	assert_ptr_equal(machine_current(), c);
}

static void one_that_yields_lets_the_next_run(void **state)
{
	struct vcpu *first;

	(void)state;
	machine_up(a);
	machine_up(b);
	machine_exit();
	first = machine_current();
	vcpu_yield();
	machine_exit();
	assert_ptr_not_equal(machine_current(), first);
	vcpu_yield();
	machine_exit();
	assert_ptr_equal(machine_current(), first);
}

static void a_yield_alone_changes_nothing(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	vcpu_yield();
	machine_exit();
	assert_ptr_equal(machine_current(), a);
	assert_int_equal(machine_switches, 1);
}

static void a_yield_counts_once(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	vcpu_yield();
	machine_exit();
	machine_up(b);
	machine_exit();
	machine_run(50 * MS);
	assert_true(ran(b) > 0 && ran(a) > 0);
}

static void block_with_an_event_pending_goes_on(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	a->info->evtchn_upcall_pending = 1;
	a->info->evtchn_upcall_mask = 1;
	vcpu_block_enable_events();
	machine_exit();
	assert_ptr_equal(machine_current(), a);
	assert_int_equal(a->info->evtchn_upcall_mask, 0);
	assert_int_equal(a->pause_flags, 0);
}

static void a_wake_between_block_and_exit_is_not_lost(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	vcpu_block_enable_events();
	vcpu_wake(a);
	machine_exit();
	assert_ptr_equal(machine_current(), a);
}

static void a_paused_vcpu_leaves_and_comes_back(void **state)
{
	(void)state;
	machine_up(a);
	machine_up(b);
	machine_exit();
	for (unsigned i = 0; i < 2; i++) {
		struct vcpu *v = i ? a : b;

		v->pause_count++;
		vcpu_sleep(v);
		machine_exit();
		assert_int_equal(v->runstate.state, RUNSTATE_offline);
		machine_run(100 * MS);
		assert_ptr_not_equal(machine_current(), v);
		v->pause_count--;
		vcpu_recheck(v);
		machine_run(100 * MS);
	}
	assert_true(ran(a) > 100 * MS && ran(b) > 100 * MS);
}

static void an_event_does_not_run_a_paused_vcpu(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	machine_block();
	a->pause_count++;
	vcpu_sleep(a);
	vcpu_wake(a);
	machine_exit();
	assert_null(machine_current());
	assert_int_equal(a->runstate.state, RUNSTATE_offline);
	a->pause_count--;
	vcpu_recheck(a);
	machine_exit();
	assert_ptr_equal(machine_current(), a);
}

static void the_end_of_a_pause_does_not_wake_a_blocked_one(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	machine_block();
	a->pause_count++;
	vcpu_sleep(a);
	a->pause_count--;
	vcpu_recheck(a);
	machine_exit();
	assert_null(machine_current());
	assert_int_equal(a->runstate.state, RUNSTATE_blocked);
}

static void a_vcpu_that_ends_is_in_no_queue(void **state)
{
	(void)state;
	machine_up(a);
	machine_up(b);
	machine_exit();
	b->pause_count++;
	vcpu_sleep(b);
	a->pause_count++;
	vcpu_sleep(a);
	machine_exit();
	sched_vcpu_destroy(a);
	sched_vcpu_destroy(b);
	machine_run(1000 * MS);
	assert_null(machine_current());
}

static void run_states_add_up_to_the_time(void **state)
{
	struct vcpu_runstate_info r;
	uint64_t begin = machine_now, sum = 0;

	(void)state;
	machine_up(a);
	machine_up(b);
	machine_run(55 * MS);
	if (machine_current() != a)
		machine_run(10 * MS);
	machine_block();
	machine_run(33 * MS);
	a->pause_count++;
	vcpu_sleep(a);
	vcpu_wake(a);
	machine_run(7 * MS);
	vcpu_runstate_get(a, &r);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(r.time[i] || i == RUNSTATE_offline);
		sum += r.time[i];
	}
	assert_true(sum == machine_now - begin);
	assert_true(r.time[RUNSTATE_blocked] == 33 * MS);
	assert_true(r.time[RUNSTATE_offline] == 7 * MS);
}

static void idle_time_is_the_rest(void **state)
{
	uint64_t before = vcpu_cpu_time(idle_vcpu[0]);

	(void)state;
	machine_up(a);
	machine_run(30 * MS);
	machine_block();
	machine_run(70 * MS);
	assert_true(vcpu_cpu_time(idle_vcpu[0]) - before == 70 * MS);
}

/* ---- two CPUs ------------------------------------------------------------------------- */

static void a_second_runnable_vcpu_goes_to_the_idle_cpu(void **state)
{
	(void)state;
	machine_cpus = 2;
	machine_on(1);
	schedule();		/* comes up idle */
	machine_on(0);
	machine_up(a);
	machine_run(MS);
	machine_up(b);
	machine_run(100 * MS);
	assert_true(a->running && b->running);
	assert_int_not_equal(a->processor, b->processor);
	assert_in_range(ran(b), 99 * MS, 101 * MS);
}

static void affinity_keeps_a_vcpu_on_its_cpus(void **state)
{
	(void)state;
	machine_cpus = 2;
	assert_int_equal(machine_pin(a, 1), 0);
	assert_int_equal(machine_pin(b, 1), 0);
	machine_up(a);
	machine_up(b);
	machine_run(100 * MS);
	assert_int_equal(a->processor, 0);
	assert_int_equal(b->processor, 0);
	assert_in_range(ran(a), 40 * MS, 60 * MS);
}

static void a_change_of_affinity_moves_who_runs(void **state)
{
	(void)state;
	machine_cpus = 2;
	machine_up(a);
	machine_run(MS);
	assert_int_equal(a->processor, 0);
	assert_int_equal(machine_pin(a, 2), 0);
	machine_run(MS);
	assert_int_equal(a->processor, 1);
	assert_true(a->running);
	assert_null(machine_current());
}

static void affinity_without_a_running_cpu_is_refused(void **state)
{
	(void)state;
	assert_int_equal(machine_pin(a, 0), -XEN_EINVAL);
	assert_int_equal(machine_pin(a, 2), -XEN_EINVAL);
	assert_int_equal(machine_pin(a, ~0ULL), 0);
}

static void a_pin_is_undone_to_what_was_before(void **state)
{
	(void)state;
	machine_cpus = 2;
	assert_int_equal(sched_pin_override(a, -1), -XEN_EINVAL);
	assert_int_equal(sched_pin_override(a, 2), -XEN_EINVAL);
	assert_int_equal(sched_pin_override(a, 1), 0);
	assert_int_equal(sched_pin_override(a, 0), -XEN_EBUSY);
	assert_int_equal(machine_pin(a, 1), -XEN_EBUSY);
	assert_true(a->sched.hard_affinity.word[0] == 2);
	assert_int_equal(sched_pin_override(a, -1), 0);
	assert_true(a->sched.hard_affinity.word[0] == ~0ULL);
}

static void many_random_events_lose_nobody(void **state)
{
	(void)state;
	machine_cpus = 2;
	srand(4);
	for (unsigned step = 0; step < 20000; step++) {
		struct vcpu *v = &machine_vcpu[rand() % DOMAINS][rand() % VCPUS];

		machine_on((unsigned)rand() % 2);
		switch (rand() % 7) {
		case 0:
			machine_up(v);
			break;
		case 1:
			vcpu_wake(v);
			break;
		case 2:
			v->pause_count++;
			vcpu_sleep(v);
			break;
		case 3:
			if (v->pause_count && !--v->pause_count)
				vcpu_recheck(v);
			break;
		case 4:
			if (machine_current())
				machine_block();
			break;
		case 5:
			if (machine_current())
				vcpu_yield();
			break;
		default:
			machine_pin(v, 1 + (uint64_t)rand() % 3);
		}
		machine_run((uint64_t)(rand() % 4) * 3 * MS);
		machine_check();
	}
}

#define T(f) cmocka_unit_test_setup(f, machine_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_to_run_is_idle),
		T(one_that_comes_up_runs_at_once),
		T(alone_there_is_no_end_of_slice),
		T(two_hogs_take_turns_of_a_slice),
		T(weights_divide_the_cpu),
		T(a_change_of_weight_counts_while_it_runs),
		T(a_sleeper_preempts_hogs_at_once),
		T(one_that_wakes_often_gets_no_more_than_its_share),
		T(the_rate_limit_delays_a_preemption),
		T(one_that_yields_lets_the_next_run),
		T(a_yield_alone_changes_nothing),
		T(a_yield_counts_once),
		T(block_with_an_event_pending_goes_on),
		T(a_wake_between_block_and_exit_is_not_lost),
		T(a_paused_vcpu_leaves_and_comes_back),
		T(an_event_does_not_run_a_paused_vcpu),
		T(the_end_of_a_pause_does_not_wake_a_blocked_one),
		T(a_vcpu_that_ends_is_in_no_queue),
		T(run_states_add_up_to_the_time),
		T(idle_time_is_the_rest),
		T(a_second_runnable_vcpu_goes_to_the_idle_cpu),
		T(affinity_keeps_a_vcpu_on_its_cpus),
		T(a_change_of_affinity_moves_who_runs),
		T(affinity_without_a_running_cpu_is_refused),
		T(a_pin_is_undone_to_what_was_before),
		T(many_random_events_lose_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
