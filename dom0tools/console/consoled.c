/* SPDX-License-Identifier: MIT */
/*
 * The console daemon: one thread learns of domains from xenstore, another drains
 * their rings in turns. The list below has a console for each domain that lives, and the
 * scroll-backs of the last DEAD_MAX that died.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include "pvguest/event.h"
#include "pvguest/grant.h"
#include "pvguest/memory.h"
#include "pvguest/xenbus.h"

#include "consring.h"

#define DEAD_MAX 32
#define BUCKETS 256

static struct {
	struct xs_handle *xs;
	struct console *first, **end;	/* by age, the oldest first */
	struct console *buckets[BUCKETS];
	unsigned int dead;		/* of them */
	struct console *busy, **busy_end;
	struct waitq wq;
} consoled = { .end = &consoled.first, .busy_end = &consoled.busy };

/* ---- the list ---- */

static struct console **bucket_of(domid_t domid)
{
	return &consoled.buckets[domid % BUCKETS];
}

static struct console *console_find(domid_t domid, bool dead_too)
{
	struct console *c = *bucket_of(domid);

	while (c && (c->domid != domid || !(c->alive || dead_too)))
		c = c->next_in_bucket;
	return c;
}

/* The console of the domain, alive or dead, that xenstore has not let go of yet: the oldest. */
static struct console *console_unfinished(domid_t domid)
{
	struct console *found = NULL;

	for (struct console *c = *bucket_of(domid); c; c = c->next_in_bucket)
		if (c->domid == domid && !c->over)
			found = c;
	return found;
}

/* Whether the domain is dead though xenstore does not know yet: it gets no new console. */
static bool console_ending(domid_t domid)
{
	const struct console *c = console_unfinished(domid);

	return c && !c->alive;
}

static void console_free(struct console *c)
{
	struct console **at = bucket_of(c->domid);

	while (*at != c)
		at = &(*at)->next_in_bucket;
	*at = c->next_in_bucket;
	scrollback_free(&c->output);
	free(c);
}

static void console_trim(void)
{
	struct console **at = &consoled.first;

	while (*at && consoled.dead > DEAD_MAX) {
		struct console *c = *at;

		if (c->alive || c->viewed || c->pins || c->busy) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		if (!*at)
			consoled.end = at;
		consoled.dead--;
		console_free(c);
	}
}

static struct console *console_new(domid_t domid)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c || !scrollback_begin(&c->output)) {
		free(c);
		return NULL;
	}
	c->domid = domid;
	c->alive = true;
	*consoled.end = c;
	consoled.end = &c->next;
	c->next_in_bucket = *bucket_of(domid);
	*bucket_of(domid) = c;
	return c;
}

/* ---- one console ---- */

static void console_close(struct console *c)
{
	if (c->port > 0)
		event_close((evtchn_port_t)c->port);
	c->port = 0;
	if (c->page && c->granted)
		grant_unmap(c->page, 1);
	else if (c->page)
		unmap_pages(c->page, 1);
	c->page = NULL;
}

static void console_notified(evtchn_port_t port, void *ctx)
{
	(void)port;
	console_kick(ctx);
}

void console_kick(struct console *c)
{
	if (c->busy)
		return;
	c->busy = true;
	c->next_busy = NULL;
	*consoled.busy_end = c;
	consoled.busy_end = &c->next_busy;
	waitq_wake(&consoled.wq);
}

static void name_read(struct console *c)
{
	char path[40];
	char *name;

	snprintf(path, sizeof(path), "/local/domain/%u/name", c->domid);
	name = xs_read(consoled.xs, XBT_NULL, path, NULL);
	if (name)
		snprintf(c->name, sizeof(c->name), "%s", name);
	free(name);
}

/* By the grant that the tool stack seeds, or else by the frame that it wrote down. */
static bool page_map(struct console *c, unsigned long mfn)
{
	grant_ref_t ref = GNTTAB_RESERVED_CONSOLE;

	c->page = grant_map(c->domid, &ref, 1, MAP_RW);
	c->granted = c->page != NULL;
	if (!c->page)
		c->page = map_foreign_contig(c->domid, mfn, 1, MAP_RW);
	return c->page != NULL;
}

/* The nodes that the tool stack writes. */
static bool nodes_read(domid_t domid, unsigned long *mfn, unsigned int *port)
{
	char path[48];

	snprintf(path, sizeof(path), "/local/domain/%u/console/ring-ref", domid);
	if (xs_scanf(consoled.xs, XBT_NULL, path, "%lu", mfn) != 1)
		return false;
	snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
	return xs_scanf(consoled.xs, XBT_NULL, path, "%u", port) == 1;
}

static bool console_connect(struct console *c)
{
	unsigned long mfn;
	unsigned int port;
	bool known;

	if (c->page || c->broken)
		return c->page != NULL;
	c->pins++;
	known = nodes_read(c->domid, &mfn, &port);
	if (known)
		name_read(c);
	c->pins--;
	/* Reading waited: somebody else may have done it. */
	if (c->page)
		return true;
	if (!known || !c->alive || !page_map(c, mfn))
		return false;
	c->port = event_bind_interdomain(c->domid, port);
	if (c->port < 0) {
		console_close(c);
		return false;
	}
	event_set_handler((evtchn_port_t)c->port, console_notified, c);
	console_kick(c);
	return true;
}

struct console *console_of(domid_t domid)
{
	struct console *c = console_find(domid, false);

