/* SPDX-License-Identifier: MIT */
/*
 * One guest's connection: its shared page on one side, the store on the other.
 * The guest is not trusted. Its indices are checked against the ring's size, lengths
 * against the protocol's limit; a guest that breaks either is not listened to
 * any more (until it reconnects), and nobody else notices.
 *
 * At most one request is taken in before its reply has gone out, so a guest that
 * does not read costs two messages of memory and no more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

struct xsring {
	struct xenstore_domain_interface *page;
	struct store_conn *conn;
	bool broken;
	bool events_next;	/* a reply went out last: events have their turn */
	size_t in_len;		/* bytes of in that are there, from its header on */
	size_t out_len, out_sent;
	struct store_message in, out;
};

/** Starts on a page; what the guest has in its ring already counts. */
void xsring_init(struct xsring *ring, struct xenstore_domain_interface *page,
		 struct store_conn *conn);
/**
 * Moves bytes and handles at most one request. *notify is set when the guest must be
 * told. Returns true when there may be more to do at once.
 */
bool xsring_work(struct xsring *ring, bool *notify);
