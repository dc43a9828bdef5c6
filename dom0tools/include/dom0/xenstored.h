/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon. Clients in dom0 reach it through pvguest/xenbus.h like
 * any guest does; xenstored_start() puts an in-process transport below
 * xs_open(), so nothing else is needed here.
 */
#pragma once

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
