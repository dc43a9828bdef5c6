/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of each domain that was created here: its configuration, for
 * `xl list -l` and for restarts. A record outlives its domain during a
 * restart, so that whoever waits for the end of it all can tell.
 *
 *	STARTING --> RUNNING --> ENDING --> (forgotten)
 *	                ^           |
 *	                +-----------+  restarted, with a new domid
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "domconf/domconf.h"

enum record_state {
	RECORD_STARTING,	/* whoever creates it also looks after it */
	RECORD_RUNNING,		/* the monitor looks after it */
	RECORD_ENDING,		/* it has shut down and is being dealt with */
	RECORD_KEPT,		/* preserved after its end, or never to be monitored */
};

struct record {
	struct record *next;
	enum record_state state;
	domid_t domid;
	unsigned holders;	/* those who use it across a wait */
	bool forgotten;		/* off the list; freed with its last holder */
	bool monitored;
	bool cancelled;		/* while it is restarted: destroyed by the user meanwhile */
	uint64_t created_ns;	/* clock_monotonic_ns() */
	unsigned long serial;	/* rises; the order of creation */
	domid_t ended;		/* the last of its domains that has shut down, DOMID_INVALID: none */
	unsigned ended_reason;	/* why; SHUTDOWN_xxx */
	struct domconf conf;
};

/** Takes conf. NULL: out of memory, conf is then freed. The state is RECORD_STARTING. */
struct record *record_add(domid_t domid, struct domconf *conf);

/** The record of a living (or preserved) domain, or NULL. */
struct record *record_find(domid_t domid);
/** The record of this name whose domain has ended and may be made anew, or NULL. */
struct record *record_find_ending(const char *name);
struct record *record_first(void);

/** Takes it off the list, frees it when nobody holds it, and wakes those who wait. */
void record_forget(struct record *r);

/** Between these two a record stays in memory, though it may be forgotten meanwhile. */
void record_hold(struct record *r);
void record_drop(struct record *r);
void record_set_state(struct record *r, enum record_state state);

/** Waits at most ns for any record to change or vanish. */
void record_wait(uint64_t ns);
