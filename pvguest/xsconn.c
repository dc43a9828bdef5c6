// SPDX-License-Identifier: MIT
/*
 * The connection to xenstore. Requests carry a number; one thread reads all that comes back and
 * gives each answer to the thread that waits for that number, each event to its watch.
 */
#include <pvguest/xsconn.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include <pvguest/clock.h>
#include <pvguest/errno.h>
#include <pvguest/thread.h>

#define TRIES 10
#define TRY_AGAIN_NS (10 * NSEC_PER_MSEC)

/* One that waits for its answer; lives on the asking thread's stack. */
struct request {
	struct request *next;
	uint32_t id;
	struct waitq done_wq;
	bool done;
	int error;		/* XEN_Exxx, 0: body is the answer */
	char *body;		/* has room for any: what was done is never left without its answer */
	uint32_t len;
};

static struct xs_transport *transport;
static struct mutex sender;
static struct request *waiting;
static uint32_t last_id;
static bool reading, broken;

void xs_set_transport(struct xs_transport *t)
{
	transport = t;
	broken = false;
}

bool xs_conn_is_open(void)
{
	return reading && !broken;
}

static void request_finish(struct request *r, int error, uint32_t len)
{
	struct request **link = &waiting;

	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	r->error = error;
	r->len = len;
	r->done = true;
	waitq_wake(&r->done_wq);
}

static void connection_break(void)
{
	broken = true;
	reading = false;
	while (waiting)
		request_finish(waiting, XEN_EIO, 0);
	xs_watch_abandon();
}

/* `body` has a NUL behind. The copy is the asker's. */
static void answer_deliver(const struct xsd_sockmsg *msg, const char *body)
{
	struct request *r = waiting;
	int error;

	while (r && r->id != msg->req_id)
		r = r->next;
	if (!r)
		return;
	if (msg->type == XS_ERROR) {
		error = errno_xen_number(body);
		request_finish(r, error ? error : XEN_EIO, 0);
		return;
	}
	memcpy(r->body, body, msg->len + 1);
	request_finish(r, 0, msg->len);
}

static void reader(void *arg)
{
	static char body[XENSTORE_PAYLOAD_MAX + 1];
	struct xs_transport *t = arg;
	struct xsd_sockmsg msg;

	while (t == transport && !t->recv(t, &msg, sizeof(msg))) {
		if (msg.len > XENSTORE_PAYLOAD_MAX || t->recv(t, body, msg.len))
			break;
		body[msg.len] = '\0';
		if (msg.type == XS_WATCH_EVENT)
			xs_watch_deliver(body, msg.len);
		else
			answer_deliver(&msg, body);
	}
	connection_break();
}

int xs_conn_open(void)
{
	struct thread *t;

	if (reading)
		return 0;
	if (!transport)
		transport = xs_ring_transport();
	if (!transport || broken) {
		errno = ENXIO;
		return -1;
	}
	t = thread_create("xenstore", reader, transport);
	if (!t)
		return -1;
	thread_detach(t);
	reading = true;
	return 0;
}

static int request_send(struct request *r, uint32_t type, xs_transaction_t tx,
			const struct xs_piece *pieces, unsigned int count, size_t len)
{
	struct xsd_sockmsg msg = { .type = type, .req_id = r->id, .tx_id = tx, .len = len };
	int rc;

	/* The pieces of one message must stay together. */
	mutex_lock(&sender);
	rc = transport->send(transport, &msg, sizeof(msg));
	for (unsigned int i = 0; !rc && i < count; i++)
		rc = transport->send(transport, pieces[i].data, pieces[i].len);
	mutex_unlock(&sender);
	return rc;
}

static char *shrunk(char *body, size_t size)
{
	char *smaller = realloc(body, size);

	return smaller ? smaller : body;
}

/* 0: r is answered. -XEN_ENOMEM: there is no memory to ask, and nothing has happened. */
static int ask(struct request *r, uint32_t type, xs_transaction_t t, const struct xs_piece *pieces,
	       unsigned int count, size_t len)
{
	int rc;

	r->body = malloc(XENSTORE_PAYLOAD_MAX + 1);
	if (!r->body)
		return -XEN_ENOMEM;
	r->done = false;
	r->next = waiting;
	waiting = r;
	rc = request_send(r, type, t, pieces, count, len);
	if (rc == -XEN_ENOMEM)
		request_finish(r, XEN_ENOMEM, 0);
	else if (rc)
		connection_break();
	wait_event(&r->done_wq, r->done);
	if (r->error)
		free(r->body);
	return rc == -XEN_ENOMEM ? rc : 0;
}

/*
 * Who is in the middle of something, with a transaction open, can do nothing about it when memory
 * is out: for a moment is waited for here.
 */
static int ask_patiently(struct request *r, uint32_t type, xs_transaction_t t,
			 const struct xs_piece *pieces, unsigned int count, size_t len)
{
	int rc, tries = TRIES;

	while ((rc = ask(r, type, t, pieces, count, len)) && --tries)
		thread_sleep(TRY_AGAIN_NS);
	return rc;
}

char *xs_conn_talk(uint32_t type, xs_transaction_t t, const struct xs_piece *pieces,
		   unsigned int count, unsigned int *len)
{
	struct request r = { .id = ++last_id };
	size_t total = 0;

	for (unsigned int i = 0; i < count; i++)
		total += pieces[i].len;
	if (total > XENSTORE_PAYLOAD_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if (!xs_conn_is_open()) {
		errno = EIO;
		return NULL;
	}
	if (ask_patiently(&r, type, t, pieces, count, total))
		r.error = XEN_ENOMEM;
	if (r.error) {
		errno = errno_from_xen(r.error);
		return NULL;
	}
	if (len)
		*len = r.len;
	return shrunk(r.body, r.len + 1);
}
