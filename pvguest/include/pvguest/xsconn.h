/* SPDX-License-Identifier: MIT */
/* Inside the xenstore client: the one connection (xsconn.c) as requests (xs.c) and watches
 * (xswatch.c) see it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include <pvguest/xenbus.h>

/** A piece of a request's body. */
struct xs_piece {
	const void *data;
	size_t len;
};

/** Starts the reader on first use. 0, or -1 with errno. */
int xs_conn_open(void);

/** Sends a request and waits for its answer: a malloc() block with a NUL behind, its length in *len
 * (may be NULL). NULL with errno for an error answer, a broken connection, no memory, or a body
 * longer than XENSTORE_PAYLOAD_MAX (ENAMETOOLONG). */
char *xs_conn_talk(uint32_t type, xs_transaction_t t, const struct xs_piece *pieces,
		   unsigned int count, unsigned int *len);

/** The reader hands events to xswatch.c: body is "path\0token\0...", NUL behind. */
void xs_watch_deliver(const char *body, size_t len);

/** The connection is broken: readers of watches must not wait any longer. */
void xs_watch_abandon(void);

/** Whether the connection is usable. */
bool xs_conn_is_open(void);

/** The transport over start_info's ring; NULL when there is none. */
struct xs_transport *xs_ring_transport(void);

/** Ends all watches of a handle that is being closed, frees its events. */
void xs_watch_close(struct xs_handle *h);

struct xs_event;

struct xs_handle {
	struct xs_event *first, *last;		/* events not read yet, in order */
	bool missed;				/* one of its watches has missed some */
};
