// SPDX-License-Identifier: MIT
/* pingpong's client: owns the page and the port. */
#include "pingpong.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/errno.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>
#include <pvguest/xenbus.h>

#define ANSWER_NS (5 * NSEC_PER_SEC)

static struct pingpong_front_ring ring;
static struct waitq rang;
static int port;

static void server_rang(evtchn_port_t p, void *ctx)
{
	(void)p;
	(void)ctx;
	waitq_wake(&rang);
}

/* One number there and its answer back. */
static bool round_trip(uint64_t number)
{
	struct pong reply;
	int notify;

	RING_GET_REQUEST(&ring, ring.req_prod_pvt)->number = number;
	ring.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring, notify);
	if (notify)
		event_notify(port);
	if (!wait_event_timeout(&rang, RING_HAS_UNCONSUMED_RESPONSES(&ring),
				deadline_in(ANSWER_NS))) {
		printf("ping: no answer to number %lu\n", number);
		return false;
	}
	RING_COPY_RESPONSE(&ring, ring.rsp_cons, &reply);
	ring.rsp_cons++;
	/* The next answer, and not only some later one, must ring. */
	ring.sring->rsp_event = ring.rsp_cons + 1;
	if (reply.number == number && reply.answer == number + 1)
		return true;
	printf("ping: number %lu got the answer %lu to %lu\n", number, reply.answer, reply.number);
	return false;
}

static int play(unsigned long rounds)
{
	uint64_t start = clock_monotonic_ns(), took;

	for (unsigned long i = 0; i < rounds; i++)
		if (!round_trip(i))
			return 1;
	took = clock_monotonic_ns() - start;
	printf("ping: %lu round trips in %lu ms, %lu ns each\n", rounds, took / NSEC_PER_MSEC,
	       rounds ? took / rounds : 0);
	return 0;
}

/* Our node below the server's: written to say that we are there, removed to say that we go. */
static bool introduce(struct xs_handle *store, domid_t server, int ref)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/%s/%u", server, PINGPONG_NODE, pv_domid());
	return ref < 0 ? xs_rm(store, XBT_NULL, path) :
	       xs_printf(store, XBT_NULL, path, "%d %d", ref, port);
}

int ping_main(domid_t server, unsigned long rounds)
{
	struct pingpong_sring *page = page_alloc_zero(0);
	struct xs_handle *store = xs_open(0);
	int ref = page ? grant_access(server, virt_to_mfn(page), false) : -1;
	int result;

	port = event_alloc_unbound(server);
	if (ref < 0 || port < 0) {
		printf("ping: no grant or port for domain %u (%s)\n", server,
		       errno_xen_text(port < 0 ? port : ref));
		return 1;
	}
	SHARED_RING_INIT(page);
	FRONT_RING_INIT(&ring, page, PAGE_SIZE);
	event_set_handler(port, server_rang, NULL);
	if (!store || !introduce(store, server, ref)) {
		printf("ping: domain %u has no %s in xenstore (%s)\n", server, PINGPONG_NODE,
		       strerror(errno));
		return 1;
	}
	result = play(rounds);
	introduce(store, server, -1);
	return result;
}
