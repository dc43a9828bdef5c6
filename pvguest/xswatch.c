// SPDX-License-Identifier: MIT
/*
 * Watches. What goes over the wire as a token is the watch's own number, so that the
 * same path and token may be watched by several handles; the caller's comes back with the event.
 */
#include <pvguest/xsconn.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/thread.h>

#define RETRY_NS (10 * NSEC_PER_MSEC)

struct watch {
	struct watch *next;
	struct xs_handle *handle;
	unsigned long number;
	char *path;
	char *token;
	bool missed;		/* an event, for want of memory: one for the watch's own path is due */
};

struct xs_event {
	struct xs_event *next;
	char **vec;		/* one malloc() block: what xs_read_watch() returns */
};

static struct watch *watches;
static unsigned long last_number;
static struct waitq arrived;

static void watch_free(struct watch *w)
{
	struct watch **link = &watches;

	while (*link && *link != w)
		link = &(*link)->next;
	if (*link)
		*link = w->next;
	free(w->path);
	free(w->token);
	free(w);
}

static struct watch *watch_find(const struct xs_handle *h, const char *path, const char *token)
{
	struct watch *w = watches;

	while (w && (w->handle != h || strcmp(w->path, path) || strcmp(w->token, token)))
		w = w->next;
	return w;
}

/* depth: a number for a third argument, or NULL. */
static bool watch_talk(uint32_t type, const struct watch *w, const char *depth)
{
	char number[24];
	int n = snprintf(number, sizeof(number), "%lx", w->number);
	struct xs_piece pieces[] = {
		{ w->path, strlen(w->path) + 1 },
		{ number, n + 1 },
		{ depth, depth ? strlen(depth) + 1 : 0 },
	};
	char *answer = xs_conn_talk(type, XBT_NULL, pieces, depth ? 3 : 2, NULL);

	free(answer);
	return answer;
}

static bool watch(struct xs_handle *h, const char *path, const char *token, const char *depth)
{
	struct watch *w;
	int err;

	if (watch_find(h, path, token)) {
		errno = EEXIST;
		return false;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return false;
	w->path = strdup(path);
	w->token = strdup(token);
	w->handle = h;
	w->number = ++last_number;
	w->next = watches;
	watches = w;
	if (w->path && w->token && watch_talk(XS_WATCH, w, depth))
		return true;
	err = w->path && w->token ? errno : ENOMEM;
	watch_free(w);
	errno = err;
	return false;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	return watch(h, path, token, NULL);
}

bool xs_watch_depth(struct xs_handle *h, const char *path, const char *token, unsigned depth)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", depth);
	return watch(h, path, token, text);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	struct watch *w = watch_find(h, path, token);
	bool done;
	int err;

	if (!w) {
		errno = ENOENT;
		return false;
	}
	done = watch_talk(XS_UNWATCH, w, NULL);
	err = errno;
	watch_free(w);
	errno = err;
	return done;
}

/* {path, token} in one block. */
static char **event_vec(const char *path, const char *token)
{
	size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
	char **vec = malloc(2 * sizeof(*vec) + path_size + token_size);

	if (!vec)
		return NULL;
	vec[XS_WATCH_PATH] = (char *)(vec + 2);
	vec[XS_WATCH_TOKEN] = vec[XS_WATCH_PATH] + path_size;
	memcpy(vec[XS_WATCH_PATH], path, path_size);
	memcpy(vec[XS_WATCH_TOKEN], token, token_size);
	return vec;
}

void xs_watch_deliver(const char *body, size_t len)
{
	size_t path_size = strlen(body) + 1;
	unsigned long number = path_size < len ? strtoul(body + path_size, NULL, 16) : 0;
	struct watch *w = watches;
	struct xs_event *e;

	while (w && w->number != number)
		w = w->next;
	if (!w)
		return;
	e = calloc(1, sizeof(*e));
	if (e)
		e->vec = event_vec(body, w->token);
	if (!e || !e->vec) {
		free(e);
		w->missed = w->handle->missed = true;
		waitq_wake(&arrived);
		return;
	}
	if (w->handle->last)
		w->handle->last->next = e;
	else
		w->handle->first = e;
	w->handle->last = e;
	waitq_wake(&arrived);
}

void xs_watch_abandon(void)
{
	waitq_wake(&arrived);
}

/* The event of a watch that has missed one; NULL with ENOMEM when there still is no memory for it. */
static char **missed_event(struct xs_handle *h)
{
	struct watch *w = watches;
	char **vec = NULL;

	while (w && !(w->handle == h && w->missed))
		w = w->next;
	h->missed = w;
	if (w)
		vec = event_vec(w->path, w->token);
	else
		errno = EAGAIN;
	if (vec)
		w->missed = false;
	return vec;
}

char **xs_check_watch(struct xs_handle *h)
{
	struct xs_event *e = h->first;
	char **vec;

	if (!e && h->missed)
		return missed_event(h);
	if (!e) {
		errno = xs_conn_is_open() ? EAGAIN : EIO;
		return NULL;
	}
	h->first = e->next;
	if (!h->first)
		h->last = NULL;
	vec = e->vec;
	free(e);
	return vec;
}

char **xs_read_watch_timeout(struct xs_handle *h, uint64_t deadline_ns)
{
	wait_event_timeout(&arrived, h->first || h->missed || !xs_conn_is_open(), deadline_ns);
	return xs_check_watch(h);
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	char **vec;

	while (!(vec = xs_read_watch_timeout(h, 0)) && xs_conn_is_open())
		if (errno == ENOMEM)
			thread_sleep(RETRY_NS);
	if (num)
		*num = vec ? 2 : 0;
	return vec;
}

static struct watch *watch_of(const struct xs_handle *h)
{
	struct watch *w = watches;

	while (w && w->handle != h)
		w = w->next;
	return w;
}

void xs_watch_close(struct xs_handle *h)
{
	struct watch *w;

	while ((w = watch_of(h))) {
		/* The answer does not matter: nobody is there any more to be told. */
		watch_talk(XS_UNWATCH, w, NULL);
		watch_free(w);
	}
	h->missed = false;
	while (h->first)
		free(xs_check_watch(h));
}
