// SPDX-License-Identifier: MIT
/* sched_op, vcpu_op and set_timer_op: what they refuse, and what they do. */
#include "world.h"

#include <xen/sched.h>
#include <xen/vcpu.h>

static struct vcpu *const self = &machine_vcpu[0][0];
static struct vcpu *const sibling = &machine_vcpu[0][1];

static long sched(uint32_t cmd, const void *arg)
{
	return do_sched_op(cmd, (uintptr_t)arg, 0, 0, 0);
}

static long vcpu(uint32_t cmd, uint32_t id, const void *arg)
{
	return do_vcpu_op(cmd, id, (uintptr_t)arg, 0, 0);
}

/* ---- sched_op ------------------------------------------------------------------------- */

static void block_waits_and_an_event_ends_it(void **state)
{
	(void)state;
	self->info->evtchn_upcall_mask = 1;
	assert_int_equal(sched(SCHEDOP_block, NULL), 0);
	assert_int_equal(self->info->evtchn_upcall_mask, 0);
	machine_exit();
	assert_null(machine_current());
	vcpu_wake(self);
	machine_exit();
	assert_ptr_equal(machine_current(), self);
}

static void shutdown_takes_eight_bits_of_the_reason(void **state)
{
	struct sched_shutdown s = { .reason = 0x103 };

	(void)state;
	assert_int_equal(sched(SCHEDOP_shutdown, &s), 0);
	assert_int_equal(machine_shutdowns[0], 1);
	assert_int_equal(machine_shutdown_code, 3);
	assert_int_equal(sched(SCHEDOP_shutdown, NULL), -XEN_EFAULT);
}

static void a_shutdown_code_is_latched_for_later(void **state)
{
	struct sched_shutdown s = { .reason = SHUTDOWN_reboot };

	(void)state;
	assert_int_equal(sched(SCHEDOP_shutdown_code, &s), 0);
	assert_int_equal(machine_domain[0].life.code, SHUTDOWN_reboot);
	assert_int_equal(machine_domain[0].life.state, LIFE_ALIVE);
	assert_int_equal(machine_shutdowns[0], 0);
}

static void poll_finds_a_pending_port_without_waiting(void **state)
{
	evtchn_port_t ports[2] = { 5, 6 };
	struct sched_poll p = { .nr_ports = 2 };

	(void)state;
	set_xen_guest_handle(p.ports, ports);
	self->domain->shared_info->evtchn_pending[0] = 1UL << 6;
	assert_int_equal(sched(SCHEDOP_poll, &p), 0);
	machine_exit();
	assert_ptr_equal(machine_current(), self);
	assert_false(self->polling);
	assert_int_equal(self->pause_flags, 0);
}

static void poll_waits_for_its_port(void **state)
{
	evtchn_port_t port = 5;
	struct sched_poll p = { .nr_ports = 1 };

	(void)state;
	set_xen_guest_handle(p.ports, &port);
	assert_int_equal(sched(SCHEDOP_poll, &p), 0);
	machine_exit();
	assert_null(machine_current());
	assert_true(self->polling);
	assert_int_equal(self->poll_port, 5);
	machine_run(10000 * MS);
	assert_null(machine_current());
	vcpu_wake(self);
	machine_exit();
	assert_ptr_equal(machine_current(), self);
	assert_false(self->polling);
}

static void poll_ends_at_its_time(void **state)
{
	struct sched_poll p = { .timeout = machine_now + 7 * MS };

	(void)state;
	assert_int_equal(sched(SCHEDOP_poll, &p), 0);
	machine_exit();
	assert_null(machine_current());
	machine_run(7 * MS);
	assert_ptr_equal(machine_current(), self);
}

static void poll_returns_when_an_upcall_is_due(void **state)
{
	struct sched_poll p = { 0 };

	(void)state;
	self->info->evtchn_upcall_mask = 0;
	self->info->evtchn_upcall_pending = 1;
	assert_int_equal(sched(SCHEDOP_poll, &p), 0);
	machine_exit();
	assert_ptr_equal(machine_current(), self);
}

