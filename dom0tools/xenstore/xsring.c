/* SPDX-License-Identifier: MIT */
/*
 * The byte rings of a guest's xenstore page; see xsring.h.
 */
#include "xsring.h"

#include <string.h>

#include "pvguest/ring.h"

static struct byte_ring requests(struct xenstore_domain_interface *page)
{
	return (struct byte_ring) {
		page->req, XENSTORE_RING_SIZE, &page->req_cons, &page->req_prod,
	};
}

static struct byte_ring replies(struct xenstore_domain_interface *page)
{
	return (struct byte_ring) {
		page->rsp, XENSTORE_RING_SIZE, &page->rsp_cons, &page->rsp_prod,
	};
}

void xsring_init(struct xsring *ring, struct xenstore_domain_interface *page,
		 struct store_conn *conn)
{
	memset(ring, 0, offsetof(struct xsring, in));
	ring->page = page;
	ring->conn = conn;
	page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION |
				XENSTORE_SERVER_FEATURE_ERROR;
	ring_store_release(&page->connection, XENSTORE_CONNECTED);
}

static void ring_break(struct xsring *ring, uint32_t error, bool *notify)
{
	ring->broken = true;
	ring_store_release(&ring->page->error, error);
	*notify = true;
}

/* The guest asked to begin anew. */
static void ring_reconnect(struct xsring *ring, bool *notify)
{
	struct xenstore_domain_interface *page = ring->page;

	store_conn_reset(ring->conn);
	page->req_cons = page->req_prod = 0;
	page->rsp_cons = page->rsp_prod = 0;
	page->error = XENSTORE_ERROR_NONE;
	xsring_init(ring, page, ring->conn);
	*notify = true;
}

/* Returns true when the message is out. */
static bool out_push(struct xsring *ring, bool *notify)
{
	struct byte_ring bytes = replies(ring->page);
	long n = ring_write(&bytes, (char *)&ring->out + ring->out_sent,
			    ring->out_len - ring->out_sent);

	if (n < 0) {
		ring_break(ring, XENSTORE_ERROR_RINGIDX, notify);
		return false;
	}
	*notify |= n > 0;
	ring->out_sent += (size_t)n;
	if (ring->out_sent < ring->out_len)
		return false;
	ring->out_len = ring->out_sent = 0;
	return true;
}

static void out_start(struct xsring *ring)
{
	ring->out_len = sizeof(ring->out.hdr) + ring->out.hdr.len;
	ring->out_sent = 0;
}

/* Reads until in has want bytes. */
static bool in_pull(struct xsring *ring, size_t want, bool *notify)
{
	struct byte_ring bytes = requests(ring->page);

	if (ring->in_len >= want)
		return true;

	long n = ring_read(&bytes, (char *)&ring->in + ring->in_len, want - ring->in_len);

	if (n < 0) {
		ring_break(ring, XENSTORE_ERROR_RINGIDX, notify);
		return false;
	}
	*notify |= n > 0;
	ring->in_len += (size_t)n;
	return ring->in_len == want;
}

/* Handles a request when it is whole. Returns true when there was one. */
static bool request_take(struct xsring *ring, bool *notify)
{
	if (!in_pull(ring, sizeof(ring->in.hdr), notify))
		return false;
	if (ring->in.hdr.len > XENSTORE_PAYLOAD_MAX) {
		ring_break(ring, XENSTORE_ERROR_PROTO, notify);
		return false;
	}
	if (!in_pull(ring, sizeof(ring->in.hdr) + ring->in.hdr.len, notify))
		return false;
	store_request(ring->conn, &ring->in, &ring->out);
	ring->in_len = 0;
	out_start(ring);
	ring->events_next = true;
	return true;
}

static bool event_take(struct xsring *ring)
{
	if (!store_conn_event(ring->conn, &ring->out))
		return false;
	out_start(ring);
	return true;
}

bool xsring_work(struct xsring *ring, bool *notify)
{
	*notify = false;
	if (ring_load_acquire(&ring->page->connection) == XENSTORE_RECONNECT)
		ring_reconnect(ring, notify);
	if (ring->broken)
		return false;
	if (ring->out_len && !out_push(ring, notify))
		return false;
	if (ring->events_next && event_take(ring))
		return true;
	ring->events_next = false;
	return request_take(ring, notify) || event_take(ring);
}
