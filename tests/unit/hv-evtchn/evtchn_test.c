// SPDX-License-Identifier: MIT
/* Event channels as domains use them, each refusal and each effect alone. */
#include "fakes/othercpu.h"
#include "world.h"

#define CURRENT(i) (&world_domain[i])

static void check(void)
{
	const char *wrong = world_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static int pair(unsigned a, unsigned b, int *pa)
{
	*pa = evtchn_alloc_unbound(CURRENT(a), (domid_t)b);
	return evtchn_bind_interdomain(CURRENT(b), CURRENT(a), (uint32_t)*pa);
}

static unsigned status_of(unsigned dom, int port)
{
	struct evtchn_status s = { .port = (evtchn_port_t)port };

	assert_int_equal(evtchn_status(CURRENT(dom), &s), 0);
	return s.status;
}

static void the_first_port_is_1(void **state)
{
	(void)state;
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), 1);
	check();
}

static void allocation_takes_the_lowest_free_port(void **state)
{
	(void)state;
	for (int i = 1; i <= 70; i++)
		assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), i);
	assert_int_equal(evtchn_close(CURRENT(1), 66), 0);
	assert_int_equal(evtchn_close(CURRENT(1), 3), 0);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), 0), 3);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), 0), 66);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), 0), 71);
	check();
}

static void all_4095_ports_can_be_used_and_no_more(void **state)
{
	(void)state;
	for (int i = 1; i < 4096; i++) {
		world_run(1);	/* each in a hypercall of its own */
		assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), i);
	}
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), -XEN_ENOSPC);
	check();
	assert_int_equal(evtchn_close(CURRENT(1), 4095), 0);
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), 4095);
	check();
}

static void a_limit_on_ports_is_kept(void **state)
{
	(void)state;
	evtchn_set_limit(CURRENT(1), 2);
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 0), 1);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 0), 2);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), 0), -XEN_ENOSPC);
	check();
}

static void allocation_without_memory_changes_nothing(void **state)
{
	(void)state;
	for (int i = 1; i < 64; i++)
		assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), i);
	world_no_memory = true;
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), -XEN_ENOMEM);
	check();
	world_no_memory = false;
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), 64);
}

static void bind_joins_both_ends_and_tells_the_binder(void **state)
{
	int pa, pb;

	(void)state;
	pb = pair(1, 2, &pa);
	assert_int_equal(pb, 1);
	assert_int_equal(status_of(1, pa), EVTCHNSTAT_interdomain);
	assert_int_equal(status_of(2, pb), EVTCHNSTAT_interdomain);
	assert_true(port_pending(2, (unsigned)pb));
	assert_false(port_pending(1, (unsigned)pa));
	assert_true(world_vcpu[2][0].info->evtchn_upcall_pending);
	check();
}

static void bind_refuses_a_port_reserved_for_another(void **state)
{
	(void)state;
	int port = evtchn_alloc_unbound(CURRENT(1), 2);

	assert_int_equal(evtchn_bind_interdomain(CURRENT(0), CURRENT(1), (uint32_t)port),
			 -XEN_EINVAL);
	assert_int_equal(status_of(1, port), EVTCHNSTAT_unbound);
	check();
}

static void bind_refuses_a_port_that_is_not_unbound(void **state)
{
	int pa;

	(void)state;
	pair(1, 2, &pa);
	int ipi = evtchn_bind_ipi(CURRENT(1), 0);

	const uint32_t bad[] = { (uint32_t)pa, (uint32_t)ipi, 0, 60, 4096, ~0U };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(evtchn_bind_interdomain(CURRENT(2), CURRENT(1), bad[i]),
				 -XEN_EINVAL);
	check();
}

static void a_domain_can_bind_to_itself(void **state)
{
	int pa;

	(void)state;
	int pb = pair(1, 1, &pa);

	assert_int_equal(pb, 2);
	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)pb), 0);
	assert_true(port_pending(1, (unsigned)pa));
	assert_int_equal(evtchn_close(CURRENT(1), (uint32_t)pa), 0);
	assert_int_equal(status_of(1, pb), EVTCHNSTAT_unbound);
	check();
}

