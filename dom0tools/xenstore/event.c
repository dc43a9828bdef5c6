/* SPDX-License-Identifier: MIT */
/*
 * The events that wait for their connections.
 *
 * The events of a connection are bounded. When there are too many, those of the
 * watch that fires next are replaced by a single one with the watch's own path: clients
 * must expect spurious events and look for themselves, so nothing is lost but detail. The same event
 * stands for one that there was no memory for; it is made when it is fetched.
 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX_GUEST 256
#define EVENTS_MAX_PRIVILEGED 16384
#define EVENT_BYTES_MAX_GUEST (64u << 10)

struct event {
	struct event *next;
	struct watch *watch;
	char path[];			/* as the client sees it */
};

static uint32_t event_price(const char *path)
{
	return (uint32_t)(sizeof(struct event) + strlen(path) + 1);
}

/* Whether one more event must not be queued as it is. */
static bool events_are_many(const struct store_conn *conn, const char *path)
{
	if (conn_is_privileged(conn))
		return conn->n_events >= EVENTS_MAX_PRIVILEGED;
	return conn->n_events >= EVENTS_MAX_GUEST ||
	       conn->event_bytes + event_price(path) > EVENT_BYTES_MAX_GUEST;
}

void events_drop(struct watch *watch)
{
	struct store_conn *conn = watch->conn;
	struct event **at = &conn->events;

	while (watch->n_events) {
		struct event *event = *at;

		if (event->watch != watch) {
			at = &event->next;
			continue;
		}
		*at = event->next;
		conn->event_bytes -= event_price(event->path);
		free(event);
		watch->n_events--;
		conn->n_events--;
	}
	watch->last = NULL;
	for (at = &conn->events; *at;)
		at = &(*at)->next;
	conn->events_tail = at;
}

static void tell(struct store_conn *conn)
{
	if (conn->told)
		return;
	conn->told = true;
	conn->store->ops->event_pending(conn->store->ctx, conn);
}

static void event_missed(struct watch *watch)
{
	watch->missed = true;
	watch->conn->missed = true;
	tell(watch->conn);
}

void event_queue(struct watch *watch, const char *abs)
{
	struct store_conn *conn = watch->conn;
	const char *path = abs + watch->skip;

	if (events_are_many(conn, path)) {
		if (watch->n_events)
			events_drop(watch);
		path = watch->path + watch->skip;
	}
	if (watch->last && !strcmp(watch->last->path, path))
		return;

	struct event *event = malloc(sizeof(*event) + strlen(path) + 1);

	if (!event) {
		event_missed(watch);
		return;
	}
	event->next = NULL;
	event->watch = watch;
	strcpy(event->path, path);
	*conn->events_tail = event;
	conn->events_tail = &event->next;
	conn->n_events++;
	conn->event_bytes += event_price(path);
	watch->n_events++;
	watch->last = event;
	tell(conn);
}

static void event_write(const struct watch *watch, const char *path, struct store_message *out)
{
	size_t path_size = strlen(path) + 1, token_size = strlen(watch->token) + 1;

	memset(&out->hdr, 0, sizeof(out->hdr));
	out->hdr.type = XS_WATCH_EVENT;
	out->hdr.len = (uint32_t)(path_size + token_size);
	memcpy(out->payload, path, path_size);
	memcpy(out->payload + path_size, watch->token, token_size);
}

/* The event of a watch that has missed one. */
static bool event_of_missed(struct store_conn *conn, struct store_message *out)
{
	struct watch *watch = conn->missed ? conn->watches : NULL;

	while (watch && !watch->missed)
		watch = watch->next;
	conn->missed = watch;
	if (!watch)
		return false;
	watch->missed = false;
	event_write(watch, watch->path + watch->skip, out);
	return true;
}

bool store_conn_event(struct store_conn *conn, struct store_message *out)
{
	struct event *event = conn->events;
	struct watch *watch;

	if (!event) {
		conn->told = event_of_missed(conn, out);
		return conn->told;
	}
	watch = event->watch;
	conn->events = event->next;
	if (!conn->events)
		conn->events_tail = &conn->events;
	conn->n_events--;
	conn->event_bytes -= event_price(event->path);
	watch->n_events--;
	if (watch->last == event)
		watch->last = NULL;
	event_write(watch, event->path, out);
	free(event);
	return true;
}
