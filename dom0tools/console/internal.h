/* SPDX-License-Identifier: MIT */
/*
 * What the daemon (consoled.c) and the terminal side (attach.c) share.
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

/** The console of a domain that exists, connected if it can be; NULL when there is none. */
struct console *console_of(domid_t domid);
/** Moves what can be moved between ring, scroll-back and input. */
void console_pump(struct console *console);
/** Lets the daemon's thread look at the ring again. */
void console_kick(struct console *console);
