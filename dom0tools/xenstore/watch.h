/* SPDX-License-Identifier: MIT */
/*
 * A watch, as watch.c keeps it and event.c queues its events.
 */
#pragma once

#include "internal.h"

struct event;

struct watch {
	struct watch *next;		/* of the connection */
	struct watch *next_in_bucket;
	struct store_conn *conn;
	struct event *last;		/* the newest one that waits */
	uint32_t hash;
	uint32_t n_events;
	int depth;			/* levels below the path; -1: any */
	bool missed;			/* an event, for want of memory */
	uint16_t skip;
	char *path;			/* behind the token */
	char token[];
};

/** Queues an event of the watch; abs is the path as the tree has it. */
void event_queue(struct watch *watch, const char *abs);
/** Drops the events that wait for the watch. */
void events_drop(struct watch *watch);
