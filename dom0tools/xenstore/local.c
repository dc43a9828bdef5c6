/* SPDX-License-Identifier: MIT */
/*
 * The connection of dom0's own clients: no ring, no thread. Threads take turns only where
 * they wait, so a request is answered right inside send(), in its sender's thread.
 * All handles of dom0 share this one connection; the client library tells them apart.
 */
#include "daemon.h"

#include <stdlib.h>
#include <string.h>

#include "pvguest/thread.h"
#include "pvguest/xenbus.h"

#include <xen/errno.h>

/* A message that waits for the receiver. */
struct parcel {
	struct parcel *next;
	size_t len, taken;
	char bytes[];
};

static struct {
	struct store_conn *conn;
	struct waitq readers;
	struct parcel *first, **tail;
	bool events;		/* the store has some */
	struct parcel *event;	/* the one for them */
	size_t in_len;
	struct store_message in, out;
} local;

static void parcel_add(struct parcel *parcel, const struct store_message *msg)
{
	parcel->len = sizeof(msg->hdr) + msg->hdr.len;
	memcpy(parcel->bytes, msg, parcel->len);
	parcel->next = NULL;
	*local.tail = parcel;
	local.tail = &parcel->next;
}

/* The message is whole. What can be done can also be answered: the room for that comes first. */
static int request_do(void)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + sizeof(local.out));

	local.in_len = 0;
	if (!parcel)
		return -XEN_ENOMEM;
	parcel->taken = 0;
	store_request(local.conn, &local.in, &local.out);
	parcel_add(parcel, &local.out);
	waitq_wake(&local.readers);
	return 0;
}

/* Takes what belongs to the message that is being put together. */
static size_t in_add(const char *buf, size_t n)
{
	size_t want = sizeof(local.in.hdr);

	if (local.in_len >= want)
		want += local.in.hdr.len;
	if (n > want - local.in_len)
		n = want - local.in_len;
	memcpy((char *)&local.in + local.in_len, buf, n);
	local.in_len += n;
	return n;
}

static bool in_is_whole(void)
{
	return local.in_len >= sizeof(local.in.hdr) &&
	       local.in_len == sizeof(local.in.hdr) + local.in.hdr.len;
}

static int local_send(struct xs_transport *transport, const void *buf, size_t n)
{
	const char *from = buf;

	(void)transport;
	while (n) {
		size_t taken = in_add(from, n);

		from += taken;
		n -= taken;
		if (local.in_len == sizeof(local.in.hdr) &&
		    local.in.hdr.len > XENSTORE_PAYLOAD_MAX) {
			local.in_len = 0;
			return -XEN_E2BIG;
		}
		if (in_is_whole() && request_do())
			return -XEN_ENOMEM;
	}
	return 0;
}

/* The next message to hand out: replies before events. One event at a time, so that it needs no memory. */
static struct parcel *parcel_first(void)
{
	static struct store_message event;

	if (!local.first && local.events) {
		local.events = store_conn_event(local.conn, &event);
		local.event->taken = 0;
		if (local.events)
			parcel_add(local.event, &event);
	}
	return local.first;
}

static int local_recv(struct xs_transport *transport, void *buf, size_t n)
{
	char *to = buf;

	(void)transport;
	while (n) {
		struct parcel *parcel;

		wait_event(&local.readers, (parcel = parcel_first()) != NULL);

		size_t part = parcel->len - parcel->taken;

		if (part > n)
			part = n;
		memcpy(to, parcel->bytes + parcel->taken, part);
		parcel->taken += part;
		to += part;
		n -= part;
		if (parcel->taken < parcel->len)
			continue;
		local.first = parcel->next;
		if (!local.first)
			local.tail = &local.first;
		if (parcel != local.event)
			free(parcel);
	}
	return 0;
}

void local_event_pending(void)
{
	local.events = true;
	waitq_wake(&local.readers);
}

int local_start(struct store *store)
{
	static struct xs_transport transport = { .send = local_send, .recv = local_recv };

	local.conn = store_connect(store, 0, NULL);
	local.event = malloc(sizeof(*local.event) + sizeof(struct store_message));
	if (!local.conn || !local.event)
		return -ENOMEM;
	local.tail = &local.first;
	xs_set_transport(&transport);
	return 0;
}
