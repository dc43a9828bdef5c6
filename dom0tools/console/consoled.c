/* SPDX-License-Identifier: MIT */
/*
 * The console daemon: one thread learns of domains from xenstore, another drains their rings in
 * turns.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include "pvguest/xenbus.h"

struct xs_handle *consoled_xs;

static struct {
	struct console *first, **end;	/* to be drained */
	struct waitq wq;
} busy = { .end = &busy.first };

void console_kick(struct console *c)
{
	if (c->busy)
		return;
	c->busy = true;
	c->next_busy = NULL;
	*busy.end = c;
	busy.end = &c->next_busy;
	waitq_wake(&busy.wq);
}

/* Each of those that have something now gets one turn, of at most a ring's contents. */
static void drain_busy(void)
{
	struct console *c = busy.first;

	busy.first = NULL;
	busy.end = &busy.first;
	while (c) {
		struct console *next = c->next_busy;

		c->busy = false;
		console_pump(c);
		c = next;
	}
}

static void drain_thread(void *arg)
{
	(void)arg;
	for (;;) {
		wait_event(&busy.wq, busy.first != NULL);
		drain_busy();
		thread_yield();
	}
}

static void domain_scan(domid_t domid)
{
	char path[40], token[8];

	if (!domid || console_find(domid, false) || console_of(domid) ||
	    !console_find(domid, false))
		return;
	/* Introduced, but its console's nodes are still to be written. */
	snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
	snprintf(token, sizeof(token), "%u", domid);
	xs_watch(consoled_xs, path, token);
}

static void domains_scan(void)
{
	unsigned int n;
	char **ids = xs_directory(consoled_xs, XBT_NULL, "/local/domain", &n);

	for (unsigned int i = 0; ids && i < n; i++)
		domain_scan((domid_t)strtoul(ids[i], NULL, 10));
	free(ids);
}

static void domain_retry(const char *token)
{
	domid_t domid = (domid_t)strtoul(token, NULL, 10);
	struct console *c = console_find(domid, false);
	char path[40];

	if (c && !console_connect(c))
		return;
	snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
	xs_unwatch(consoled_xs, path, token);
}

static void console_check(struct console *c)
{
	c->pins++;
	if (!xs_is_domain_introduced(consoled_xs, c->domid)) {
		console_end(c);
		c->over = true;
	}
	c->pins--;
}

static void domain_check(domid_t domid)
{
	struct console *c = console_unfinished(domid);

	if (c)
		console_check(c);
	console_trim();
}

static void domains_check(void)
{
	static unsigned int round;
	struct console *c;

	/* From the front each time: asking waits, and the list may change meanwhile. */
	for (round++; (c = console_unchecked(round));) {
		c->checked = round;
		console_check(c);
	}
	console_trim();
}

/* A special event says of which domain it is, unless several have come together. */
static bool is_about(const char *path, const char *special, domid_t *domid)
{
	size_t length = strlen(special);

	*domid = 0;
	if (strncmp(path, special, length))
		return false;
	if (path[length] == '/')
		*domid = (domid_t)strtoul(path + length + 1, NULL, 10);
	return true;
}

static void handle_event(char **event)
{
	const char *path = event[XS_WATCH_PATH];
	domid_t domid;

	if (is_about(path, "@introduceDomain", &domid)) {
		if (domid)
			domain_scan(domid);
		else
			domains_scan();
	} else if (is_about(path, "@releaseDomain", &domid)) {
		if (domid)
			domain_check(domid);
		else
			domains_check();
	} else {
		domain_retry(event[XS_WATCH_TOKEN]);
	}
}

static void watch_thread(void *arg)
{
	(void)arg;
	for (;;) {
		char **event = xs_read_watch(consoled_xs, NULL);

		if (!event)
			return;
		handle_event(event);
		free(event);
	}
}

int consoled_start(void)
{
	struct thread *watcher, *drainer;

	consoled_xs = xs_open(0);
	if (!consoled_xs || !xs_watch_depth(consoled_xs, "@introduceDomain", "introduce", 1) ||
	    !xs_watch_depth(consoled_xs, "@releaseDomain", "release", 1))
		return -errno;
	watcher = thread_create("consoled", watch_thread, NULL);
	drainer = thread_create("consoles", drain_thread, NULL);
	if (!watcher || !drainer)
		return -ENOMEM;
	thread_detach(watcher);
	thread_detach(drainer);
	return 0;
}

void console_domain_gone(domid_t domid)
{
	struct console *c = console_find(domid, false);

	if (!c)
		return;
	console_end(c);
	console_trim();
}
