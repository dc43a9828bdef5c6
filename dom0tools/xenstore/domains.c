/* SPDX-License-Identifier: MIT */
/*
 * The domains that are connected: mapping a ring, taking turns, noticing who shut down
 * or died. Each gets one request handled a round, so a busy one does not starve the rest.
 */
#include "daemon.h"

#include <stdlib.h>
#include <string.h>

#include "pvguest/errno.h"
#include "pvguest/event.h"
#include "pvguest/grant.h"
#include "pvguest/hypercall.h"
#include "pvguest/memory.h"

#include <hv/domstate.h>

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/sysctl.h>

#include "xsring.h"

struct peer {
	struct peer *next;		/* in its bucket */
	struct peer *next_busy;
	domid_t domid;
	bool busy;			/* in the list of those with work */
	bool granted;			/* the page is mapped by grant, not by frame */
	bool shutdown;			/* announced already */
	uint32_t seen;			/* the last check that found the domain alive */
	int port;
	struct store_conn *conn;
	struct xsring ring;
};

#define BUCKETS 256

static struct {
	struct store *store;
	void (*wake)(void);
	struct peer *buckets[BUCKETS];
	struct peer *busy, **busy_tail;
	uint32_t check;
} peers;

void peers_init(struct store *store, void (*wake)(void))
{
	peers.store = store;
	peers.wake = wake;
	peers.busy_tail = &peers.busy;
}

static struct peer **peer_find(domid_t domid)
{
	struct peer **at = &peers.buckets[domid % BUCKETS];

	while (*at && (*at)->domid != domid)
		at = &(*at)->next;
	return at;
}

static void peer_queue(struct peer *peer)
{
	if (peer->busy)
		return;
	peer->busy = true;
	peer->next_busy = NULL;
	*peers.busy_tail = peer;
	peers.busy_tail = &peer->next_busy;
	peers.wake();
}

void peer_event_pending(void *peer)
{
	peer_queue(peer);
}

static void peer_notified(evtchn_port_t port, void *ctx)
{
	(void)port;
	peer_queue(ctx);
}

static void peer_dequeue(struct peer *peer)
{
	struct peer **at = &peers.busy;

	if (!peer->busy)
		return;
	while (*at != peer)
		at = &(*at)->next_busy;
	*at = peer->next_busy;
	if (!*at)
		peers.busy_tail = at;
	peer->busy = false;
}

bool peers_work(void)
{
	struct peer *list = peers.busy;

	peers.busy = NULL;
	peers.busy_tail = &peers.busy;
	while (list) {
		struct peer *peer = list;
		bool notify;

		list = peer->next_busy;
		peer->busy = false;
		if (xsring_work(&peer->ring, &notify))
			peer_queue(peer);
		if (notify)
			event_notify((evtchn_port_t)peer->port);
	}
	return peers.busy != NULL;
}

/* ---- connecting ---- */

/* By the grant that the tool stack seeds; a domain without one is mapped by its frame. */
static void *page_map(domid_t domid, unsigned long gfn, bool *granted)
{
	grant_ref_t ref = GNTTAB_RESERVED_XENSTORE;
	void *page = grant_map(domid, &ref, 1, MAP_RW);

	*granted = page != NULL;
	return page ? page : map_foreign_contig(domid, gfn, 1, MAP_RW);
}

static void page_unmap(void *page, bool granted)
{
	if (granted)
		grant_unmap(page, 1);
	else
		unmap_pages(page, 1);
}

static void peer_free(struct peer *peer)
{
	if (peer->conn)
		store_disconnect(peer->conn);
	peer_dequeue(peer);
	if (peer->port > 0)
		event_close((evtchn_port_t)peer->port);
	if (peer->ring.page)
		page_unmap(peer->ring.page, peer->granted);
	free(peer);
}

/* A second introduction only renews the event channel. */
static int peer_rebind(struct peer *peer, uint32_t port)
{
	int local_port = event_bind_interdomain(peer->domid, port);

	if (local_port < 0)
		return -errno_from_xen(local_port);
	if (peer->port > 0)
		event_close((evtchn_port_t)peer->port);
	peer->port = local_port;
	event_set_handler((evtchn_port_t)local_port, peer_notified, peer);
	return 0;
}

static int peer_connect(struct peer *peer, unsigned long gfn, uint32_t port)
{
	void *page = page_map(peer->domid, gfn, &peer->granted);

	if (!page)
		return -EINVAL;
	/* For peer_free(), should the rest fail. */
	peer->ring.page = page;
	peer->conn = store_connect(peers.store, peer->domid, peer);
	if (!peer->conn)
		return -ENOMEM;
	xsring_init(&peer->ring, page, peer->conn);
	return peer_rebind(peer, port);
}

/* Of one domain, or with DOMID_INVALID of one that has changed since we asked last. Returns 0,
 * -XEN_ENOENT (none has), or that the hypervisor cannot tell. */
