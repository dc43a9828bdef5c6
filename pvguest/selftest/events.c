// SPDX-License-Identifier: MIT
/* Event channels of which both ends are ours. */
#include "selftest.h"

#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#include <xen/errno.h>

static struct waitq rang;
static int count;

static void ring(evtchn_port_t port, void *ctx)
{
	(void)port;
	count += *(int *)ctx;
	waitq_wake(&rang);
}

static void test_ipi(void)
{
	int one = 1, port = event_bind_ipi(0);

	check(port > 0, "an IPI port can be had");
	event_notify(port);
	event_notify(port);
	event_set_handler(port, ring, &one);
	check(wait_event_timeout(&rang, count == 1, deadline_in(NSEC_PER_SEC)),
	      "two notifications before the handler are one call of it");
	event_mask(port);
	event_notify(port);
	thread_sleep(5 * NSEC_PER_MSEC);
	check(count == 1, "a masked port is quiet");
	event_unmask(port);
	check(wait_event_timeout(&rang, count == 2, deadline_in(NSEC_PER_SEC)),
	      "unmasking brings the notification that came meanwhile");
	check(!event_close(port), "the port can be closed");
	check(event_notify(port) < 0, "and is dead then");
}

static void test_channels(void)
{
	int ten = 10, a, b;

	count = 0;
	test_ipi();
	a = event_alloc_unbound(DOMID_SELF);
	b = event_bind_interdomain(DOMID_SELF, a);
	check(a > 0 && b > 0 && a != b, "a channel to ourselves has two ends");
	event_set_handler(b, ring, &ten);
	event_notify(a);
	check(wait_event_timeout(&rang, count == 12, deadline_in(NSEC_PER_SEC)),
	      "what goes in at one comes out at the other");
	event_set_handler(b, 0, 0);
	event_notify(a);
	thread_sleep(NSEC_PER_MSEC);
	check(event_test_and_clear(b) && !event_test_and_clear(b),
	      "without a handler a port can be tested");
	check(!event_close(b) && !event_close(a), "both close");
	check(event_bind_interdomain(DOMID_SELF, 1000) < 0, "a port nobody offers is refused");
}

enum { MANY = 4100 };	/* more than the bitmap has */

static void test_many(void)
{
	static int port[MANY];
	int last, one = 1, n;

	for (n = 0; n < MANY && (port[n] = event_alloc_unbound(DOMID_SELF)) > 0;)
		n++;
	last = event_bind_ipi(0);
	check(n == MANY && last > MANY, "more ports than the bitmap has can be had");
	count = 0;
	event_set_handler(last, ring, &one);
	event_notify(last);
	check(wait_event_timeout(&rang, count == 1, deadline_in(NSEC_PER_SEC)), "the last is heard");
	event_close(last);
	while (n--)
		event_close(port[n]);
	port[0] = event_bind_ipi(0);
	check(port[0] > 0 && port[0] < MANY, "and all come back");
	event_close(port[0]);
}

void test_events(void)
{
	test_channels();
	check(pv_domid() != DOMID_INVALID, "the domain knows its number");
	check(!event_use_fifo(), "events come in queues from here on");
	test_channels();
	test_many();
}
