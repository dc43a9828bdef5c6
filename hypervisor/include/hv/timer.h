/* SPDX-License-Identifier: MIT */
/*
 * Timers in system time, one queue a CPU. A timer belongs to the CPU that it was
 * set up for (or moved to) and fires there, on the way out to a guest or out of
 * the idle loop, with no lock held. It may be set, stopped and set again from its
 * own function, and from any CPU.
 *
 * The queue itself is pure (core/timer.c); what knows the clock and the hardware
 * is domain/softtimer.c.
 */
#pragma once

#include <hv/pheap.h>
#include <hv/types.h>

struct timer {
	struct pheap_node node;	/* key: system time, ns */
	uint64_t expires;	/* as it was set last */
	void (*fn)(void *);
	void *arg;
	uint32_t cpu;
	bool dead;		/* timer_kill(): stays unset */
};

/* Latest time that a timer may be set to; later ones are brought to it. */
#define TIMER_NEVER ((uint64_t)INT64_MAX)

/* ---- the queue (core/timer.c) --------------------------------------------------------- */

/* Empty when it is all zeroes. */
struct timer_queue {
	struct pheap heap;
};

/** Adds t, or moves it when it is queued. True when it is the first to expire now. */
bool timer_queue_set(struct timer_queue *q, struct timer *t, uint64_t expires);
/** Takes t out; harmless when it is not queued. */
void timer_queue_stop(struct timer_queue *q, struct timer *t);
/** Takes out and returns the first that is due; NULL when none is. */
struct timer *timer_queue_due(struct timer_queue *q, uint64_t now);
/** When the first expires; TIMER_NEVER when there is none. */
uint64_t timer_queue_next(const struct timer_queue *q);

/* ---- running timers (domain/softtimer.c) ---------------------------------------------- */

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu);
/** (Re)arms; a time in the past fires at the next exit to a guest. */
void timer_set(struct timer *t, uint64_t expires);
/** The same on this CPU, whichever it was before. Only one CPU at a time may set t. */
void timer_set_here(struct timer *t, uint64_t expires);
void timer_stop(struct timer *t);
/** The same for good: it cannot be set again, also by its own function. When that is running on
 *  another CPU, waits for it to end. What holds t goes away; so the caller holds no lock that the
 *  function takes. */
void timer_kill(struct timer *t);
static inline bool timer_is_set(const struct timer *t)
{
	return t->node.queued;
}
/** Makes another CPU the one where it fires, set or not. */
void timer_move(struct timer *t, unsigned cpu);
/** Runs what is due on this CPU and arms the hardware for the next. */
void timer_run_expired(void);
/** Prints this CPU's timers (debug keys). */
void timer_dump(void);
/** Whole-state check of all timer queues; prints what is wrong, returns the number. */
unsigned timer_check(void);
