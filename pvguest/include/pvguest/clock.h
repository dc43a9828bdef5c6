/* SPDX-License-Identifier: MIT */
/*
 * Time, and timers that fire once, each on the CPU that set it and may cancel it. The clocks
 * read the hypervisor's vcpu_time_info and the TSC: no hypercall. Timer functions run as event
 * handlers do: between threads, and they must not block.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_SEC	1000000000UL
#define NSEC_PER_MSEC	1000000UL
#define NSEC_PER_USEC	1000UL

/** ns since the machine started (Xen's system time); never goes back. Absolute deadlines
 * throughout the library are on this clock. */
uint64_t clock_monotonic_ns(void);

/** ns since 1970-01-01 UTC. */
uint64_t clock_wall_ns(void);

/** clock_monotonic_ns() of the start of this domain. */
uint64_t clock_start_ns(void);

/** A deadline `ns` from now. */
static inline uint64_t deadline_in(uint64_t ns)
{
	return clock_monotonic_ns() + ns;
}

struct timer {
	struct timer *next;	/* pending ones, soonest first */
	uint64_t deadline;
	void (*fn)(struct timer *t, void *ctx);
	void *ctx;
	bool pending;
};

/** Arms t: fn(t, ctx) is called once when `deadline_ns` is past. A pending timer is moved. */
void timer_set(struct timer *t, uint64_t deadline_ns, void (*fn)(struct timer *, void *),
	       void *ctx);

/** Disarms t; nothing happens when it is not pending. */
void timer_cancel(struct timer *t);

/** Runs what is due. The scheduler calls it. Returns whether anything ran. */
bool timer_poll(void);

/** The soonest deadline, or 0 when no timer is pending. */
uint64_t timer_next(void);

void clock_init(void);
