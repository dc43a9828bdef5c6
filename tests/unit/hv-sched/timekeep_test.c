// SPDX-License-Identifier: MIT
/* What guests see of time, and their timers. */
#include "machine.h"

static struct vcpu *const a = &machine_vcpu[0][0];
static struct vcpu *const b = &machine_vcpu[1][0];

static struct vcpu_runstate_info runstate_copy;
static vcpu_time_info_t time_copy;

static struct guest_area area_at(void *p)
{
	return (struct guest_area){ .frame[0] = (struct frame *)p, .at[0] = p, .head = 4096 };
}

static void the_time_info_is_the_machines_scale(void **state)
{
	const vcpu_time_info_t *t = &a->info->time;

	(void)state;
	time_update_vcpu(a);
	assert_int_equal(t->version & 1, 0);
	assert_int_equal(t->tsc_timestamp, 1000);
	assert_int_equal(t->system_time, 0);
	assert_int_equal(t->tsc_to_system_mul, 0x80000000);
	assert_int_equal(t->tsc_shift, 1);
	assert_int_equal(t->flags, XEN_PVCLOCK_TSC_STABLE_BIT);
}

static void the_version_moves_on_whatever_the_guest_wrote(void **state)
{
	(void)state;
	a->info->time.version = 7;
	time_update_vcpu(a);
	assert_int_equal(a->info->time.version, 8);
	time_update_vcpu(a);
	assert_int_equal(a->info->time.version, 10);
	a->info->time.version = UINT32_MAX;
	time_update_vcpu(a);
	assert_int_equal(a->info->time.version, 0);
}

static void the_registered_copy_is_equal(void **state)
{
	(void)state;
	a->time_area = area_at(&time_copy);
	time_update_vcpu(a);
	assert_memory_equal(&time_copy, &a->info->time, sizeof(time_copy));
}

static void the_first_arrival_writes_it_after_the_builder_cleared_the_page(void **state)
{
	(void)state;
	time_update_vcpu(a);
	memset(a->domain->shared_info, 0, sizeof(shared_info_t));
	machine_up(a);
	machine_exit();
	assert_int_equal(a->info->time.tsc_to_system_mul, 0x80000000);
	assert_true(a->domain->shared_info->wc_sec != 0);
}

static void the_wall_clock_starts_with_the_machines(void **state)
{
	const shared_info_t *s = machine_domain[0].shared_info;

	(void)state;
	time_update_wallclock(&machine_domain[0]);
	assert_int_equal(s->wc_sec, 1700000000);
	assert_int_equal(s->wc_nsec, 0);
	assert_int_equal(s->wc_version & 1, 0);
}

static void a_domains_offset_is_added(void **state)
{
	const shared_info_t *s = machine_domain[0].shared_info;

	(void)state;
	machine_domain[0].time_offset_s = (uint64_t)-3600;
	time_update_wallclock(&machine_domain[0]);
	assert_int_equal(s->wc_sec, 1700000000 - 3600);
	machine_domain[0].time_offset_s = 1ULL << 33;
	time_update_wallclock(&machine_domain[0]);
	assert_int_equal(s->wc_sec_hi, 2);
}

static void setting_the_clock_tells_every_domain(void **state)
{
	(void)state;
	assert_int_equal(time_set_wallclock(1800000000, 250, 2500000000ULL), 0);
	for (unsigned i = 0; i < DOMAINS; i++) {
		const shared_info_t *s = machine_domain[i].shared_info;

		assert_int_equal(s->wc_sec, 1800000000 - 3);
		assert_int_equal(s->wc_nsec, 500000250);
	}
	assert_int_equal(time_set_wallclock(1700000000, 0, 0), 0);
}

static void a_clock_before_1970_or_with_too_many_ns_is_refused(void **state)
{
	(void)state;
	assert_int_equal(time_set_wallclock(5, 0, 6000000000ULL), -XEN_EINVAL);
	assert_int_equal(time_set_wallclock(5, 1, 5000000002ULL), -XEN_EINVAL);
	assert_int_equal(time_set_wallclock(5000, 1000000000, 0), -XEN_EINVAL);
}

static void the_runstate_area_shows_running_on_arrival(void **state)
{
	(void)state;
	a->runstate_area = area_at(&runstate_copy);
	machine_now += 5 * MS;
	machine_up(a);
	machine_exit();
	assert_int_equal(runstate_copy.state, RUNSTATE_running);
	assert_true(runstate_copy.state_entry_time == machine_now);
	assert_true(runstate_copy.time[RUNSTATE_offline] == 5 * MS);
}

