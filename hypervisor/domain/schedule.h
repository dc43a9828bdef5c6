/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the scheduler share: the queue of each CPU (schedule.c), vCPUs that come to
 * it (schedwake.c), what a domain's vCPUs have in common (schedshare.c), vCPUs that move
 * (schedmove.c).
 */
#pragma once

#include <hv/sched.h>

#include <hv/domain.h>
#include <hv/lifecycle.h>
#include <hv/lock.h>
#include <hv/time.h>

struct cpu_sched {
	spinlock_t lock;
	/* lock must be held for these */
	struct runq queue;
	bool told;		/* that vCPUs wait here, in sched_waiting */
	uint64_t balance;	/* when to compare with other CPUs again */

	struct timer slice;	/* ends the turn of who runs while others wait */
};

extern struct cpu_sched cpu_sched[MAX_CPUS];
extern uint32_t sched_ratelimit_ns;
extern bool sched_several;		/* more than one CPU has asked for something to run */
extern cpumask_t sched_idle;		/* CPUs that run their idle vCPU; atomic */
extern cpumask_t sched_waiting;		/* CPUs where vCPUs wait; atomic */

/** Makes a CPU look again who should run there. */
void sched_want(unsigned cpu);

static inline bool sched_is_idle(const struct vcpu *v)
{
	return v == idle_vcpu[v->processor];
}

/* Whether v may run on that CPU, which is one that runs. */
static inline bool sched_may_run_on(const struct vcpu *v, unsigned cpu)
{
	return likely(v->sched.anywhere) || cpumask_has(&v->sched.hard_affinity, cpu);
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

/** Tells the other CPUs whether vCPUs wait in this queue. */
void sched_tell(struct cpu_sched *s);

static inline void sched_unlock(struct cpu_sched *s)
{
	if (unlikely(sched_several) && s->told == runq_is_empty(&s->queue))
		sched_tell(s);
	spin_unlock(&s->lock);
}

/* A CPU that idles, and where v may run, looks for something to run. */
static inline void sched_want_idle_cpu(const struct vcpu *v)
{
	cpumask_t idle;

	if (unlikely(cpumask_and(&idle, &sched_idle, &v->sched.hard_affinity)))
		sched_want(cpumask_first(&idle));
}

/* v is neither queued nor on a CPU: its run state when that has changed without a move. */
static inline void sched_settle_state(struct vcpu *v, uint64_t now)
{
	uint32_t holds = v->pause_count | v->domain->pause_count;

	vcpu_runstate_change(v, life_runstate(v->pause_flags, holds, false), now);
}

/** Queues v, whose queue's lock is held, if it is runnable and nowhere. */
void sched_enqueue(struct cpu_sched *s, struct vcpu *v, uint64_t now);

/* ---- schedshare.c: the lock of v's queue is held for all of these ---------------------- */

/** v wakes, and its claim is settled in the queue where it was last. */
void sched_settle(struct cpu_sched *s, struct vcpu *v);
/** v begins, or ceases, to want a CPU. */
void sched_join(struct cpu_sched *s, struct vcpu *v, uint64_t now);
void sched_leave(struct vcpu *v, uint64_t now);
/** v, of a domain of several vCPUs, begins to run. */
void sched_begin_shared(struct vcpu *v, uint64_t now);
/** Charges v, of such a domain or under a cap, for having run so long. */
void sched_charge_shared(struct cpu_sched *s, struct vcpu *v, uint64_t ran, uint64_t now);
/** v, which is under a cap, may run on: it has a grant. Else it is parked. */
bool sched_may_run_capped(struct vcpu *v, uint64_t now);
/** v waits, or does not wait any more, for the next period of its domain's cap. */
void sched_set_parked(struct vcpu *v, bool parked);
/** How v waits, whose domain has a cap. RUNQ_BY_TIME: it has a claim until it has run, or sleeps. Else
 *  it displaces nobody, because others of its domain that run or have a claim reach the cap, or because
 *  who did not sleep can still take its part later in the period. */
enum runq_wait sched_ask_claim(struct vcpu *v, bool slept, uint64_t now);
/** v runs under a cap. True when it has used up a grant and others of its domain are to have its
 *  claim: it goes on only if nobody else waits on this CPU. */
bool sched_passes_claim(struct vcpu *v, uint64_t now);
/** v leaves its CPU: what is left of its grant goes back, and its claim ends. */
void sched_grant_back(struct vcpu *v, uint64_t now);

static inline bool sched_is_capped(const struct vcpu *v)
{
	return v->domain->sched.share.cap;
}

static inline bool sched_has_claim(struct vcpu *v, uint64_t now)
{
	return likely(!sched_is_capped(v)) || sched_ask_claim(v, false, now) == RUNQ_BY_TIME;
}

static inline bool sched_may_run(struct vcpu *v, uint64_t now)
{
	return likely(!sched_is_capped(v)) || sched_may_run_capped(v, now);
}

static inline void sched_unpark(struct vcpu *v)
{
	if (unlikely(v->sched.parked))
		sched_set_parked(v, false);
}

/* Brings v's account of the time and of the queue up to now. */
static inline void sched_charge(struct cpu_sched *s, struct vcpu *v, uint64_t now)
{
	uint64_t ran = now - v->sched.since;

	if ((int64_t)ran <= 0)
		return;
	v->sched.since = now;
	if (unlikely(v->domain->max_vcpus > 1 || sched_is_capped(v)))
		sched_charge_shared(s, v, ran, now);
	else
		runq_charge(&s->queue, &v->sched.entity, ran);
}

/* ---- schedmove.c ----------------------------------------------------------------------- */

/** The CPU for v, which is about to be queued. */
unsigned sched_place(const struct vcpu *v);
/** v, whose queue's lock is held, will be queued on cpu: whoever unlocks then queues it. */
void sched_move(struct cpu_sched *s, struct vcpu *v, unsigned cpu, bool slept);
/** This CPU has nothing to run: queues here one that waits elsewhere. No lock is held before, and that of
 *  its queue afterwards: were it let go between, another CPU that idles could take the same one away. */
void sched_steal(unsigned cpu);
/** A turn under a cap has ended on this CPU, and one that waited here runs: takes one that deserves
 *  the CPU more from where it waits. No lock is held. */
void sched_pull(unsigned cpu, uint64_t now);
/** vCPUs wait on this CPU: sends some to where they deserve the CPU more than who runs there.
 *  No lock is held. */
void sched_balance(unsigned cpu, uint64_t now);
