/* SPDX-License-Identifier: MIT */
/*
 * Who runs next: a proportional share by weight. Each entity carries its virtual
 * time: the CPU time it has had, divided by its weight. The one with the least is
 * picked, the one that waits longest among equals, so over time each gets CPU in
 * proportion to its weight, and none starves.
 *
 * A sleeper does not save up: when it wakes, its virtual time is brought to at
 * most RUNQ_LAG behind the queue's. That head start lets whoever mostly sleeps run
 * at once when it wakes, in front of those that hog the CPU, and is too small to
 * be worth sleeping for.
 */
#pragma once

#include <hv/pheap.h>
#include <hv/types.h>

#define RUNQ_WEIGHT_DEFAULT 256
#define RUNQ_WEIGHT_MAX 65535
#define RUNQ_SLICE 10000000ULL		/* ns */
#define RUNQ_LAG   RUNQ_SLICE		/* of virtual time, that is at the default weight */

struct runq_entity {
	struct pheap_node node;		/* key: vtime while it is queued */
	uint64_t vtime;			/* ns at the default weight */
	uint32_t factor;		/* virtual per real time, 16 bits behind the point */
	uint32_t weight;
};

struct runq {
	struct pheap heap;
	uint64_t now;			/* virtual time of the queue: never goes back */
};

void runq_init(struct runq *q);
/** A new entity: when it is first woken it is treated as one that has slept for long. */
void runq_entity_init(struct runq_entity *e, unsigned weight);
/** weight 1 to RUNQ_WEIGHT_MAX; what was had so far stays. */
void runq_set_weight(struct runq_entity *e, unsigned weight);

/** Charges e, which runs and so is not queued, for ran ns of CPU time. */
void runq_charge(struct runq *q, struct runq_entity *e, uint64_t ran);

/** Queues e, which has just become runnable (woken, unpaused, come from another CPU). */
void runq_wake(struct runq *q, struct runq_entity *e);
/** Queues e, which goes on being runnable but leaves the CPU. */
void runq_requeue(struct runq *q, struct runq_entity *e);
/** Takes e, which is queued, out. */
void runq_remove(struct runq *q, struct runq_entity *e);

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

/** The number of things that are wrong with the queue; for tests. */
unsigned runq_check(const struct runq *q);
