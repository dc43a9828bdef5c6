/* SPDX-License-Identifier: MIT */
/* A domain's watchdog timers (sched_op watchdog). */
#pragma once

#include <hv/types.h>

struct domain;

#define WATCHDOGS 2	/* of each domain */

void watchdog_init(struct domain *d);
void watchdog_destroy(struct domain *d);
/**
 * id 0 starts a new one: its id (1 to WATCHDOGS), or -XEN_ENOSPC. Any other id sets that
 * one again, or ends it when timeout is 0: 0, or -XEN_EINVAL when there is no such.
 */
int watchdog_set(struct domain *d, uint32_t id, uint32_t timeout_s);
