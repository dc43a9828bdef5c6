/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon. Clients in dom0 reach it through pvguest/xenbus.h like
 * any guest does; xenstored_start() puts an in-process transport below
 * xs_open(), so nothing else is needed here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/**
 * Creates the store with dom0's own nodes, binds VIRQ_DOM_EXC and starts the
 * daemon's thread. After it xs_open() works in dom0. Returns 0 or a negative
 * newlib errno.
 */
int xenstored_start(void);

/**
 * Looks at all known domains now, as on VIRQ_DOM_EXC: whoever shut down or died
 * is announced by @releaseDomain. For use after domctl destroydomain.
 */
void xenstored_check_domains(void);

/**
 * The domain whose node name says so; false when there is none. One look through the
 * daemon's tree, where reading the node of each domain is a request for each.
 */
bool xenstored_find_domain(const char *name, domid_t *domid);

/** The other way round: false when the domain's node is missing or empty. */
bool xenstored_domain_name(domid_t domid, char *name, size_t size);