static void closing_one_end_leaves_the_other_waiting_for_the_same_domain(void **state)
{
	int pa;
	struct evtchn_status s;

	(void)state;
	int pb = pair(1, 2, &pa);

	assert_int_equal(evtchn_close(CURRENT(2), (uint32_t)pb), 0);
	s = (struct evtchn_status){ .port = (evtchn_port_t)pa };
	assert_int_equal(evtchn_status(CURRENT(1), &s), 0);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 2);
	assert_int_equal(evtchn_bind_interdomain(CURRENT(0), CURRENT(1), (uint32_t)pa),
			 -XEN_EINVAL);
	assert_int_equal(evtchn_bind_interdomain(CURRENT(2), CURRENT(1), (uint32_t)pa), pb);
	check();
}

static void close_refuses_a_port_that_is_not_in_use(void **state)
{
	(void)state;
	assert_int_equal(evtchn_close(CURRENT(1), 0), -XEN_EINVAL);
	assert_int_equal(evtchn_close(CURRENT(1), 5), -XEN_EINVAL);
	assert_int_equal(evtchn_close(CURRENT(1), 4096), -XEN_EINVAL);
	assert_int_equal(evtchn_close(CURRENT(1), ~0U), -XEN_EINVAL);
}

static void close_clears_what_was_pending(void **state)
{
	(void)state;
	int port = evtchn_bind_ipi(CURRENT(1), 0);

	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)port), 0);
	assert_int_equal(evtchn_close(CURRENT(1), (uint32_t)port), 0);
	assert_false(port_pending(1, (unsigned)port));
	check();
}

static void send_sets_the_far_port_and_tells_its_vcpu(void **state)
{
	int pa;

	(void)state;
	int pb = pair(1, 2, &pa);

	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), (uint32_t)pa, 1), 0);
	world_vcpu[1][1].pause_flags = VPF_BLOCKED;
	assert_int_equal(evtchn_send(CURRENT(2), (uint32_t)pb), 0);
	assert_true(port_pending(1, (unsigned)pa));
	assert_int_equal(world_vcpu[1][1].info->evtchn_pending_sel, 1);
	assert_true(world_vcpu[1][1].info->evtchn_upcall_pending);
	assert_false(world_vcpu[1][0].info->evtchn_upcall_pending);
	assert_int_equal(world_wakes[1][1], 1);
	assert_int_equal(world_wakes[1][0], 0);
}

static void a_second_event_does_not_wake_again(void **state)
{
	int pa;

	(void)state;
	int pb = pair(1, 2, &pa);

	world_vcpu[1][0].pause_flags = VPF_BLOCKED;
	assert_int_equal(evtchn_send(CURRENT(2), (uint32_t)pb), 0);
	world_vcpu[1][0].pause_flags = VPF_BLOCKED;
	assert_int_equal(evtchn_send(CURRENT(2), (uint32_t)pb), 0);
	assert_int_equal(world_wakes[1][0], 1);
}

static void a_masked_port_becomes_pending_without_an_upcall(void **state)
{
	int pa;

	(void)state;
	int pb = pair(1, 2, &pa);

	CURRENT(1)->shared_info->evtchn_mask[0] = ~0UL;
	assert_int_equal(evtchn_send(CURRENT(2), (uint32_t)pb), 0);
	assert_true(port_pending(1, (unsigned)pa));
	assert_false(world_vcpu[1][0].info->evtchn_upcall_pending);

	assert_int_equal(evtchn_unmask(CURRENT(1), (uint32_t)pa), 0);
	assert_true(world_vcpu[1][0].info->evtchn_upcall_pending);
	assert_int_equal(CURRENT(1)->shared_info->evtchn_mask[0], ~0UL & ~(1UL << pa));
}

static void unmask_of_a_port_without_an_event_tells_nobody(void **state)
{
	(void)state;
	int port = evtchn_bind_ipi(CURRENT(1), 0);

	CURRENT(1)->shared_info->evtchn_mask[0] = ~0UL;
	assert_int_equal(evtchn_unmask(CURRENT(1), (uint32_t)port), 0);
	assert_false(world_vcpu[1][0].info->evtchn_upcall_pending);
	assert_int_equal(evtchn_unmask(CURRENT(1), 60), 0);
	assert_int_equal(evtchn_unmask(CURRENT(1), 64), -XEN_EINVAL);
	assert_int_equal(evtchn_unmask(CURRENT(1), 4096), -XEN_EINVAL);
}

