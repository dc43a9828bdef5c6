/* SPDX-License-Identifier: MIT */
/* Timers in system time, one queue a CPU. First version: the names that other parts rely on. */
#pragma once

#include <hv/types.h>

struct timer {
	uint64_t expires;	/* system time, ns */
	void (*fn)(void *);
	void *arg;
	uint32_t cpu;
	uint32_t heap_index;	/* position in the queue, 0: not queued */
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu);
/** (Re)arms; a time in the past fires at the next exit to a guest. */
void timer_set(struct timer *t, uint64_t expires);
void timer_stop(struct timer *t);
/** Runs what is due on this CPU and arms the hardware for the next. */
void timer_run_expired(void);
