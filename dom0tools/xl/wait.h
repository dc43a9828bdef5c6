/* SPDX-License-Identifier: MIT */
/* Waiting at the prompt for something that a domain does, with a way out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

/** Sleeps up to 100 ms, less when a record changes. True: Ctrl-C was typed. */
bool wait_step(void);

/** What has become of a domain that one waits for. */
enum wait_result {
	WAIT_SHUT_DOWN,		/* it is there, but shut down */
	WAIT_DESTROYED,		/* or replaced by a restart */
	WAIT_INTERRUPTED,
};

struct record;

/**
 * Waits for the domain's end; *reason is set for WAIT_SHUT_DOWN. With its record, which is held
 * (or NULL), it is known even when the monitor was quicker.
 */
enum wait_result wait_for_end(domid_t domid, const struct record *record, unsigned *reason);
