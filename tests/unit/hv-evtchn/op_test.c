// SPDX-License-Identifier: MIT
/* event_channel_op as a guest calls it: arguments, rights, errors. */
#include "world.h"

#include <string.h>

#include <hv/hypercall.h>

unsigned set_args;

void hypercall_set_arg(unsigned n, uint64_t value)
{
	(void)n;
	(void)value;
	set_args++;
}

static long op(unsigned cmd, void *arg)
{
	return do_event_channel_op(cmd, (uint64_t)(uintptr_t)arg, 0, 0, 0);
}

static long alloc(domid_t dom, domid_t remote, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	long rc = op(EVTCHNOP_alloc_unbound, &a);

	*port = a.port;
	return rc;
}

static void self_is_understood_on_both_sides(void **state)
{
	evtchn_port_t port;
	struct evtchn_status s = { .dom = DOMID_SELF };

	(void)state;
	world_run(1);
	assert_int_equal(alloc(DOMID_SELF, DOMID_SELF, &port), 0);
	s.port = port;
	assert_int_equal(op(EVTCHNOP_status, &s), 0);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 1);

	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = port };

	assert_int_equal(op(EVTCHNOP_bind_interdomain, &b), 0);
	assert_int_equal(b.local_port, 2);
}

static void only_control_allocates_for_another(void **state)
{
	evtchn_port_t port;

	(void)state;
	world_run(1);
	assert_int_equal(alloc(2, 1, &port), -XEN_EPERM);
	world_run(0);
	assert_int_equal(alloc(2, 1, &port), 0);
	assert_int_equal(alloc(77, 1, &port), -XEN_ESRCH);
	assert_null(world_check());
}

static void only_control_sees_the_status_of_another(void **state)
{
	struct evtchn_status s = { .dom = 2, .port = 1 };

	(void)state;
	world_run(1);
	assert_int_equal(op(EVTCHNOP_status, &s), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(EVTCHNOP_status, &s), 0);
	s.dom = 77;
	assert_int_equal(op(EVTCHNOP_status, &s), -XEN_ESRCH);
}

static void only_control_resets_another_and_only_while_it_is_held(void **state)
{
	struct evtchn_reset r = { .dom = 2 };
	evtchn_port_t port;

	(void)state;
	world_run(2);
	assert_int_equal(alloc(DOMID_SELF, 1, &port), 0);
	world_run(1);
	assert_int_equal(op(EVTCHNOP_reset, &r), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(EVTCHNOP_reset, &r), -XEN_EINVAL);
	world_domain[2].life.holds = 1;
	assert_int_equal(op(EVTCHNOP_reset, &r), 0);
	assert_int_equal(evtchn_close(&world_domain[2], port), -XEN_EINVAL);
}

static void binding_to_a_domain_that_is_not_there_is_refused(void **state)
{
	struct evtchn_bind_interdomain b = { .remote_dom = 77, .remote_port = 1 };

	(void)state;
	assert_int_equal(op(EVTCHNOP_bind_interdomain, &b), -XEN_ESRCH);
}

static void an_address_that_faults_is_refused_by_each_operation(void **state)
{
	(void)state;
	for (unsigned cmd = EVTCHNOP_bind_interdomain; cmd <= EVTCHNOP_reset; cmd++)
		assert_int_equal(op(cmd, NULL), -XEN_EFAULT);
	assert_null(world_check());
}

static void the_fifo_abi_is_asked_for_by_its_operations(void **state)
{
	struct evtchn_init_control init = { .control_gfn = world_gfn(1, 0), .vcpu = 1 };
	struct evtchn_expand_array expand = { world_gfn(1, 1) };
	struct evtchn_set_priority p = { .port = 1, .priority = 3 };
	evtchn_port_t port;

	(void)state;
	world_run(1);
	assert_int_equal(op(EVTCHNOP_init_control, NULL), -XEN_EFAULT);
	assert_int_equal(op(EVTCHNOP_expand_array, NULL), -XEN_EFAULT);
	assert_int_equal(op(EVTCHNOP_set_priority, NULL), -XEN_EFAULT);
	assert_int_equal(op(EVTCHNOP_expand_array, &expand), -XEN_EOPNOTSUPP);
	assert_int_equal(op(EVTCHNOP_set_priority, &p), -XEN_ENOSYS);
	assert_int_equal(op(EVTCHNOP_init_control, &init), 0);
	assert_int_equal(init.link_bits, EVTCHN_FIFO_LINK_BITS);
	assert_int_equal(op(EVTCHNOP_expand_array, &expand), 0);
	assert_int_equal(op(EVTCHNOP_set_priority, &p), -XEN_EACCES);
	assert_int_equal(alloc(DOMID_SELF, 0, &port), 0);
	assert_int_equal(op(EVTCHNOP_set_priority, &p), 0);
	p.port = 5000;
	assert_int_equal(op(EVTCHNOP_set_priority, &p), -XEN_EINVAL);
	assert_int_equal(op(14, NULL), -XEN_ENOSYS);
	assert_int_equal(op(~0U, NULL), -XEN_ENOSYS);
}

static void hardware_interrupts_are_not_there(void **state)
{
	struct evtchn_bind_pirq b = { .pirq = 4 }, none = { .pirq = 1000 };

	(void)state;
	assert_int_equal(op(EVTCHNOP_bind_pirq, &b), -XEN_EPERM);
	assert_int_equal(op(EVTCHNOP_bind_pirq, &none), -XEN_EINVAL);
}

static void a_port_of_each_kind_is_bound_used_and_closed(void **state)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 1 };
	struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER };

	(void)state;
	world_run(1);
	assert_int_equal(op(EVTCHNOP_bind_ipi, &ipi), 0);
	assert_int_equal(op(EVTCHNOP_bind_virq, &virq), 0);

	struct evtchn_send send = { .port = ipi.port };
	struct evtchn_unmask unmask = { .port = ipi.port };
	struct evtchn_bind_vcpu bind = { .port = virq.port, .vcpu = 1 };
	struct evtchn_close close = { .port = ipi.port };

	assert_int_equal(op(EVTCHNOP_send, &send), 0);
	assert_true(port_pending(1, ipi.port));
	assert_int_equal(op(EVTCHNOP_unmask, &unmask), 0);
	assert_int_equal(op(EVTCHNOP_bind_vcpu, &bind), -XEN_EINVAL);
	assert_int_equal(op(EVTCHNOP_close, &close), 0);
	assert_int_equal(op(EVTCHNOP_close, &close), -XEN_EINVAL);
	assert_null(world_check());
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(self_is_understood_on_both_sides),
		T(only_control_allocates_for_another),
		T(only_control_sees_the_status_of_another),
		T(only_control_resets_another_and_only_while_it_is_held),
		T(binding_to_a_domain_that_is_not_there_is_refused),
		T(an_address_that_faults_is_refused_by_each_operation),
		T(the_fifo_abi_is_asked_for_by_its_operations),
		T(hardware_interrupts_are_not_there),
		T(a_port_of_each_kind_is_bound_used_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
