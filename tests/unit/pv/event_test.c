// SPDX-License-Identifier: MIT
/* Event channels over a shared_info page that the test writes as the hypervisor does. */
#include "kit.h"

#include <pvguest/event.h>

static unsigned int calls[64];
static evtchn_port_t last;

static int setup(void **state)
{
	for (int i = 0; i < 64; i++)
		calls[i] = 0;
	last = 0;
	return kit_setup(state);
}

static void count(evtchn_port_t port, void *ctx)
{
	calls[port]++;
	last = port;
	if (ctx)
		assert_int_equal(event_set_handler(port, NULL, NULL), 0);
}

static void without_an_event_nothing_runs(void **state)
{
	(void)state;
	event_set_handler(event_bind_ipi(0), count, NULL);
	assert_false(event_poll());
}

static void a_handler_runs_once_for_an_event(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	kit_raise(port);
	kit_raise(port);
	assert_true(event_poll());
	assert_false(event_poll());
	assert_int_equal(calls[port], 1);
	assert_false(pv_shared_info->evtchn_pending[0]);
}

static void ports_of_every_word_are_found(void **state)
{
	static const unsigned int ports[] = { 1, 63, 64, 1000, 4095 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(event_set_handler(ports[i], NULL, NULL), 0);
		pv_shared_info->evtchn_mask[ports[i] / 64] = 0;
	}
	event_set_handler(63, count, NULL);
	for (int i = 0; i < 5; i++)
		kit_raise(ports[i]);
	assert_true(event_poll());
	assert_int_equal(calls[63], 1);
	assert_true(event_test_and_clear(4095) && event_test_and_clear(64));
	assert_false(event_test_and_clear(63));
}

static void an_event_before_the_handler_is_not_lost(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	kit_raise(port);
	assert_false(event_poll());
	event_set_handler(port, count, NULL);
	assert_true(event_poll());
	assert_int_equal(calls[port], 1);
}

static void a_masked_port_waits_until_it_is_unmasked(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	event_mask(port);
	kit_raise(port);
	assert_false(event_poll());
	event_unmask(port);
	assert_true(event_poll());
	assert_int_equal(calls[port], 1);
}

static void a_handler_may_detach_itself(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, &calls);
	kit_raise(port);
	event_poll();
	kit_raise(port);
	assert_false(event_poll());
	assert_int_equal(calls[port], 1);
}

static void ports_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_int_equal(event_set_handler(0, count, NULL), -XEN_EINVAL);
	assert_int_equal(event_set_handler(4096, count, NULL), -XEN_EINVAL);
	assert_int_equal(event_close(4096), -XEN_EINVAL);
	event_mask(100000);
	event_unmask(100000);
	assert_false(event_test_and_clear(100000));
}

static void the_hypervisors_error_comes_through(void **state)
{
	(void)state;
	kit_evtchn_error = -XEN_EEXIST;
	assert_int_equal(event_bind_virq(3), -XEN_EEXIST);
	assert_int_equal(event_alloc_unbound(1), -XEN_EEXIST);
}

static void a_closed_ports_handler_does_not_run_for_its_successor(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	kit_raise(port);
	assert_int_equal(event_close(port), 0);
	assert_int_equal(event_bind_ipi(0), port);
	kit_raise(port);
	assert_false(event_poll());
	assert_int_equal(calls[port], 0);
}

static void blocking_leaves_events_masked(void **state)
{
	(void)state;
	pv_vcpu_info()->evtchn_upcall_mask = 0;
	kit_raise(1);
	event_block(0);
	assert_int_equal(pv_vcpu_info()->evtchn_upcall_mask, 1);
}

static void a_handler_runs_on_the_cpu_of_its_port(void **state)
{
	int mine = event_bind_ipi(0), others = event_bind_ipi(1);

	(void)state;
	event_set_handler(mine, count, NULL);
	event_set_handler(others, count, NULL);
	kit_raise(mine);
	kit_raise(others);
	assert_true(event_poll());
	assert_int_equal(calls[mine], 1);
	assert_int_equal(calls[others], 0);
	kit_cpu = 1;
	assert_true(event_poll());
	assert_false(event_poll());
	assert_int_equal(calls[mine], 1);
	assert_int_equal(calls[others], 1);
}

