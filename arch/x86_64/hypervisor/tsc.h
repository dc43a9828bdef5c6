/* SPDX-License-Identifier: MIT */
/* The TSC and the local APIC's timer. */
#pragma once

#include <hv/types.h>

/** Measures both; on the first CPU. */
void tsc_init(void);
/** Sets up another CPU's timer. */
void tsc_init_cpu(void);

/*
 * One CPU at a time compares its TSC with the first one's: while the one is in tsc_sync_cpu() the
 * other must be in tsc_sync_first(). If they cannot be brought together, the CPU gets a base of its own
 * (cpu.tsc_base), and guests are not told that the TSC is the same everywhere.
 */
void tsc_sync_first(void);
void tsc_sync_cpu(void);
