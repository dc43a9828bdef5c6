// SPDX-License-Identifier: MIT
/*
 * Both sides in one process: the guest library's event channels on the hypervisor's own code.
 * Domain 1 is the library's; the test plays its peers, domains 0 and 2, by plain hypercalls.
 */
#include "../hv-evtchn/world.h"

#include <stdlib.h>

#include <hv/hypercall.h>

#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#define SELF 1

struct shared_info *pv_shared_info;
struct start_info *pv_start_info;
static unsigned int calls;
static evtchn_port_t last;

void hypercall_set_arg(unsigned int n, uint64_t value)
{
	(void)n;
	(void)value;
	fail_msg("nothing here is long enough to be continued");
}

long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5)
{
	assert_int_equal(nr, __HYPERVISOR_event_channel_op);
	return do_event_channel_op(a1, a2, a3, a4, a5);
}

struct pv_cpu *pv_this_cpu(void)
{
	static struct pv_cpu cpu = { .self = &cpu };

	return &cpu;
}

struct vcpu_info *pv_vcpu_info(void)
{
	return &pv_shared_info->vcpu_info[0];
}

bool pv_is_dom0(void)
{
	return false;
}

void pv_panic(const char *fmt, ...)
{
	print_error("%s\n", fmt);
	abort();
}

static int setup(void **state)
{
	world_start(state);
	pv_shared_info = world_domain[SELF].shared_info;
	world_run(SELF);
	event_init();
	calls = 0;
	last = 0;
	return 0;
}

static int teardown(void **state)
{
	assert_null(world_check());
	return world_end(state);
}

static void count(evtchn_port_t port, void *ctx)
{
	(void)ctx;
	calls++;
	last = port;
}

/* As another domain. */
static long peer(unsigned int dom, unsigned int cmd, void *arg)
{
	long rc;

	world_run(dom);
	rc = do_event_channel_op(cmd, (uint64_t)(uintptr_t)arg, 0, 0, 0);
	world_run(SELF);
	return rc;
}

static void a_peer_binds_what_we_offer_and_both_are_heard(void **state)
{
	int port = event_alloc_unbound(2);
	struct evtchn_bind_interdomain bind = { .remote_dom = SELF, .remote_port = port };
	struct evtchn_send send;

	(void)state;
	assert_true(port > 0);
	event_set_handler(port, count, NULL);
	assert_int_equal(peer(0, EVTCHNOP_bind_interdomain, &bind), -XEN_EINVAL);
	assert_int_equal(peer(2, EVTCHNOP_bind_interdomain, &bind), 0);
	event_poll();
	calls = 0;
	send.port = bind.local_port;
	assert_int_equal(peer(2, EVTCHNOP_send, &send), 0);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
	assert_int_equal(last, port);
	assert_int_equal(event_notify(port), 0);
	assert_true(port_pending(2, bind.local_port));
}

static void we_bind_what_a_peer_offers(void **state)
{
	struct evtchn_alloc_unbound offer = { .dom = DOMID_SELF, .remote_dom = SELF };
	struct evtchn_send send;
	int port;

	(void)state;
	assert_int_equal(peer(2, EVTCHNOP_alloc_unbound, &offer), 0);
	port = event_bind_interdomain(2, offer.port);
	assert_true(port > 0);
	event_set_handler(port, count, NULL);
	event_poll();
	calls = 0;
	send.port = offer.port;
	assert_int_equal(peer(2, EVTCHNOP_send, &send), 0);
	event_poll();
	assert_int_equal(calls, 1);
	assert_true(event_bind_interdomain(2, offer.port) < 0);
	assert_int_equal(event_bind_interdomain(77, 1), -XEN_ESRCH);
}

static void what_comes_while_masked_is_delivered_when_unmasked(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	event_mask(port);
	event_notify(port);
	event_notify(port);
	assert_false(event_poll());
	event_unmask(port);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
}

static void what_comes_before_the_handler_is_delivered(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_notify(port);
	event_poll();
	event_set_handler(port, count, NULL);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
}

static void a_closed_port_comes_back_clean(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	event_notify(port);
	assert_int_equal(event_close(port), 0);
	assert_true(event_notify(port) < 0);
	assert_int_equal(event_bind_ipi(0), port);
	event_set_handler(port, count, NULL);
	assert_false(event_poll());
}

static void a_virq_has_one_port(void **state)
{
	int port = event_bind_virq(VIRQ_DEBUG);

	(void)state;
	assert_true(port > 0);
	assert_int_equal(event_bind_virq(VIRQ_DEBUG), -XEN_EEXIST);
	assert_int_equal(event_bind_virq(1000), -XEN_EINVAL);
	assert_int_equal(event_close(port), 0);
	assert_int_equal(event_bind_virq(VIRQ_DEBUG), port);
}

static void ports_run_out_and_come_back(void **state)
{
	int port, n = 0;

	(void)state;
	while ((port = event_alloc_unbound(2)) > 0)
		n++;
	assert_int_equal(port, -XEN_ENOSPC);
	assert_true(n > 1000 && n < 4096);
	for (int i = 1; i <= n; i++)
		assert_int_equal(event_close(i), 0);
	assert_int_equal(event_alloc_unbound(2), 1);
}

static void the_domain_learns_its_number(void **state)
{
	(void)state;
	assert_int_equal(pv_domid(), SELF);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_binds_what_we_offer_and_both_are_heard),
		TEST(we_bind_what_a_peer_offers),
		TEST(what_comes_while_masked_is_delivered_when_unmasked),
		TEST(what_comes_before_the_handler_is_delivered),
		TEST(a_closed_port_comes_back_clean),
		TEST(a_virq_has_one_port),
		TEST(ports_run_out_and_come_back),
		TEST(the_domain_learns_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