static void a_port_that_moves_takes_its_event_along(void **state)
{
	int port = event_alloc_unbound(1);

	(void)state;
	event_set_handler(port, count, NULL);
	kit_raise(port);
	assert_int_equal(event_bind_cpu(port, 2), 0);
	event_poll();
	assert_int_equal(calls[port], 0);
	kit_cpu = 2;
	assert_true(event_poll());
	assert_int_equal(calls[port], 1);
}

static void a_masked_port_moves_masked(void **state)
{
	int port = event_alloc_unbound(1);

	(void)state;
	event_set_handler(port, count, NULL);
	event_mask(port);
	kit_raise(port);
	assert_int_equal(event_bind_cpu(port, 1), 0);
	kit_cpu = 1;
	assert_false(event_poll());
	event_unmask(port);
	assert_true(event_poll());
}

static void a_port_is_not_bound_to_a_cpu_that_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(event_bind_cpu(0, 1), -XEN_EINVAL);
	assert_int_equal(event_bind_cpu(4096, 1), -XEN_EINVAL);
	assert_int_equal(event_bind_cpu(7, 1), -XEN_EINVAL);
	assert_int_equal(event_bind_cpu(1, PV_CPUS_MAX), -XEN_ENOENT);
	assert_int_equal(event_bind_ipi(PV_CPUS_MAX), -XEN_ENOENT);
	assert_int_equal(event_bind_virq_on(VIRQ_TIMER, PV_CPUS_MAX), -XEN_ENOENT);
}

static void a_hypervisor_without_queues_leaves_the_bitmap(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	assert_int_equal(event_use_fifo(), -XEN_ENOSYS);
	assert_int_equal(event_set_priority(port, 3), -XEN_ENOSYS);
	kit_raise(port);
	assert_true(event_poll());
	assert_int_equal(calls[port], 1);
	assert_int_equal(event_set_handler(4096, count, NULL), -XEN_EINVAL);
}

/* What is known of ports takes memory, which is CPU 0's. */
static void another_cpu_opens_ports_where_the_first_has_been(void **state)
{
	(void)state;
	kit_cpu = 1;
	assert_int_equal(event_bind_ipi(1), -XEN_ENOMEM);
	assert_int_equal(event_set_handler(1, count, NULL), -XEN_ENOMEM);
	assert_false(kit_open[1]);
	kit_cpu = 0;
	assert_int_equal(event_bind_ipi(0), 1);
	kit_cpu = 1;
	assert_int_equal(event_bind_ipi(1), 2);
	assert_int_equal(event_set_handler(200, NULL, NULL), 0);
	assert_int_equal(event_set_handler(300, NULL, NULL), -XEN_ENOMEM);
}

static void each_cpu_binds_its_own_timer(void **state)
{
	unsigned int ports = 0;

	(void)state;
	for (kit_cpu = 0; kit_cpu < 3; kit_cpu++) {
		event_block(1);
		event_block(1);
	}
	for (unsigned int i = 0; i < 64; i++)
		ports += kit_open[i];
	assert_int_equal(ports, 3);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_an_event_nothing_runs),
		TEST(a_handler_runs_once_for_an_event),
		TEST(ports_of_every_word_are_found),
		TEST(an_event_before_the_handler_is_not_lost),
		TEST(a_masked_port_waits_until_it_is_unmasked),
		TEST(a_handler_may_detach_itself),
		TEST(ports_out_of_range_are_refused),
		TEST(the_hypervisors_error_comes_through),
		TEST(a_closed_ports_handler_does_not_run_for_its_successor),
		TEST(blocking_leaves_events_masked),
		TEST(a_handler_runs_on_the_cpu_of_its_port),
		TEST(a_port_that_moves_takes_its_event_along),
		TEST(a_masked_port_moves_masked),
		TEST(a_port_is_not_bound_to_a_cpu_that_cannot_be),
		TEST(a_hypervisor_without_queues_leaves_the_bitmap),
		TEST(another_cpu_opens_ports_where_the_first_has_been),
		TEST(each_cpu_binds_its_own_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