static void poll_refuses_bad_ports_and_too_many(void **state)
{
	evtchn_port_t ports[2] = { 5, 5000 };
	struct sched_poll p = { .nr_ports = 2 };

	(void)state;
	set_xen_guest_handle(p.ports, ports);
	assert_int_equal(sched(SCHEDOP_poll, &p), -XEN_EINVAL);
	p.nr_ports = 129;
	assert_int_equal(sched(SCHEDOP_poll, &p), -XEN_EINVAL);
	p.nr_ports = 2;
	set_xen_guest_handle(p.ports, (void *)BAD_POINTER);
	assert_int_equal(sched(SCHEDOP_poll, &p), -XEN_EFAULT);
	p.nr_ports = 1;
	assert_int_equal(sched(SCHEDOP_poll, &p), -XEN_EFAULT);
	assert_int_equal(sched(SCHEDOP_poll, NULL), -XEN_EFAULT);
	assert_int_equal(self->pause_flags, 0);
	assert_false(self->polling);
}

static void only_dom0_shuts_others_down(void **state)
{
	struct sched_remote_shutdown s = { .domain_id = 2, .reason = SHUTDOWN_crash };

	(void)state;
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &s), 0);
	assert_int_equal(machine_shutdowns[2], 1);
	s.domain_id = 99;
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &s), -XEN_ESRCH);
	world_caller(1);
	s.domain_id = 2;
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &s), -XEN_EPERM);
	assert_int_equal(machine_shutdowns[2], 1);
}

static void watchdogs_are_the_callers(void **state)
{
	struct sched_watchdog w = { .id = 0, .timeout = 10 };

	(void)state;
	assert_int_equal(sched(SCHEDOP_watchdog, &w), 1);
	w.id = 3;
	assert_int_equal(sched(SCHEDOP_watchdog, &w), -XEN_EINVAL);
	machine_run(11000 * MS);
	assert_int_equal(machine_shutdowns[0], 1);
}

static void only_dom0_pins_itself(void **state)
{
	struct sched_pin_override p = { .pcpu = 0 };

	(void)state;
	assert_int_equal(sched(SCHEDOP_pin_override, &p), 0);
	p.pcpu = 1;
	assert_int_equal(sched(SCHEDOP_pin_override, &p), -XEN_EINVAL);
	p.pcpu = -1;
	assert_int_equal(sched(SCHEDOP_pin_override, &p), 0);
	world_caller(1);
	assert_int_equal(sched(SCHEDOP_pin_override, &p), -XEN_EPERM);
}

