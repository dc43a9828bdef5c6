/* SPDX-License-Identifier: MIT */
/*
 * What the daemon's parts (list.c, console.c, consoled.c) and the terminal side (attach.c) share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/io/console.h>

#include "dom0/console.h"

#include "pvguest/thread.h"

#include "scrollback.h"

/* Input that waits for a guest to read it. */
#define INPUT_MAX 16384

struct console {
	struct console *next;		/* by age */
	struct console *next_in_bucket;	/* by domid; newer ones first */
	struct console *next_busy;
	domid_t domid;
	bool alive;		/* the domain exists, as far as xenstore says */
	bool over;		/* it does not, and xenstore has let go of it too */
	bool busy;		/* its ring is to be looked at */
	bool granted;		/* page is mapped by grant */
	bool broken;		/* the guest spoiled its ring: not connected again */
	bool closing;		/* taking its last words: nobody holds it back */
	unsigned int pins;	/* somebody waits with a pointer to this */
	unsigned int checked;	/* the last round of checks it was in */
	char name[64];
	struct xencons_interface *page;	/* NULL: not connected */
	int port;
	struct scrollback output;
	struct waitq changed;	/* more output, or the end */
	/* While somebody is attached: */
	bool viewed;
	uint64_t view_at;	/* output before it has been shown */
	char *input;		/* INPUT_MAX bytes */
	size_t input_len;
};

/* ---- which there are (list.c) ---- */

/** The newest console of the domain, NULL if there is none; a dead one only if it may be. */
struct console *console_find(domid_t domid, bool dead_too);
/** The console of the domain, alive or dead, that xenstore has not let go of yet: the oldest. */
struct console *console_unfinished(domid_t domid);
/** Whether the domain is dead though xenstore does not know yet: it gets no new console. */
bool console_ending(domid_t domid);
/** One that is alive and not connected; NULL without memory. */
struct console *console_new(domid_t domid);
/** Its domain has died. */
void console_died(struct console *console);
/** Forgets the oldest dead ones that nobody uses, where there are too many. */
void console_trim(void);
/** The oldest that is not over and was not in this round of checks; NULL after the last. */
struct console *console_unchecked(unsigned int round);

/* ---- one of them (console.c) ---- */

/** Connects to its ring, if the nodes in xenstore are written; waits. Whether it is connected. */
bool console_connect(struct console *console);
/** Takes the last words, lets go of the ring; waits. */
void console_end(struct console *console);
/** The console of a domain that exists, connected if it can be; NULL when there is none. */
struct console *console_of(domid_t domid);
/** Moves what can be moved between ring, scroll-back and input. */
void console_pump(struct console *console);

/* ---- the daemon (consoled.c) ---- */

/** Its connection to xenstore. */
extern struct xs_handle *consoled_xs;
/** Lets the daemon's thread look at the ring again. */
void console_kick(struct console *console);
