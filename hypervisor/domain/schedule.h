/* SPDX-License-Identifier: MIT */
/* What the scheduler (schedule.c) and its controls (schedctl.c) share: the queue of each CPU. */
#pragma once

#include <hv/sched.h>

#include <hv/domain.h>
#include <hv/lock.h>

struct cpu_sched {
	spinlock_t lock;
	struct runq queue;
	struct timer slice;	/* ends the turn of who runs while others wait */
};

extern struct cpu_sched cpu_sched[SCHED_CPUS];
extern uint32_t sched_ratelimit_ns;

/** Makes a CPU look again who should run there. */
void sched_want(unsigned cpu);

static inline bool sched_is_idle(const struct vcpu *v)
{
	return v == idle_vcpu[v->processor];
}

static inline struct vcpu *sched_vcpu_of(struct runq_entity *e)
{
	return container_of(e, struct vcpu, sched.entity);
}

/* The queue of v, locked; v may be moved until we hold the lock. */
static inline struct cpu_sched *sched_lock(const struct vcpu *v)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(v->processor);
		struct cpu_sched *s = &cpu_sched[cpu];

		spin_lock(&s->lock);
		if (likely(v->processor == cpu))
			return s;
		spin_unlock(&s->lock);
	}
}

/* Brings v's account of the time and of the queue up to now. */
static inline void sched_charge(struct cpu_sched *s, struct vcpu *v, uint64_t now)
{
	if (now > v->sched.since) {
		runq_charge(&s->queue, &v->sched.entity, now - v->sched.since);
		v->sched.since = now;
	}
}