static void unknown_sched_ops_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(sched(8, NULL), -XEN_ENOSYS);
	assert_int_equal(sched(UINT32_MAX, NULL), -XEN_ENOSYS);
	assert_int_equal(do_sched_op_compat(SCHEDOP_poll, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void the_old_form_takes_a_number(void **state)
{
	(void)state;
	assert_int_equal(do_sched_op_compat(SCHEDOP_shutdown, SHUTDOWN_reboot, 0, 0, 0), 0);
	assert_int_equal(machine_shutdown_code, SHUTDOWN_reboot);
	assert_int_equal(do_sched_op_compat(SCHEDOP_yield, 0, 0, 0, 0), 0);
	assert_int_equal(do_sched_op_compat(SCHEDOP_block, 0, 0, 0, 0), 0);
	machine_exit();
	assert_null(machine_current());
}

/* ---- vcpu_op -------------------------------------------------------------------------- */

static void a_vcpu_that_is_not_there_is_no_entry(void **state)
{
	(void)state;
	assert_int_equal(vcpu(VCPUOP_is_up, VCPUS, NULL), -XEN_ENOENT);
	assert_int_equal(vcpu(VCPUOP_is_up, UINT32_MAX, NULL), -XEN_ENOENT);
	assert_int_equal(vcpu(99, 0, NULL), -XEN_ENOSYS);
}

static void the_last_vcpu_down_is_a_power_off(void **state)
{
	(void)state;
	sibling->pause_flags |= VPF_DOWN;
	assert_int_equal(vcpu(VCPUOP_down, 0, NULL), 0);
	assert_int_equal(machine_shutdowns[0], 1);
	assert_int_equal(machine_shutdown_code, SHUTDOWN_poweroff);
}

static void a_vcpu_goes_up_and_down(void **state)
{
	(void)state;
	assert_int_equal(vcpu(VCPUOP_is_up, 0, NULL), 1);
	assert_int_equal(vcpu(VCPUOP_is_up, 1, NULL), 0);
	assert_int_equal(vcpu(VCPUOP_up, 1, NULL), 0);
	assert_int_equal(vcpu(VCPUOP_is_up, 1, NULL), 1);
	machine_run(100 * MS);
	assert_true(vcpu_cpu_time(sibling) > 0);
	assert_int_equal(vcpu(VCPUOP_down, 1, NULL), 0);
	assert_int_equal(vcpu(VCPUOP_down, 1, NULL), 0);
	assert_int_equal(vcpu(VCPUOP_is_up, 1, NULL), 0);
	machine_exit();
	assert_false(runq_is_queued(&sibling->sched.entity));
}

static void a_vcpu_needs_a_context_before_it_goes_up(void **state)
{
	static struct vcpu_guest_context c;

	(void)state;
	sibling->initialised = false;
	assert_int_equal(vcpu(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	assert_int_equal(vcpu(VCPUOP_initialise, 1, (void *)BAD_POINTER), -XEN_EFAULT);
	assert_int_equal(vcpu(VCPUOP_initialise, 1, &c), 0);
	assert_int_equal(vcpu(VCPUOP_initialise, 1, &c), -XEN_EEXIST);
	assert_int_equal(vcpu(VCPUOP_up, 1, NULL), 0);
}

static void initialise_goes_on_when_it_was_preempted(void **state)
{
	static struct vcpu_guest_context c;

	(void)state;
	sibling->initialised = false;
	world_context_result = -XEN_ERESTART;
	assert_int_equal(vcpu(VCPUOP_initialise, 1, &c), -XEN_ERESTART);
	world_context_result = 0;
	assert_int_equal(vcpu(VCPUOP_initialise, 1, &c), 0);
}

static void run_states_are_told_and_registered(void **state)
{
	struct vcpu_runstate_info r = { 0 }, area = { .state = 99 };
	struct vcpu_register_runstate_memory_area a = { 0 };

	(void)state;
	machine_run(3 * MS);
	assert_int_equal(vcpu(VCPUOP_get_runstate_info, 0, &r), 0);
	assert_int_equal(r.state, RUNSTATE_running);
	assert_true(r.time[RUNSTATE_running] == 3 * MS);
	a.addr.v = &area;
	assert_int_equal(vcpu(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	assert_int_equal(area.state, RUNSTATE_running);
	a.addr.p = BAD_POINTER;
	assert_int_equal(vcpu(VCPUOP_register_runstate_memory_area, 0, &a), -XEN_EFAULT);
	a.addr.p = 0;
	assert_int_equal(vcpu(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	assert_false(guest_area_is_set(&self->runstate_area));
}

static void the_time_is_told_where_it_was_asked_for(void **state)
{
	vcpu_time_info_t t = { 0 };
	struct vcpu_register_time_memory_area a = { .addr = { .v = &t } };

	(void)state;
	assert_int_equal(vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &a), 0);
	assert_memory_equal(&t, &self->info->time, sizeof(t));
	a.addr.p = 0;
	assert_int_equal(vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &a), 0);
}

static void periods_are_a_millisecond_at_least(void **state)
{
	struct vcpu_set_periodic_timer t = { .period_ns = MS - 1 };

	(void)state;
	assert_int_equal(vcpu(VCPUOP_set_periodic_timer, 0, &t), -XEN_EINVAL);
	t.period_ns = 1ULL << 62;
	assert_int_equal(vcpu(VCPUOP_set_periodic_timer, 0, &t), -XEN_EINVAL);
	t.period_ns = MS;
	assert_int_equal(vcpu(VCPUOP_set_periodic_timer, 0, &t), 0);
	machine_run(10 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 10);
	assert_int_equal(vcpu(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	machine_run(10 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 10);
	assert_int_equal(vcpu(VCPUOP_set_periodic_timer, 0, NULL), -XEN_EFAULT);
}

static void a_singleshot_timer_is_set_by_its_own_vcpu(void **state)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = machine_now + MS };

	(void)state;
	assert_int_equal(vcpu(VCPUOP_set_singleshot_timer, 1, &t), -XEN_EINVAL);
	assert_int_equal(vcpu(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
	assert_int_equal(vcpu(VCPUOP_set_singleshot_timer, 0, &t), 0);
	machine_run(MS);
	assert_int_equal(machine_timer_virqs[0][0], 1);
	t.timeout_abs_ns = machine_now + MS;
	t.flags = VCPU_SSHOTTMR_future;
	assert_int_equal(vcpu(VCPUOP_set_singleshot_timer, 0, &t), 0);
	assert_int_equal(vcpu(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	machine_run(10 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 1);
}

static void nmis_and_vcpu_info_go_to_their_owners(void **state)
{
	struct vcpu_register_vcpu_info r = { .mfn = 7 };

	(void)state;
	assert_int_equal(vcpu(VCPUOP_send_nmi, 1, NULL), 0);
	assert_int_equal(world_nmis, 1);
	assert_int_equal(vcpu(VCPUOP_register_vcpu_info, 0, &r), 0);
	r.mfn = 8;
	assert_int_equal(vcpu(VCPUOP_register_vcpu_info, 0, &r), -XEN_EINVAL);
}

static void the_physical_id_is_told_to_a_pinned_vcpu_of_dom0(void **state)
{
	struct vcpu_get_physid p = { .phys_id = 99 };

	(void)state;
	machine_cpus = 2;
	assert_int_equal(vcpu(VCPUOP_get_physid, 0, &p), -XEN_EINVAL);
	assert_int_equal(machine_pin(self, 1), 0);
	assert_int_equal(vcpu(VCPUOP_get_physid, 0, &p), 0);
	assert_int_equal(p.phys_id, 0);
	machine_cpus = 1;
	world_caller(1);
	assert_int_equal(machine_pin(&machine_vcpu[1][0], 1), 0);
	assert_int_equal(vcpu(VCPUOP_get_physid, 0, &p), -XEN_EINVAL);
}

/* ---- set_timer_op --------------------------------------------------------------------- */

static void set_timer_op_sets_and_stops(void **state)
{
	(void)state;
	assert_int_equal(do_set_timer_op(machine_now + 2 * MS, 0, 0, 0, 0), 0);
	machine_run(2 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 1);
	assert_int_equal(do_set_timer_op(machine_now + 2 * MS, 0, 0, 0, 0), 0);
	assert_int_equal(do_set_timer_op(0, 0, 0, 0, 0), 0);
	machine_run(10 * MS);
	assert_int_equal(machine_timer_virqs[0][0], 1);
}

static void set_timer_op_brings_wrapped_times_to_100_ms(void **state)
{
	static const uint64_t far[] = { 1ULL << 63, UINT64_MAX, (1ULL << 51) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(far); i++) {
		assert_int_equal(do_set_timer_op(far[i], 0, 0, 0, 0), 0);
		machine_run(99 * MS);
		assert_int_equal(machine_timer_virqs[0][0], i);
		machine_run(1 * MS);
		assert_int_equal(machine_timer_virqs[0][0], i + 1);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(block_waits_and_an_event_ends_it),
		T(shutdown_takes_eight_bits_of_the_reason),
		T(a_shutdown_code_is_latched_for_later),
		T(poll_finds_a_pending_port_without_waiting),
		T(poll_waits_for_its_port),
		T(poll_ends_at_its_time),
		T(poll_returns_when_an_upcall_is_due),
		T(poll_refuses_bad_ports_and_too_many),
		T(only_dom0_shuts_others_down),
		T(watchdogs_are_the_callers),
		T(only_dom0_pins_itself),
		T(unknown_sched_ops_are_not_there),
		T(the_old_form_takes_a_number),
		T(a_vcpu_that_is_not_there_is_no_entry),
		T(a_vcpu_goes_up_and_down),
		T(the_last_vcpu_down_is_a_power_off),
		T(a_vcpu_needs_a_context_before_it_goes_up),
		T(initialise_goes_on_when_it_was_preempted),
		T(run_states_are_told_and_registered),
		T(the_time_is_told_where_it_was_asked_for),
		T(periods_are_a_millisecond_at_least),
		T(a_singleshot_timer_is_set_by_its_own_vcpu),
		T(nmis_and_vcpu_info_go_to_their_owners),
		T(the_physical_id_is_told_to_a_pinned_vcpu_of_dom0),
		T(set_timer_op_sets_and_stops),
		T(set_timer_op_brings_wrapped_times_to_100_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
