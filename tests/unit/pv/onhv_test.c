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
#include <pvguest/memory.h>
#include <pvguest/start.h>

#define SELF 1

struct shared_info *pv_shared_info;
struct start_info *pv_start_info;
static unsigned int calls;
static evtchn_port_t last;
static evtchn_port_t heard[64];		/* in their order */
static unsigned int pages;		/* of the domain's, in use */
static unsigned int cpu_now;
static struct pv_cpu spare = { .self = &spare };
static bool no_pages, in_domain;

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
	current_budget()->left = HYPERCALL_BUDGET;
	return do_event_channel_op(a1, a2, a3, a4, a5);
}

/* The CPUs' pages are the domain's first two. */
struct pv_cpu *pv_this_cpu(void)
{
	return in_domain ? world_page(SELF, cpu_now) : &spare;
}

struct vcpu_info *pv_vcpu_info(void)
{
	return &pv_shared_info->vcpu_info[cpu_now];
}

#define PAGES (FRAMES / DOMAINS)

/* The pages of words are held until the domain ends, so the library never gives one back that it had. */
void *page_alloc_zero(unsigned int order)
{
	assert_int_equal(order, 0);
	return no_pages || pages == PAGES ? NULL : world_page(SELF, pages++);
}

void page_free(void *page, unsigned int order)
{
	(void)order;
	/* Those of an earlier test are another world's. */
	if (pages && page == world_page(SELF, pages - 1))
		pages--;
}

unsigned long virt_to_mfn(const void *va)
{
	return world_gfn(SELF, 0) +
	       (unsigned long)((const char *)va - (const char *)world_page(SELF, 0)) / PAGE_SIZE;
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
	in_domain = true;
	cpu_now = 0;
	no_pages = false;
	pages = VCPUS;
	for (unsigned int i = 0; i < VCPUS; i++)
		*(struct pv_cpu *)world_page(SELF, i) = (struct pv_cpu){ .id = i };
	calls = 0;
	last = 0;
	return 0;
}

/* With the queues, and a handful of ports that were there before. */
static int setup_fifo(void **state)
{
	setup(state);
	assert_int_equal(event_use_fifo(), 0);
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
	if (calls < 64)
		heard[calls] = port;
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
	/* What stands in a queue is taken out first. */
	assert_false(event_poll());
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
	assert_int_equal(port, -XEN_ENOMEM);
	assert_true(n > 1000);
	assert_int_equal(event_alloc_unbound(2), -XEN_ENOMEM);
	for (int i = 1; i <= n; i++)
		assert_int_equal(event_close(i), 0);
	assert_int_equal(event_alloc_unbound(2), 1);
}

static void the_domain_learns_its_number(void **state)
{
	(void)state;
	assert_int_equal(pv_domid(), SELF);
}

/* ---- what only the queues do ---------------------------------------------------- */

static void what_was_open_pending_and_masked_stays_so(void **state)
{
	int open = event_bind_ipi(0), pending = event_bind_ipi(0), masked = event_bind_ipi(0);

	(void)state;
	event_set_handler(open, count, NULL);
	event_set_handler(pending, count, NULL);
	event_set_handler(masked, count, NULL);
	event_mask(masked);
	event_notify(pending);
	event_notify(masked);
	assert_int_equal(event_use_fifo(), 0);
	assert_int_equal(event_use_fifo(), 0);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
	assert_int_equal(last, pending);
	event_notify(open);
	assert_true(event_poll());
	assert_int_equal(last, open);
	event_unmask(masked);
	assert_true(event_poll());
	assert_int_equal(last, masked);
	assert_int_equal(calls, 3);
}

static void without_memory_the_bitmap_stays(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_set_handler(port, count, NULL);
	no_pages = true;
	assert_int_equal(event_use_fifo(), -XEN_ENOMEM);
	no_pages = false;
	world_no_memory = true;
	assert_int_equal(event_use_fifo(), -XEN_ENOMEM);
	world_no_memory = false;
	assert_null(world_domain[SELF].evtchn.fifo);
	event_notify(port);
	assert_true(event_poll());
	assert_int_equal(event_set_priority(port, 1), -XEN_ENOSYS);
}

static void once_another_cpu_runs_it_is_too_late(void **state)
{
	(void)state;
	assert_int_equal(event_cpu_init(world_page(SELF, 1)), 0);
	assert_int_equal(event_use_fifo(), -XEN_EBUSY);
}