static void sending_on_an_unbound_port_goes_nowhere(void **state)
{
	(void)state;
	int port = evtchn_alloc_unbound(CURRENT(1), 2);

	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)port), 0);
	assert_false(port_pending(1, (unsigned)port));
}

static void send_refuses_free_ports_and_virqs(void **state)
{
	(void)state;
	int port = evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 0);

	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)port), -XEN_EINVAL);
	assert_int_equal(evtchn_send(CURRENT(1), 0), -XEN_EINVAL);
	assert_int_equal(evtchn_send(CURRENT(1), 9), -XEN_EINVAL);
	assert_int_equal(evtchn_send(CURRENT(1), 100), -XEN_EINVAL);
	assert_int_equal(evtchn_send(CURRENT(1), ~0U), -XEN_EINVAL);
}

static void an_ipi_goes_to_the_vcpu_that_it_was_bound_to(void **state)
{
	(void)state;
	int port = evtchn_bind_ipi(CURRENT(1), 1);

	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)port), 0);
	assert_true(world_vcpu[1][1].info->evtchn_upcall_pending);
	assert_false(world_vcpu[1][0].info->evtchn_upcall_pending);
	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), (uint32_t)port, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), 2), -XEN_ENOENT);
	assert_int_equal(evtchn_bind_ipi(CURRENT(1), ~0U), -XEN_ENOENT);
}

static void a_virq_is_bound_once_for_each_vcpu(void **state)
{
	(void)state;
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 0), 1);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 0), -XEN_EEXIST);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 1), 2);
	evtchn_send_vcpu_virq(&world_vcpu[1][1], VIRQ_TIMER);
	assert_false(port_pending(1, 1));
	assert_true(port_pending(1, 2));
	check();
	assert_int_equal(evtchn_close(CURRENT(1), 2), 0);
	check();
	evtchn_send_vcpu_virq(&world_vcpu[1][1], VIRQ_TIMER);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 1), 2);
	check();
}

static void a_per_vcpu_virq_stays_with_its_vcpu(void **state)
{
	(void)state;
	int timer = evtchn_bind_virq(CURRENT(0), VIRQ_TIMER, 0);
	int exc = evtchn_bind_virq(CURRENT(0), VIRQ_DOM_EXC, 0);

	assert_int_equal(evtchn_bind_vcpu(CURRENT(0), (uint32_t)timer, 1), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_vcpu(CURRENT(0), (uint32_t)exc, 1), 0);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	assert_true(world_vcpu[0][1].info->evtchn_upcall_pending);
	assert_false(world_vcpu[0][0].info->evtchn_upcall_pending);
	check();
	assert_int_equal(evtchn_close(CURRENT(0), (uint32_t)exc), 0);
	check();
}

static void bind_virq_refuses_what_does_not_exist(void **state)
{
	(void)state;
	assert_int_equal(evtchn_bind_virq(CURRENT(1), 24, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), ~0U, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_DOM_EXC, 1), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_TIMER, 2), -XEN_ENOENT);
}

static void a_global_virq_goes_to_dom0_unless_another_asked_for_it(void **state)
{
	(void)state;
	evtchn_send_global_virq(VIRQ_DOM_EXC);	/* bound by nobody */
	assert_int_equal(evtchn_bind_virq(CURRENT(0), VIRQ_DOM_EXC, 0), 1);
	assert_int_equal(evtchn_bind_virq(CURRENT(1), VIRQ_DOM_EXC, 0), 1);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	assert_true(port_pending(0, 1));
	assert_false(port_pending(1, 1));
	assert_true(evtchn_is_virq_handler(CURRENT(0), VIRQ_DOM_EXC));
	assert_int_equal(evtchn_set_virq_handler(CURRENT(1), VIRQ_DOM_EXC), 0);
	assert_true(evtchn_is_virq_handler(CURRENT(1), VIRQ_DOM_EXC));
	assert_false(evtchn_is_virq_handler(CURRENT(0), VIRQ_DOM_EXC));
	assert_int_equal(evtchn_set_virq_handler(CURRENT(1), VIRQ_TIMER), -XEN_EINVAL);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	assert_true(port_pending(1, 1));
	assert_int_equal(world_references(), 1);
	evtchn_forget_virq_handler(CURRENT(1));
	assert_int_equal(world_references(), 0);
}

