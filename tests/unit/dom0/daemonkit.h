/* SPDX-License-Identifier: MIT */
/*
 * The daemons on the host: the library's own threads and xenstore client (with the kit of
 * tests/unit/pv as hypervisor), and guests that are a few pages of memory here. The daemons
 * keep their state in static data, so they are started once for all tests of a program.
 */
#pragma once

#include "pv/kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/console.h>

#include "pvguest/event.h"
#include "pvguest/thread.h"
#include "pvguest/xenbus.h"

#define GUESTS 64

struct guest {
	bool exists, dying, shutdown;
	bool no_grants;			/* its rings can be mapped by frame only */
	bool no_frames;			/* nor that */
	unsigned int mapped;		/* pages that dom0 has mapped now */
	struct xenstore_domain_interface xenstore;
	struct xencons_interface console;
};

extern struct guest guests[GUESTS];
/** The hypervisor cannot say which domains have changed, as Xen 4.17 cannot. */
extern bool kit_lists_only;
extern struct xs_handle *xs;

/** A cmocka group setup: threads, xenstore daemon, a client. */
int daemonkit_start(void **state);
/** Lets every thread run until nothing is left to do. */
void settle(void);
/** Makes the domain exist, with frames FRAME_XENSTORE + domid and FRAME_CONSOLE + domid. */
void guest_make(domid_t domid);
#define FRAME_XENSTORE 1000
#define FRAME_CONSOLE 2000
/** Introduces it to xenstore; returns the port that the daemon bound, 0 if it refused. */
unsigned int guest_introduce(domid_t domid);
/** Raises VIRQ_DOM_EXC and settles. */
void domain_exception(void);
/** How many ports are open. */
unsigned int ports_open(void);
