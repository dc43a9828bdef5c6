/* SPDX-License-Identifier: MIT */
/*
 * What a domain is due of the CPUs: its weight, which those of its vCPUs that want a
 * CPU divide among them, and its cap. Plain data: no lock, time is an argument.
 *
 * Crowd time: a vCPU that runs while n vCPUs of its domain want a CPU is charged n
 * times what it had. So a domain with three busy vCPUs gets what one with one gets.
 * The sum of n over time is kept here, and a vCPU is charged the difference between
 * two looks at it; that is exact however n changed in between.
 *
 * Cap: per cent of one CPU, for all vCPUs together. A period brings cap times its length
 * of run time; vCPUs take it in grants and give back what they did not use. An
 * overrun is owed by the next period, so that the cap is exact over time. What is not used is
 * lost, unless it was because others had the CPU.
 */
#pragma once

#include <hv/types.h>

#define SHARE_PERIOD	10000000ULL	/* ns */
#define SHARE_GRANT_MAX 10000000LL	/* ns */
#define SHARE_GRANT_MIN 100000LL	/* ns: as small may a grant be while there is more */
#define SHARE_CRUMB	10000LL		/* ns: less is not worth a switch */

struct share {
	uint32_t weight;
	uint32_t crowd;		/* vCPUs that want a CPU, running or waiting */
	uint64_t crowd_time;	/* sum of crowd over time, ns */
	uint64_t counted;	/* up to this time */
	uint32_t parked;	/* vCPUs that wait for the next period */
	uint32_t cap;		/* per cent of a CPU, 0: none */
	uint32_t claims;	/* vCPUs that run under the cap, or may displace others to do so */
	int64_t budget;		/* ns left in this period; below zero: owed */
	int64_t taken;		/* ns taken in this period */
	uint32_t out;		/* grants that vCPUs run on now, */
	uint64_t ends;		/* and the sum of when these end */
	bool passes;		/* one who waits has a claim beyond these: another has had its part */
	int64_t unused;		/* ns that nobody took in those before, since somebody took any */
	uint64_t period;	/* when it began */
	uint64_t level;		/* what the vCPU that took a grant last had taken before, ns */
};

void share_init(struct share *s, unsigned weight);

/** One vCPU more, or less, wants a CPU. */
void share_join(struct share *s, uint64_t now);
void share_leave(struct share *s, uint64_t now);
/** Crowd time up to now; it never goes back. */
uint64_t share_crowd_time(struct share *s, uint64_t now);

/** Sets the cap, 0: none; a new period begins. */
void share_set_cap(struct share *s, unsigned cap, uint64_t now);
/** Run time for vCPU number id, which has wanted it since that time, ns; 0: there is none before
 *  share_next(). */
int64_t share_take(struct share *s, unsigned id, uint64_t now, uint64_t since);
/** Gives back what is left of a grant; below zero: so much more was used. */
void share_give(struct share *s, int64_t left);
/** A vCPU begins to run on a grant, or ends: which would be used up by that time. */
void share_grant_begins(struct share *s, uint64_t ends);
void share_grant_over(struct share *s, uint64_t ends);
/** True when so many of the domain run or are about to that the cap asks for no more at
 *  once: one vCPU more may use what is idle, and has no claim on what others use. */
bool share_is_busy(const struct share *s);
/** True when the domain has not had its cap lately, though it wanted it. */
bool share_is_behind(struct share *s, uint64_t now);
/** True when some of the cap is left to take. */
bool share_has_some(struct share *s, uint64_t now);
/** When one vCPU more, beside those with a claim, must run to the end of the period to take what is left
 *  of the cap. 0: it must now; not before share_next(): not in this period. */
uint64_t share_needs_more(struct share *s, uint64_t now);
/** When the next period begins. */
uint64_t share_next(const struct share *s);
/** True when a new period would bring nothing: all of the last is still there. */
bool share_is_full(struct share *s, uint64_t now);
