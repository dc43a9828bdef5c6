/* SPDX-License-Identifier: MIT */
/*
 * Who runs next on a CPU: a proportional share by weight. Each entity carries its
 * virtual time: the CPU time that it was charged, divided by its weight. The one with the
 * least is picked, the one that waits longest among equals, so over time each gets CPU
 * in proportion to its weight, and none starves.
 *
 * A sleeper does not save up: when it wakes, its virtual time is brought to at
 * most RUNQ_LAG of its own run time behind the queue's. That head start lets whoever
 * mostly sleeps run at once when it wakes, in front of those that hog the CPU, and is
 * too small to be worth sleeping for.
 *
 * Every CPU has a queue, and virtual times are comparable between them: who moves takes
 * its own along, within a window around that of its new queue. Two queues keep step
 * because runq_compare() finds who waits on the one and deserves the other's CPU more
 * than who runs there. Queues between which nobody can move need not keep step;
 * the window is for those who come once they can.
 */
#pragma once

#include <hv/pheap.h>
#include <hv/types.h>

#define RUNQ_WEIGHT_DEFAULT 256
#define RUNQ_WEIGHT_MAX 65535
#define RUNQ_SLICE 10000000ULL		/* ns */
#define RUNQ_LAG   RUNQ_SLICE		/* ns of an entity's own run time */

/* How one waits that may not displace others: a domain's cap is the reason (hv/share.h). */
enum runq_wait {
	RUNQ_BY_TIME,	/* it may: by its virtual time alone */
	RUNQ_MODEST,	/* no better than at the queue's time */
	RUNQ_LAST,	/* behind all who wait otherwise, for a CPU that would idle */
};

struct runq_entity {
	struct pheap_node node;		/* key: vtime while it is queued */
	uint64_t vtime;			/* ns at the default weight */
	uint32_t factor;		/* virtual per charged time, 16 bits behind the point */
	uint32_t weight;
	uint32_t crowd;			/* charged time per real time, last time: hv/share.h */
	bool visitor;			/* comes from another queue */
	enum runq_wait wait;		/* set by who queues it */
	bool early;			/* came in ahead of the queue's time, and is still */
};

struct runq {
	struct pheap heap;
	struct runq_entity *running;	/* has the CPU, is not in the heap; NULL: idle */
	uint64_t now;			/* virtual time of the queue */
};

void runq_init(struct runq *q);
/** A new entity: when it is first woken it is treated as one that has slept for long. */
void runq_entity_init(struct runq_entity *e, unsigned weight);
/** weight 1 to RUNQ_WEIGHT_MAX; what was had so far stays. */
void runq_set_weight(struct runq_entity *e, unsigned weight);

/** e has the CPU from now on; NULL: nobody. */
static inline void runq_run(struct runq *q, struct runq_entity *e)
{
	q->running = e;
}

/** Charges e, which runs and so is not queued, for time in ns (crowd time of a domain with
 *  several vCPUs). */
void runq_charge(struct runq *q, struct runq_entity *e, uint64_t time);

/** Queues e, which has slept, or was held back (by a cap) while it wanted to run; one that comes
 *  from another queue keeps what it was due there. How it
 *  waits (e->wait) is set before. */
void runq_wake(struct runq *q, struct runq_entity *e, bool slept);
/** Queues e, which goes on being runnable but leaves the CPU. */
void runq_requeue(struct runq *q, struct runq_entity *e);
/** Takes e, which is queued, out. */
void runq_remove(struct runq *q, struct runq_entity *e);
/** e, neither queued nor running here any more, will be queued elsewhere. slept: it waits for
 *  something, so what it can claim is settled by this queue's time. */
void runq_depart(const struct runq *q, struct runq_entity *e, bool slept);
/** e wakes in place of one of its domain that left with that virtual time: no more is its due. */
void runq_floor(const struct runq *q, struct runq_entity *e, int64_t lag);

static inline bool runq_is_queued(const struct runq_entity *e)
{
	return e->node.queued;
}

static inline bool runq_is_empty(const struct runq *q)
{
	return !q->heap.top;
}

/** Takes out the one to run next; NULL when there is none. */
struct runq_entity *runq_pick(struct runq *q);

/* Why the one that runs is looked at. */
enum runq_reason {
	RUNQ_WOKEN,	/* somebody came: only one that has had less takes its place */
	RUNQ_TURN_OVER,	/* its slice has ended: also one that has had about as much */
	RUNQ_YIELD,	/* it lets any other go first */
};

/**
 * Whether running, which is not queued and has been charged up to now, should give
 * way to one that is queued.
 */
bool runq_should_switch(const struct runq *q, const struct runq_entity *running,
			enum runq_reason why);

/* What one who waits in a queue holds against those who run elsewhere. */
struct runq_claim {
	uint64_t vtime;
	uint64_t slice;		/* what one costs it: less than half of that is not worth a move */
	uint64_t level;		/* time of the queue where it waits */
};

struct runq_claim runq_claim(const struct runq *q, const struct runq_entity *e);
/**
 * Above zero: by so much the one who waits deserves this CPU more than who runs here, who
 * has been charged up to now, or than all who wait here. Else zero; who runs here and has
 * nobody to share with is then brought to the level of the other queue: it could not have
 * had more.
 */
int64_t runq_compare(struct runq *q, const struct runq_claim *c);

/** The number of things that are wrong with the queue; for tests. */
unsigned runq_check(const struct runq *q);
