/* SPDX-License-Identifier: MIT */
/*
 * One console: its ring is found and connected, drained into the scroll-back, and let go of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include "pvguest/event.h"
#include "pvguest/grant.h"
#include "pvguest/memory.h"
#include "pvguest/xenbus.h"

#include "consring.h"

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

static void name_read(struct console *c)
{
	char path[40];
	char *name;

	snprintf(path, sizeof(path), "/local/domain/%u/name", c->domid);
	name = xs_read(consoled_xs, XBT_NULL, path, NULL);
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
	if (xs_scanf(consoled_xs, XBT_NULL, path, "%lu", mfn) != 1)
		return false;
	snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
	return xs_scanf(consoled_xs, XBT_NULL, path, "%u", port) == 1;
}

bool console_connect(struct console *c)
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

	if (!c && domid && !console_ending(domid) && xs_is_domain_introduced(consoled_xs, domid))
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

void console_end(struct console *c)
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
	console_died(c);
	waitq_wake(&c->changed);
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
