// SPDX-License-Identifier: MIT
/* pingpong's server: one thread a client. */
#include "pingpong.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>
#include <pvguest/xenbus.h>

/* A client says good-bye by removing its node; one that died without is given up after this. */
#define IDLE_NS (10 * NSEC_PER_SEC)

struct client {
	struct client *next;
	unsigned int domid, ref, remote_port;
	int port;
	bool gone;
	struct waitq rang;
	struct pingpong_back_ring ring;
};

static struct xs_handle *store;
static struct client *clients;

static void client_rang(evtchn_port_t port, void *ctx)
{
	struct client *c = ctx;

	(void)port;
	waitq_wake(&c->rang);
}

/* Answers all that is there. Returns how many, or -1 when the client's index is impossible. */
static int answer_all(struct client *c)
{
	struct pingpong_back_ring *ring = &c->ring;
	int answered = 0, notify, more;

	do {
		RING_IDX prod = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE);

		if (RING_REQUEST_PROD_OVERFLOW(ring, prod))
			return -1;
		for (; ring->req_cons != prod; ring->req_cons++, answered++) {
			struct ping request;
			struct pong *reply;

			RING_COPY_REQUEST(ring, ring->req_cons, &request);
			reply = RING_GET_RESPONSE(ring, ring->rsp_prod_pvt);
			reply->number = request.number;
			reply->answer = request.number + 1;
			ring->rsp_prod_pvt++;
		}
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(ring, notify);
		if (notify)
			event_notify(c->port);
		RING_FINAL_CHECK_FOR_REQUESTS(ring, more);
	} while (more);
	return answered;
}

static void serve(struct client *c, struct pingpong_sring *page)
{
	unsigned long total = 0;
	int n = 0;

	BACK_RING_INIT(&c->ring, page, PAGE_SIZE);
	event_set_handler(c->port, client_rang, c);
	while ((n = answer_all(c)) >= 0) {
		total += n;
		if (c->gone || !wait_event_timeout(&c->rang, c->gone ||
						   RING_HAS_UNCONSUMED_REQUESTS(&c->ring),
						   deadline_in(IDLE_NS)))
			break;
	}
	printf("pong: domain %u %s after %lu rounds\n", c->domid,
	       n < 0 ? "broke the ring" : "is done", total);
}

static void client_forget(struct client *c)
{
	struct client **link = &clients;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	free(c);
}

static void client_main(void *arg)
{
	struct client *c = arg;
	void *page = grant_map(c->domid, &c->ref, 1, MAP_RW);

	c->port = page ? event_bind_interdomain(c->domid, c->remote_port) : -1;
	if (c->port > 0) {
		printf("pong: domain %u is here (grant %u, port %u)\n", c->domid, c->ref,
		       c->remote_port);
		serve(c, page);
		event_close(c->port);
	} else {
		printf("pong: domain %u offers grant %u and port %u, which do not work (%s)\n",
		       c->domid, c->ref, c->remote_port, strerror(errno));
	}
	if (page)
		grant_unmap(page, 1);
	client_forget(c);
}

static void client_new(unsigned int domid, const char *path)
{
	struct client *c = calloc(1, sizeof(*c));
	struct thread *t = NULL;

	if (c && xs_scanf(store, XBT_NULL, path, "%u %u", &c->ref, &c->remote_port) == 2)
		t = thread_create("client", client_main, c);
	if (!t) {
		free(c);
		return;
	}
	c->domid = domid;
	c->next = clients;
	clients = c;
	thread_detach(t);
}

/* A node below ours has appeared, changed or gone. */
static void node_changed(const char *path)
{
	unsigned int domid = strtoul(strrchr(path, '/') + 1, NULL, 10);
	struct client *c = clients;
	char *text = xs_read(store, XBT_NULL, path, NULL);

	while (c && c->domid != domid)
		c = c->next;
	if (text && !c) {
		client_new(domid, path);
	} else if (!text && c) {
		c->gone = true;
		waitq_wake(&c->rang);
	}
	free(text);
}

int pong_main(void)
{
	/* Everybody may write here. */
	struct xs_permissions all = { .id = pv_domid(), .perms = XS_PERM_READ | XS_PERM_WRITE };
	char **event;

	store = xs_open(0);
	if (!store || !xs_mkdir(store, XBT_NULL, PINGPONG_NODE) ||
	    !xs_set_permissions(store, XBT_NULL, PINGPONG_NODE, &all, 1) ||
	    !xs_watch(store, PINGPONG_NODE, "")) {
		printf("pong: xenstore: %s\n", strerror(errno));
		return 1;
	}
	printf("pong: waiting; start the other side with extra=\"peer=%u\"\n", pv_domid());
	while ((event = xs_read_watch(store, NULL))) {
		if (strlen(event[XS_WATCH_PATH]) > strlen(PINGPONG_NODE))
			node_changed(event[XS_WATCH_PATH]);
		free(event);
	}
	return 1;
}
