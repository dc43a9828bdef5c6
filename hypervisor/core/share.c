// SPDX-License-Identifier: MIT
/* The sums behind hv/share.h. */
#include <hv/share.h>

#include <hv/check.h>

void share_init(struct share *s, unsigned weight)
{
	*s = (struct share){ .weight = weight };
}

/* ---- crowd time ----------------------------------------------------------------------- */

uint64_t share_crowd_time(struct share *s, uint64_t now)
{
	if (now > s->counted) {
		s->crowd_time += s->crowd * (now - s->counted);
		s->counted = now;
	}
	return s->crowd_time;
}

void share_join(struct share *s, uint64_t now)
{
	share_crowd_time(s, now);
	s->crowd++;
}

void share_leave(struct share *s, uint64_t now)
{
	CHECK(s->crowd);
	share_crowd_time(s, now);
	s->crowd--;
}

/* ---- cap ------------------------------------------------------------------------------ */

static int64_t quota(const struct share *s)
{
	return (int64_t)(SHARE_PERIOD / 100 * s->cap);
}

/* So many periods are kept at most. */
#define PERIODS_KEPT 16

/* Begins the periods that have come, and adds up what nobody took in those before. */
static void refill(struct share *s, uint64_t now)
{
	uint64_t periods;

	if (now < s->period + SHARE_PERIOD)
		return;
	periods = (now - s->period) / SHARE_PERIOD;
	s->period += periods * SHARE_PERIOD;
	/* A debt is at most some overruns; a second's worth of periods pays any. */
	periods = MIN(periods, 1000000000ULL / SHARE_PERIOD);
	s->unused += MAX(quota(s) - s->taken, 0) + (int64_t)(periods - 1) * quota(s);
	s->unused = MIN(s->unused, (int64_t)(1000000000ULL / SHARE_PERIOD) * quota(s));
	s->taken = 0;
	s->budget += (int64_t)periods * quota(s);
}

/* What was not used is lost, but for a crumb that nobody was given, and but for the periods over
 * which the one that takes now has been waiting: those it could not use. */
static void lose_unused(struct share *s, uint64_t since)
{
	int64_t kept = SHARE_CRUMB;

	if (since < s->period)
		kept += (int64_t)MIN((s->period - since) / SHARE_PERIOD + 1, PERIODS_KEPT) * quota(s);
	if (s->unused > kept && s->budget > quota(s))
		s->budget = MAX(s->budget - (s->unused - kept), quota(s));
	s->unused = 0;
	s->budget = MIN(s->budget, PERIODS_KEPT * quota(s) + SHARE_CRUMB);
}

void share_set_cap(struct share *s, unsigned cap, uint64_t now)
{
	s->cap = cap;
	s->period = now;
	s->budget = quota(s);
	s->taken = s->unused = 0;
	s->level = 0;
}

/* Each of them a part, so that none waits for the next period because of another. With a CPU for
 * each the whole of it goes to as many as the cap has CPUs, others each time: were it divided, all
 * would stop before the end, and who needs their CPUs has more than it can use then. */
static int64_t part_of(const struct share *s, unsigned id, uint64_t now)
{
	uint32_t crowd = MAX(s->crowd, 1U), whole = s->cap / 100;
	uint64_t turn = s->period / SHARE_PERIOD + id;
	int64_t part = quota(s) / crowd;

	if (crowd > DIV_ROUND_UP(s->cap, 100))
		return part;
	if (whole >= crowd || turn % crowd < whole)
		return (int64_t)(share_next(s) - now);
	return MAX((quota(s) - (int64_t)(whole * SHARE_PERIOD)) / (crowd - whole), part / 4);
}

int64_t share_take(struct share *s, unsigned id, uint64_t now, uint64_t since)
{
	int64_t part;

	refill(s, now);
	lose_unused(s, since);
	if (s->budget < SHARE_CRUMB)
		return 0;
	part = MAX(part_of(s, id, now), SHARE_GRANT_MIN);
	part = MIN(MIN(part, s->budget), SHARE_GRANT_MAX);
	s->budget -= part;
	s->taken += part;
	return part;
}

bool share_is_busy(const struct share *s)
{
	return s->cap && s->claims >= DIV_ROUND_UP(s->cap, 100);
}

void share_grant_begins(struct share *s, uint64_t ends)
{
	s->out++;
	s->ends += ends;
}

void share_grant_over(struct share *s, uint64_t ends)
{
	CHECK(s->out);
	s->out--;
	s->ends -= ends;
}

uint64_t share_needs_more(struct share *s, uint64_t now)
{
	int64_t rest, left;

	refill(s, now);
	left = (int64_t)(share_next(s) - now);
	rest = s->budget + (int64_t)(s->ends - s->out * now);
	/* While they run on, what is left of the cap and what they can use of it shrink alike. */
	if (rest >= (s->claims + 1) * left)
		return 0;
	return now + (uint64_t)((s->claims + 1) * left - rest);
}

bool share_is_behind(struct share *s, uint64_t now)
{
	refill(s, now);
	return s->budget > quota(s) + quota(s) / 32;
}

bool share_has_some(struct share *s, uint64_t now)
{
	refill(s, now);
	return s->budget >= SHARE_CRUMB;
}

void share_give(struct share *s, int64_t left)
{
	s->budget += left;
	s->taken -= left;
}

uint64_t share_next(const struct share *s)
{
	return s->period + SHARE_PERIOD;
}

bool share_is_full(struct share *s, uint64_t now)
{
	refill(s, now);
	return !s->cap || s->budget >= quota(s);
}
