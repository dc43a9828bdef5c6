/* SPDX-License-Identifier: MIT */
/*
 * The world around pvguest's modules in host tests: a hypervisor of a few lines that
 * knows event channels, time and blocking, and no more.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>

/** A fresh shared_info, time 1 s, no ports, no threads but "main". Usable as a cmocka setup. */
int kit_setup(void **state);

/** Moves the clock. */
void kit_advance(uint64_t ns);

/** Does what the hypervisor does for a new event on a port. */
void kit_raise(unsigned int port);

/** Called when the guest blocks, before the kit looks at the timer. NULL: nothing. */
extern void (*kit_on_block)(void);

/** Called when the guest yields: other CPUs run. NULL: nothing. */
extern void (*kit_on_yield)(void);

/** Called for hypercalls that the kit does not know; NULL: -XEN_ENOSYS. */
extern long (*kit_other_hypercall)(unsigned int nr, unsigned long a1, unsigned long a2,
				   unsigned long a3);

/** The CPU that runs: the test sets it. pv_this_cpu() is its structure. */
#define KIT_CPUS 4
extern unsigned int kit_cpu;

extern unsigned int kit_blocks;		/* how often the guest blocked */
extern unsigned int kit_sends[64];	/* notifications by port */
extern bool kit_open[64];		/* ports that are bound */
extern long kit_evtchn_error;		/* not 0: what binding returns */
extern uint64_t kit_yield_ns;		/* how long a yield takes */
