/* SPDX-License-Identifier: MIT */
/*
 * Our own mistakes end here: a CHECK is always compiled in, in the hypervisor
 * and on the host. A guest's mistake is never a CHECK.
 */
#pragma once

#include <hv/types.h>

/** Prints who, why, registers and a backtrace, then stops or reboots the machine. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

#define CHECK(cond)                                                              \
	do {                                                                     \
		if (unlikely(!(cond)))                                           \
			panic("%s:%d: check failed: %s", __FILE__, __LINE__, #cond); \
	} while (0)