static void bind_vcpu_refuses_what_does_not_exist(void **state)
{
	(void)state;
	int port = evtchn_alloc_unbound(CURRENT(1), 2);

	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), (uint32_t)port, 2), -XEN_ENOENT);
	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), 60, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), 5000, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_vcpu(CURRENT(1), (uint32_t)port, 1), 0);
}

static void a_poller_wakes_for_its_port_even_when_masked(void **state)
{
	(void)state;
	int mine = evtchn_bind_ipi(CURRENT(1), 0), other = evtchn_bind_ipi(CURRENT(1), 0);

	CURRENT(1)->shared_info->evtchn_mask[0] = ~0UL;
	vcpu_poll_begin(&world_vcpu[1][1], (unsigned)mine);
	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)other), 0);
	assert_int_equal(world_wakes[1][1], 0);
	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)mine), 0);
	assert_int_equal(world_wakes[1][1], 1);
	assert_int_equal(CURRENT(1)->evtchn.pollers, 0);
	assert_true(evtchn_is_pending(CURRENT(1), (unsigned)mine));
	assert_false(evtchn_is_pending(CURRENT(1), 4096));
}

static void a_poller_for_several_ports_wakes_for_any(void **state)
{
	(void)state;
	int port = evtchn_bind_ipi(CURRENT(1), 0);

	vcpu_poll_begin(&world_vcpu[1][0], 0);
	vcpu_poll_begin(&world_vcpu[1][1], 0);
	assert_int_equal(evtchn_send(CURRENT(1), (uint32_t)port), 0);
	assert_int_equal(world_wakes[1][0] > 0, 1);
	assert_int_equal(world_wakes[1][1], 1);
	assert_int_equal(CURRENT(1)->evtchn.pollers, 0);
	vcpu_poll_end(&world_vcpu[1][0]);
	assert_int_equal(CURRENT(1)->evtchn.pollers, 0);
}

static void an_event_before_the_first_vcpu_is_kept(void **state)
{
	(void)state;
	int port = evtchn_alloc_unbound(CURRENT(1), 0);

	CURRENT(1)->vcpu[0] = NULL;
	int near = evtchn_bind_interdomain(CURRENT(0), CURRENT(1), (uint32_t)port);

	assert_int_equal(evtchn_send(CURRENT(0), (uint32_t)near), 0);
	assert_true(port_pending(1, (unsigned)port));
	CURRENT(1)->vcpu[0] = &world_vcpu[1][0];
}

static void a_dying_domain_leaves_its_peers_unbound(void **state)
{
	struct budget b = { HYPERCALL_BUDGET };
	int pa;

	(void)state;
	int pb = pair(1, 2, &pa);

	assert_int_equal(evtchn_domain_destroy(CURRENT(1), &b), 0);
	assert_int_equal(status_of(2, pb), EVTCHNSTAT_unbound);
	assert_int_equal(evtchn_send(CURRENT(2), (uint32_t)pb), 0);
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 0), -XEN_EINVAL);
	assert_int_equal(evtchn_bind_interdomain(CURRENT(2), CURRENT(1), (uint32_t)pa),
			 -XEN_EINVAL);
	check();
}

static void the_end_of_a_domain_is_preempted(void **state)
{
	unsigned steps = 1;
	int pa, rc = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(pair(1, 2, &pa) > 0);
	do {
		struct budget b = { 10 };

		check();
		rc = evtchn_domain_destroy(CURRENT(1), &b);
		/* No port is made in between, by nobody. */
		assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), -XEN_EINVAL);
	} while (rc == -XEN_ERESTART && ++steps);
	assert_int_equal(rc, 0);
	assert_int_equal(steps, 11);	/* and one for what the ports stood in */
	for (uint32_t port = 1; port <= 100; port++)
		assert_int_equal(status_of(2, (int)port), EVTCHNSTAT_unbound);
	assert_null(CURRENT(1)->evtchn.low.bucket[0]);
	check();
}