static void there_are_more_ports_than_the_bitmap_has(void **state)
{
	int port = 0;

	(void)state;
	/* What is known of 4,200 ports is more than the domain has pages: these are nobody's. */
	for (int i = 1; i < 4100; i++) {
		struct evtchn_alloc_unbound op = { .dom = SELF, .remote_dom = 2 };

		assert_int_equal(pv_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
					      (uint64_t)(uintptr_t)&op, 0, 0, 0), 0);
	}
	port = event_bind_ipi(0);
	assert_int_equal(port, 4100);
	event_set_handler(port, count, NULL);
	event_notify(port);
	assert_true(event_poll());
	assert_int_equal(last, 4100);
}

static void events_come_in_their_order_and_the_urgent_first(void **state)
{
	int port[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		port[i] = event_bind_ipi(0);
		event_set_handler(port[i], count, NULL);
	}
	assert_int_equal(event_set_priority(port[0], 1), 0);
	assert_int_equal(event_set_priority(port[0], 16), -XEN_EINVAL);
	event_notify(port[3]);
	event_notify(port[1]);
	event_notify(port[2]);
	event_notify(port[0]);
	event_notify(port[3]);
	assert_true(event_poll());
	assert_int_equal(calls, 4);
	assert_int_equal(heard[0], port[0]);
	assert_int_equal(heard[1], port[3]);
	assert_int_equal(heard[2], port[1]);
	assert_int_equal(heard[3], port[2]);
	assert_false(event_poll());
}

static void notify_again(evtchn_port_t port, void *ctx)
{
	count(port, ctx);
	event_notify(port);
}

static void a_flood_ends_each_poll(void **state)
{
	int flood = event_bind_ipi(0), other = event_bind_ipi(0);

	(void)state;
	event_set_handler(flood, notify_again, NULL);
	event_set_handler(other, count, NULL);
	event_notify(flood);
	event_notify(other);
	assert_true(event_poll());
	assert_true(calls > 2 && calls < 1000);
	assert_int_equal(heard[1], other);
	calls = 0;
	/* The others' turn comes, and the flood goes on. */
	event_notify(other);
	assert_true(event_poll());
	assert_int_equal(heard[1], other);
}

static void a_port_without_a_handler_waits_outside_of_the_queue(void **state)
{
	int port = event_bind_ipi(0);

	(void)state;
	event_notify(port);
	assert_false(event_poll());
	event_notify(port);
	assert_false(event_poll());
	assert_true(event_test_and_clear(port));
	assert_false(event_test_and_clear(port));
	event_notify(port);
	event_set_handler(port, count, NULL);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
}

static void run_on(unsigned int cpu)
{
	cpu_now = cpu;
	host_cpu.current = &world_vcpu[SELF][cpu];
}

static void an_event_in_the_queue_of_a_cpu_follows_its_port(void **state)
{
	int port = event_alloc_unbound(SELF), end = event_bind_interdomain(SELF, port);

	(void)state;
	assert_int_equal(event_cpu_init(world_page(SELF, 1)), 0);
	event_set_handler(port, count, NULL);
	event_poll();
	calls = 0;
	event_notify(end);
	assert_int_equal(event_bind_cpu(port, 1), 0);
	event_poll();
	assert_int_equal(calls, 0);
	run_on(1);
	assert_true(event_poll());
	assert_int_equal(calls, 1);
	assert_int_equal(last, port);
	event_notify(end);
	run_on(0);
	assert_false(event_poll());
	run_on(1);
	assert_true(event_poll());
	run_on(0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define FIFO(fn)	{ "fifo_" #fn, fn, setup_fifo, teardown, NULL }
#define BOTH(fn)	TEST(fn), FIFO(fn)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_peer_binds_what_we_offer_and_both_are_heard),
		BOTH(we_bind_what_a_peer_offers),
		BOTH(what_comes_while_masked_is_delivered_when_unmasked),
		BOTH(what_comes_before_the_handler_is_delivered),
		BOTH(a_closed_port_comes_back_clean),
		BOTH(a_virq_has_one_port),
		BOTH(ports_run_out_and_come_back),
		TEST(the_domain_learns_its_number),
		TEST(what_was_open_pending_and_masked_stays_so),
		TEST(without_memory_the_bitmap_stays),
		TEST(once_another_cpu_runs_it_is_too_late),
		FIFO(there_are_more_ports_than_the_bitmap_has),
		FIFO(events_come_in_their_order_and_the_urgent_first),
		FIFO(a_flood_ends_each_poll),
		FIFO(a_port_without_a_handler_waits_outside_of_the_queue),
		FIFO(an_event_in_the_queue_of_a_cpu_follows_its_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
