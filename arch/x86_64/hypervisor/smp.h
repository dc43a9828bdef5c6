/* SPDX-License-Identifier: MIT */
/* All CPUs: how they are started, numbered, asked for something, and stopped. */
#pragma once

#include <hv/types.h>

/* Pages below 1 MiB that smp_init() needs, one after the other. */
#define SMP_LOW_PAGES 5

/**
 * Starts the machine's other CPUs, as many as fit under max (0: all). low: the physical address of
 * SMP_LOW_PAGES pages of RAM below 1 MiB, 0: there are none, and so no other CPUs.
 */
void smp_init(uint64_t low, unsigned max);

/** The APIC id by which interrupts reach a CPU. */
uint32_t smp_apic_id(unsigned cpu);

/** Answers what other CPUs ask of this one: flushes, calls. */
void smp_answer(void);

/** Stops the others for good, wherever they are. */
void smp_stop_others(void);
/** A non-maskable interrupt came: does not return when it was smp_stop_others(). */
void smp_nmi(void);
