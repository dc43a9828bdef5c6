/* SPDX-License-Identifier: MIT */
/*
 * The store itself: tree, permissions, transactions, watches and quotas, and
 * the meaning of every message of xen/io/xs_wire.h. It does no I/O and never
 * waits: the daemon feeds it whole messages of a connection and takes replies
 * and watch events out of it. What it needs of the world is struct store_ops.
 *
 * Errors are negative errno values of the libc in use; on the wire they become
 * the strings that xs_wire.h lists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <errno.h>
#include <xen/io/xs_wire.h>

struct store;
struct store_conn;

/** What the store asks of the daemon. Every member must be set. */
struct store_ops {
	/** Connects to the ring of a domain. Returns 0 or -errno. */
	int (*introduce)(void *ctx, domid_t domid, unsigned long gfn, uint32_t port);
	/** Disconnects. Returns 0, -ENOENT when it is not connected. */
	int (*release)(void *ctx, domid_t domid);
	/** Lets the next shutdown of a domain be announced again. Returns 0 or -ENOENT. */
	int (*resume)(void *ctx, domid_t domid);
	bool (*is_introduced)(void *ctx, domid_t domid);
	/** Events wait on this connection; called once until store_conn_event() found none. */
	void (*event_pending)(void *ctx, struct store_conn *conn);
	/** A text of the control command `print`. */
	void (*print)(void *ctx, const char *text);
};

/** Limits for each domain but the privileged ones; `control quota` changes them. */
struct store_quota {
	uint32_t nodes;		/* owned by one domain */
	uint32_t memory;	/* bytes of its nodes and watches */
	uint32_t node_size;	/* bytes of one value */
	uint32_t permissions;	/* entries of one node */
	uint32_t watches;
	uint32_t transactions;	/* open at a time */
	uint32_t transaction_nodes;	/* touched by one transaction */
	uint32_t snapshots;	/* bytes of what others replaced, for all guests' transactions */
};

/** One message, header and payload, as on the wire. */
struct store_message {
	struct xsd_sockmsg hdr;
	char payload[XENSTORE_PAYLOAD_MAX + 1];	/* room for a NUL behind it */
};

/** An empty store (with the nodes for @introduceDomain and @releaseDomain), or NULL. */
struct store *store_create(const struct store_ops *ops, void *ctx);
/** Frees everything; no connection may be left. */
void store_destroy(struct store *store);
struct store_quota *store_quota(struct store *store);

/** A connection for a domain; domain 0 is privileged. NULL when memory is out. */
struct store_conn *store_connect(struct store *store, domid_t domid, void *owner);
/** Drops its watches, transactions and queued events. */
void store_disconnect(struct store_conn *conn);
/** Drops them too, and stays connected. */
void store_conn_reset(struct store_conn *conn);
/** What store_connect() was given. */
void *store_conn_owner(const struct store_conn *conn);
domid_t store_conn_domid(const struct store_conn *conn);

/**
 * Handles one request and fills in the reply, which every request has. The
 * payload of request need not end with a NUL. hdr.len must be checked by the
 * caller: at most XENSTORE_PAYLOAD_MAX.
 */
void store_request(struct store_conn *conn, struct store_message *request,
		   struct store_message *reply);

/** Takes the oldest waiting watch event. Returns false when there is none. */
bool store_conn_event(struct store_conn *conn, struct store_message *event);

/** Fires @introduceDomain or @releaseDomain. */
void store_announce(struct store *store, const char *special, domid_t domid);
/**
 * The domain has died: removes every node that it owns, with its children. What others allowed it, or
 * allowed another as to its target, ends.
 */
void store_forget_domain(struct store *store, domid_t domid);

/** The value of a node, not NUL-terminated, good until the next request; NULL: no node, or empty. */
const char *store_value(const struct store *store, const char *path, size_t *len);
/** The domain of which /local/domain/ID/name has this value, the lowest if there are several. */
bool store_find_name(struct store *store, const char *value, domid_t *domid);

/** Walks the tree and compares it with the accounts. Returns false when they differ. */
bool store_check(const struct store *store);
/** The number of nodes in the tree. */
size_t store_node_count(const struct store *store);
