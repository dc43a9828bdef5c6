/* SPDX-License-Identifier: MIT */
/* Which I/O ports a domain reaches. */
#pragma once

#include <hv/types.h>

struct domain;

/** True when d may use all of [port, port + bytes) of the machine. */
bool ioport_granted(const struct domain *d, unsigned port, unsigned bytes);
/** Keeps [port, port + count) from every domain (console, interrupt controllers); boot. */
void ioport_reserve(unsigned port, unsigned count);
