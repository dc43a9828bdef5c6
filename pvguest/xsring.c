// SPDX-License-Identifier: MIT
/* The way to xenstore for a domU: the ring whose page the domain builder allocated. */
#include <pvguest/xsconn.h>

#include <pvguest/event.h>
#include <pvguest/memory.h>
#include <pvguest/ring.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

static struct byte_ring requests, replies;
static struct waitq moved;
static evtchn_port_t port;

static void peer_moved(evtchn_port_t p, void *ctx)
{
	(void)p;
	(void)ctx;
	waitq_wake(&moved);
}

static int ring_send(struct xs_transport *t, const void *buf, size_t n)
{
	const char *at = buf;

	(void)t;
	while (n) {
		long done = ring_write(&requests, at, n);

		if (done < 0)
			return done;
		if (done)
			event_notify(port);
		else
			waitq_wait(&moved, 0);
		at += done;
		n -= done;
	}
	return 0;
}

static int ring_recv(struct xs_transport *t, void *buf, size_t n)
{
	char *at = buf;

	(void)t;
	while (n) {
		long done = ring_read(&replies, at, n);

		if (done < 0)
			return done;
		if (done)
			event_notify(port);
		else
			waitq_wait(&moved, 0);
		at += done;
		n -= done;
	}
	return 0;
}

struct xs_transport *xs_ring_transport(void)
{
	static struct xs_transport ring = { .send = ring_send, .recv = ring_recv };
	unsigned long pfn = mfn_to_pfn(pv_start_info->store_mfn);
	struct xenstore_domain_interface *page;

	if (pv_is_dom0() || pfn == ~0UL || !pv_start_info->store_evtchn)
		return NULL;
	page = pfn_to_virt(pfn);
	requests = (struct byte_ring){ page->req, sizeof(page->req), &page->req_cons,
				       &page->req_prod };
	replies = (struct byte_ring){ page->rsp, sizeof(page->rsp), &page->rsp_cons,
				      &page->rsp_prod };
	port = pv_start_info->store_evtchn;
	event_set_handler(port, peer_moved, NULL);
	return &ring;
}