	if (!c && domid && !console_ending(domid) && xs_is_domain_introduced(consoled.xs, domid))
		c = console_find(domid, false) ?: console_new(domid);
	if (!c || !console_connect(c))
		return NULL;
	return c;
}

static void give_up(struct console *c)
{
	static const char text[] = "\r\n[console: impossible ring indices, given up]\r\n";

	scrollback_append(&c->output, text, sizeof(text) - 1);
	c->broken = true;
	console_close(c);
}

/* How much may be taken: a viewer that lags behind holds the guest back. */
static size_t output_room(const struct console *c, size_t max)
{
	uint64_t waiting = c->viewed && !c->closing ? c->output.total - c->view_at : 0;

	if (waiting >= SCROLLBACK_MAX)
		return 0;
	return SCROLLBACK_MAX - waiting < max ? (size_t)(SCROLLBACK_MAX - waiting) : max;
}

void console_pump(struct console *c)
{
	char chunk[sizeof(c->page->out)];
	long taken, given = 0;

	if (!c->page)
		return;
	taken = consring_take(c->page, chunk, output_room(c, sizeof(chunk)));
	if (taken >= 0 && c->input_len)
		given = consring_give(c->page, c->input, c->input_len);
	if (taken < 0 || given < 0) {
		give_up(c);
		waitq_wake(&c->changed);
		return;
	}
	if (given) {
		c->input_len -= (size_t)given;
		memmove(c->input, c->input + given, c->input_len);
	}
	scrollback_append(&c->output, chunk, (size_t)taken);
	if (taken)
		waitq_wake(&c->changed);
	if (taken || given)
		event_notify((evtchn_port_t)c->port);
}

/* A ring holds no more than this many pumps' worth; a live guest shall not keep us here. */
#define LAST_PUMPS 64

/* Takes the last words, lets go of the ring. */
static void console_end(struct console *c)
{
	c->pins++;
	name_read(c);
	c->pins--;
	if (!c->alive)
		return;
	c->closing = true;
	for (int i = 0; i < LAST_PUMPS; i++) {
		uint64_t before = c->output.total;

		console_pump(c);
		if (c->output.total == before)
			break;
	}
	console_close(c);
	c->alive = false;
	consoled.dead++;
	waitq_wake(&c->changed);
}

/* ---- the threads ---- */

/* Each of those that have something now gets one turn, of at most a ring's contents. */
static void drain_busy(void)
{
	struct console *c = consoled.busy;

	consoled.busy = NULL;
	consoled.busy_end = &consoled.busy;
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
		wait_event(&consoled.wq, consoled.busy != NULL);
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
	xs_watch(consoled.xs, path, token);
}

static void domains_scan(void)
{
	unsigned int n;
	char **ids = xs_directory(consoled.xs, XBT_NULL, "/local/domain", &n);

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
	xs_unwatch(consoled.xs, path, token);
}

static struct console *console_unchecked(unsigned int round)
{
	struct console *c = consoled.first;

	while (c && (c->over || c->checked == round))
		c = c->next;
	return c;
}

static void console_check(struct console *c)
{
	c->pins++;
	if (!xs_is_domain_introduced(consoled.xs, c->domid)) {
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
		char **event = xs_read_watch(consoled.xs, NULL);

		if (!event)
			return;
		handle_event(event);
		free(event);
	}
}

int consoled_start(void)
{
	struct thread *watcher, *drainer;

	consoled.xs = xs_open(0);
	if (!consoled.xs || !xs_watch_depth(consoled.xs, "@introduceDomain", "introduce", 1) ||
	    !xs_watch_depth(consoled.xs, "@releaseDomain", "release", 1))
		return -errno;
	watcher = thread_create("consoled", watch_thread, NULL);
	drainer = thread_create("consoles", drain_thread, NULL);
	if (!watcher || !drainer)
		return -ENOMEM;
	thread_detach(watcher);
	thread_detach(drainer);
	return 0;
}

/* ---- for others ---- */

void console_domain_gone(domid_t domid)
{
	struct console *c = console_find(domid, false);

	if (!c)
		return;
	console_end(c);
	console_trim();
}

size_t console_last_lines(domid_t domid, unsigned int n, char *buf, size_t size)
{
	struct console *c = console_of(domid);

	if (!c)
		c = console_find(domid, true);
	if (!c) {
		if (size)
			buf[0] = '\0';
		return 0;
	}
	console_pump(c);
	return scrollback_last_lines(&c->output, n, buf, size);
}

void console_log_each(void (*fn)(void *ctx, const struct console_log *log), void *ctx)
{
	for (struct console *c = consoled.first; c; c = c->next) {
		struct console_log log = {
			.domid = c->domid,
			.alive = c->alive,
			.name = c->name,
			.total = c->output.total,
		};

		fn(ctx, &log);
	}
}

int console_log_print(const char *name_or_id)
{
	struct console *found = NULL;
	char id[8], chunk[256];
	uint64_t at = 0;
	size_t n;

	for (struct console *c = consoled.first; c; c = c->next) {
		snprintf(id, sizeof(id), "%u", c->domid);
		if (!strcmp(c->name, name_or_id) || !strcmp(id, name_or_id))
			found = c;
	}
	if (!found)
		return -ENOENT;
	while ((n = scrollback_read(&found->output, &at, chunk, sizeof(chunk))))
		fwrite(chunk, 1, n, stdout);
	return 0;
}