static void the_runstate_area_shows_why_it_left(void **state)
{
	(void)state;
	a->runstate_area = area_at(&runstate_copy);
	machine_up(a);
	machine_exit();
	machine_run(3 * MS);
	machine_block();
	assert_int_equal(runstate_copy.state, RUNSTATE_blocked);
	assert_true(runstate_copy.time[RUNSTATE_running] == 3 * MS);
}

static void the_update_flag_is_clear_when_the_copy_is_done(void **state)
{
	(void)state;
	a->runstate_area = area_at(&runstate_copy);
	a->domain->mm.vm_assist = 1U << VMASST_TYPE_runstate_update_flag;
	machine_up(a);
	machine_exit();
	assert_false(runstate_copy.state_entry_time & XEN_RUNSTATE_UPDATE);
	assert_true(runstate_copy.state_entry_time == machine_now);
}

static void a_singleshot_timer_wakes_its_vcpu(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	timer_set(&a->singleshot_timer, machine_now + 5 * MS);
	machine_block();
	machine_run(4 * MS);
	assert_null(machine_current());
	machine_run(1 * MS);
	assert_ptr_equal(machine_current(), a);
	assert_int_equal(machine_timer_virqs[0][0], 1);
}

static void a_periodic_timer_ticks_while_its_vcpu_runs(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	time_set_periodic(a, 10 * MS);
	machine_run(100 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 10);
}

static void a_periodic_timer_does_not_wake_its_vcpu(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	time_set_periodic(a, 10 * MS);
	machine_block();
	machine_run(95 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 0);
	vcpu_wake(a);
	machine_exit();
	assert_int_equal(machine_timer_virqs[0][0], 1);	/* one for all that were missed */
	machine_run(5 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 2);	/* and in step with the first */
}

static void a_stopped_periodic_timer_is_silent(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	time_set_periodic(a, 10 * MS);
	time_set_periodic(a, 0);
	machine_run(100 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 0);
}

static void a_poll_times_out(void **state)
{
	(void)state;
	machine_up(a);
	machine_up(b);
	machine_exit();
	assert_ptr_equal(machine_current(), a);
	a->pause_flags |= VPF_BLOCKED;
	a->polling = true;
	timer_set(&a->poll_timer, machine_now + 5 * MS);
	cpu_raise(&host_cpu, CPU_WORK_RESCHED);
	machine_exit();
	assert_ptr_equal(machine_current(), b);
	machine_run(5 * MS);
	assert_ptr_equal(machine_current(), a);
	assert_false(a->polling);
}

static void a_late_poll_timer_leaves_a_blocked_vcpu_alone(void **state)
{
	(void)state;
	machine_up(a);
	machine_exit();
	timer_set(&a->poll_timer, machine_now + 5 * MS);
	machine_block();
	machine_run(10 * MS);
	assert_null(machine_current());
}

static void a_destroyed_vcpu_has_no_timers_and_no_areas(void **state)
{
	(void)state;
	a->runstate_area = area_at(&runstate_copy);
	a->time_area = area_at(&time_copy);
	timer_set(&a->singleshot_timer, machine_now + MS);
	time_vcpu_destroy(a);
	machine_run(10 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 0);
	assert_false(guest_area_is_set(&a->runstate_area));
	assert_false(guest_area_is_set(&a->time_area));
}

#define T(f) cmocka_unit_test_setup(f, machine_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_time_info_is_the_machines_scale),
		T(the_version_moves_on_whatever_the_guest_wrote),
		T(the_registered_copy_is_equal),
		T(the_first_arrival_writes_it_after_the_builder_cleared_the_page),
		T(the_wall_clock_starts_with_the_machines),
		T(a_domains_offset_is_added),
		T(setting_the_clock_tells_every_domain),
		T(a_clock_before_1970_or_with_too_many_ns_is_refused),
		T(the_runstate_area_shows_running_on_arrival),
		T(the_runstate_area_shows_why_it_left),
		T(the_update_flag_is_clear_when_the_copy_is_done),
		T(a_singleshot_timer_wakes_its_vcpu),
		T(a_periodic_timer_ticks_while_its_vcpu_runs),
		T(a_periodic_timer_does_not_wake_its_vcpu),
		T(a_stopped_periodic_timer_is_silent),
		T(a_poll_times_out),
		T(a_late_poll_timer_leaves_a_blocked_vcpu_alone),
		T(a_destroyed_vcpu_has_no_timers_and_no_areas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