static void reset_closes_all_and_is_preempted(void **state)
{
	struct budget b = { 10 };
	int pa;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(pair(1, 2, &pa) > 0);
	unsigned steps = 1;

	while (evtchn_reset(CURRENT(1), &b) == -XEN_ERESTART) {
		check();
		b.left = 10;
		steps++;
	}
	assert_int_equal(steps, 10);
	assert_int_equal(evtchn_alloc_unbound(CURRENT(1), 2), 1);
	assert_int_equal(status_of(2, 100), EVTCHNSTAT_unbound);
	check();
}

static struct budget resetting = { 10 };

/* It ends domain 1 meanwhile, whose ports and groups are gone then. */
static void end_meanwhile(void)
{
	struct budget b = { HYPERCALL_BUDGET };

	assert_int_equal(resetting.left, 10);	/* nothing was looked at yet */
	spin_unlock(&CURRENT(1)->evtchn.lock);
	assert_int_equal(evtchn_domain_destroy(CURRENT(1), &b), 0);
}

static void a_reset_looks_at_no_port_without_the_lock(void **state)
{
	int pa;

	(void)state;
	assert_true(pair(1, 2, &pa) > 0);
	resetting.left = 10;
	spin_lock(&CURRENT(1)->evtchn.lock);
	other_cpu = end_meanwhile;
	assert_int_equal(evtchn_reset(CURRENT(1), &resetting), 0);
	assert_int_equal(resetting.left, 10);
	assert_null(other_cpu);
	check();
}

static void status_names_the_far_end(void **state)
{
	int pa;

	(void)state;
	int pb = pair(1, 2, &pa);
	struct evtchn_status s = { .port = (evtchn_port_t)pb };

	assert_int_equal(evtchn_status(CURRENT(2), &s), 0);
	assert_int_equal(s.u.interdomain.dom, 1);
	assert_int_equal(s.u.interdomain.port, pa);
	s.port = 60;
	assert_int_equal(evtchn_status(CURRENT(2), &s), 0);
	assert_int_equal(s.status, EVTCHNSTAT_closed);
	s.port = 64;
	assert_int_equal(evtchn_status(CURRENT(2), &s), -XEN_EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_port_is_1),
		T(allocation_takes_the_lowest_free_port),
		T(all_4095_ports_can_be_used_and_no_more),
		T(a_limit_on_ports_is_kept),
		T(allocation_without_memory_changes_nothing),
		T(bind_joins_both_ends_and_tells_the_binder),
		T(bind_refuses_a_port_reserved_for_another),
		T(bind_refuses_a_port_that_is_not_unbound),
		T(a_domain_can_bind_to_itself),
		T(closing_one_end_leaves_the_other_waiting_for_the_same_domain),
		T(close_refuses_a_port_that_is_not_in_use),
		T(close_clears_what_was_pending),
		T(send_sets_the_far_port_and_tells_its_vcpu),
		T(a_second_event_does_not_wake_again),
		T(a_masked_port_becomes_pending_without_an_upcall),
		T(unmask_of_a_port_without_an_event_tells_nobody),
		T(sending_on_an_unbound_port_goes_nowhere),
		T(send_refuses_free_ports_and_virqs),
		T(an_ipi_goes_to_the_vcpu_that_it_was_bound_to),
		T(a_virq_is_bound_once_for_each_vcpu),
		T(a_per_vcpu_virq_stays_with_its_vcpu),
		T(bind_virq_refuses_what_does_not_exist),
		T(a_global_virq_goes_to_dom0_unless_another_asked_for_it),
		T(bind_vcpu_refuses_what_does_not_exist),
		T(a_poller_wakes_for_its_port_even_when_masked),
		T(a_poller_for_several_ports_wakes_for_any),
		T(an_event_before_the_first_vcpu_is_kept),
		T(a_dying_domain_leaves_its_peers_unbound),
		T(the_end_of_a_domain_is_preempted),
		T(reset_closes_all_and_is_preempted),
		T(a_reset_looks_at_no_port_without_the_lock),
		T(status_names_the_far_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