static long domain_state(domid_t *domid, unsigned int *state)
{
	struct xen_domctl op = {
		.cmd = DOMCTL_get_domain_state,
		.interface_version = DOMCTL_STATE_VERSION,
		.domain = *domid,
	};
	struct domctl_get_domain_state answer;
	long err = hypercall_domctl(&op);

	memcpy(&answer, &op.u, sizeof(answer));
	*domid = op.domain;
	*state = answer.state;
	return err;
}

static void peer_has_shut_down(struct peer *peer)
{
	if (peer->shutdown)
		return;
	peer->shutdown = true;
	store_announce(peers.store, "@releaseDomain", peer->domid);
}

/* It may have shut down before anybody looked at it. */
static void peer_look_first(struct peer *peer)
{
	domid_t domid = peer->domid;
	unsigned int state;

	if (!domain_state(&domid, &state) && state & DOMSTATE_SHUTDOWN)
		peer_has_shut_down(peer);
}

static void peer_gone(domid_t domid)
{
	if (!peer_release(NULL, domid))
		store_announce(peers.store, "@releaseDomain", domid);
}

/* Looks at all that have changed since this was done last. -XEN_ENOENT when it could. */
static long take_changes(void)
{
	domid_t domid = DOMID_INVALID;
	unsigned int state;
	long err;

	for (; !(err = domain_state(&domid, &state)); domid = DOMID_INVALID) {
		struct peer *peer = *peer_find(domid);

		if (peer && (state & DOMSTATE_DEAD || !(state & DOMSTATE_EXIST)))
			peer_gone(domid);
		else if (peer && state & DOMSTATE_SHUTDOWN)
			peer_has_shut_down(peer);
	}
	return err;
}

int peer_introduce(void *ctx, domid_t domid, unsigned long gfn, uint32_t port)
{
	struct peer **at = peer_find(domid);
	struct peer *peer = *at;
	int err;

	(void)ctx;
	if (peer) {
		err = peer_rebind(peer, port);
	} else {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return -ENOMEM;
		peer->domid = domid;
		err = peer_connect(peer, gfn, port);
		if (err) {
			peer_free(peer);
			return err;
		}
		*at = peer;
		peer_look_first(peer);
	}
	if (err)
		return err;
	event_notify((evtchn_port_t)peer->port);
	peer_queue(peer);
	/* That it was made is a change, too: taken now, they do not pile up until one dies. */
	take_changes();
	return 0;
}

int peer_release(void *ctx, domid_t domid)
{
	struct peer **at = peer_find(domid);
	struct peer *peer = *at;

	(void)ctx;
	if (!peer)
		return -ENOENT;
	*at = peer->next;
	peer_free(peer);
	store_forget_domain(peers.store, domid);
	return 0;
}

int peer_resume(void *ctx, domid_t domid)
{
	struct peer *peer = *peer_find(domid);

	(void)ctx;
	if (!peer)
		return -ENOENT;
	peer->shutdown = false;
	peer_look_first(peer);
	return 0;
}

bool peer_is_introduced(void *ctx, domid_t domid)
{
	(void)ctx;
	return *peer_find(domid) != NULL;
}

/* ---- who still lives ---- */

#define INFO_BATCH 64

/* Up to INFO_BATCH domains from first on. Returns how many, or a negative number. */
static long domain_list(domid_t first, xen_domctl_getdomaininfo_t *infos)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_getdomaininfolist,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};

	op.u.getdomaininfolist.first_domain = first;
	op.u.getdomaininfolist.max_domains = INFO_BATCH;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);

	long err = hypercall_sysctl(&op);

	return err < 0 ? err : (long)op.u.getdomaininfolist.num_domains;
}

static void peer_look(const xen_domctl_getdomaininfo_t *info)
{
	struct peer *peer = *peer_find(info->domain);

	if (!peer || (info->flags & XEN_DOMINF_dying))
		return;
	peer->seen = peers.check;
	if (info->flags & XEN_DOMINF_shutdown)
		peer_has_shut_down(peer);
}

/* Whoever has shut down or died, found by looking at all. */
static void check_all(void)
{
	static xen_domctl_getdomaininfo_t infos[INFO_BATCH];
	domid_t first = 0;
	long n;

	peers.check++;
	do {
		n = domain_list(first, infos);
		if (n < 0)
			return;
		for (long i = 0; i < n; i++)
			peer_look(&infos[i]);
		if (n)
			first = infos[n - 1].domain + 1;
	} while (n == INFO_BATCH);

	for (size_t i = 0; i < BUCKETS; i++) {
		struct peer *next;

		for (struct peer *peer = peers.buckets[i]; peer; peer = next) {
			next = peer->next;
			if (peer->seen != peers.check)
				peer_gone(peer->domid);
		}
	}
}

void peers_check(void)
{
	if (take_changes() != -XEN_ENOENT)
		check_all();
}
