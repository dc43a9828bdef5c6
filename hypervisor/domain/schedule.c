// SPDX-License-Identifier: MIT
/*
 * The scheduler around hv/runq.h: locks, run states, time slices, and the switch.
 *
 * Where a vCPU stands:
 *
 *     on_cpu      it is the one that this CPU runs, or will go on running until
 *                 schedule() finds that it must not
 *     queued      it is runnable and waits in the queue of v->processor
 *     neither     something keeps it (VPF_*, a pause count)
 *
 * The queue's lock guards that and v->processor; a vCPU moves to another CPU only
 * while it is neither, and its registers have been saved (v->running is false).
 *
 * Locks: the queue's; inside it the timer lock.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lifecycle.h>
#include <hv/time.h>
#include <hv/watchdog.h>

struct cpu_sched cpu_sched[SCHED_CPUS];
static volatile uint64_t idle_cpus;	/* a bit for each CPU that runs its idle vCPU */
uint32_t sched_ratelimit_ns;

void sched_want(unsigned cpu)
{
	struct cpu *me = this_cpu();

	if (cpu == me->id) {
		cpu_raise(me, CPU_WORK_RESCHED);
		return;
	}
	cpu_raise(cpu_by_id(cpu), CPU_WORK_RESCHED);
	arch_kick_cpu(cpu);
}

static void slice_ended(void *arg)
{
	(void)arg;
	cpu_raise(this_cpu(), CPU_WORK_RESCHED);
}

/* ---- set-up --------------------------------------------------------------------------- */

void sched_init(void)
{
	for (unsigned i = 0; i < SCHED_CPUS; i++) {
		struct cpu_sched *s = &cpu_sched[i];

		spin_init_numbered(&s->lock, "sched queue", i);
		runq_init(&s->queue);
		timer_init(&s->slice, slice_ended, NULL, i);
	}
}

uint64_t sched_online_cpus(void)
{
	unsigned n = arch_nr_cpus();

	return n >= 64 ? ~0ULL : (1ULL << n) - 1;
}

int sched_vcpu_init(struct vcpu *v)
{
	unsigned weight = v->domain->sched_weight;

	v->sched = (struct sched_vcpu){ .hard_affinity = ~0ULL, .soft_affinity = ~0ULL };
	runq_entity_init(&v->sched.entity, weight ? weight : RUNQ_WEIGHT_DEFAULT);
	time_vcpu_init(v);
	return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);

	CHECK(!v->sched.on_cpu);
	if (runq_is_queued(&v->sched.entity))
		runq_remove(&s->queue, &v->sched.entity);
	spin_unlock(&s->lock);
	time_vcpu_destroy(v);
}

void sched_domain_init(struct domain *d)
{
	d->sched_weight = RUNQ_WEIGHT_DEFAULT;
	d->sched_cap = 0;
	watchdog_init(d);
}

void sched_domain_destroy(struct domain *d)
{
	watchdog_destroy(d);
}

/* ---- waking and sleeping -------------------------------------------------------------- */

/* A better CPU than its own for a vCPU that is about to be queued: one that is idle, among
 * those where it may run; else its own; else the first allowed. */
static unsigned choose_cpu(const struct vcpu *v)
{
	uint64_t allowed = v->sched.hard_affinity & sched_online_cpus();
	uint64_t idle = allowed & idle_cpus;
	uint64_t best = idle ? idle : allowed;

	if (!best || (best & 1ULL << v->processor))
		return v->processor;
	if (best & v->sched.soft_affinity)
		best &= v->sched.soft_affinity;
	return (unsigned)__builtin_ctzll(best);
}

/* v was queued on its CPU: shall that CPU look again? */
static void tickle(struct cpu_sched *s, struct vcpu *v, struct vcpu *running, uint64_t now)
{
	if (sched_is_idle(running)) {
		sched_want(v->processor);
	} else if (runq_should_switch(&s->queue, &running->sched.entity, RUNQ_WOKEN)) {
		if (likely(now - running->sched.came >= sched_ratelimit_ns))
			sched_want(v->processor);
		else
			timer_set(&s->slice, running->sched.came + sched_ratelimit_ns);
	} else if (!timer_is_set(&s->slice)) {
		timer_set(&s->slice, now + RUNQ_SLICE);
	}
}

static void enqueue(struct cpu_sched *s, struct vcpu *v, uint64_t now)
{
	struct vcpu *running = cpu_by_id(v->processor)->current;

	if (!sched_is_idle(running))
		sched_charge(s, running, now);
	runq_wake(&s->queue, &v->sched.entity);
	vcpu_runstate_change(v, RUNSTATE_runnable, now);
	tickle(s, v, running, now);
}

/* Runnable, and neither queued nor on a CPU. */
static bool wants_queue(const struct vcpu *v)
{
	return !v->sched.on_cpu && !runq_is_queued(&v->sched.entity) && vcpu_runnable(v);
}

void vcpu_recheck(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);
	unsigned cpu;

	if (!wants_queue(v)) {
		int state = life_runstate(v->pause_flags, v->pause_count | v->domain->pause_count,
					  v->sched.on_cpu);

		/* A pause that ended may leave it blocked: what it waits for has changed. */
		if (!v->sched.on_cpu && !runq_is_queued(&v->sched.entity))
			vcpu_runstate_change(v, state, arch_now_ns());
		spin_unlock(&s->lock);
		return;
	}
	cpu = choose_cpu(v);
	if (unlikely(cpu != v->processor) && !v->running) {
		v->processor = cpu;
		spin_unlock(&s->lock);
		s = sched_lock(v);
		if (!wants_queue(v)) {
			spin_unlock(&s->lock);
			return;
		}
	}
	enqueue(s, v, arch_now_ns());
	spin_unlock(&s->lock);
}

void vcpu_wake(struct vcpu *v)
{
	if (v->pause_flags & VPF_BLOCKED)
		__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_BLOCKED, __ATOMIC_SEQ_CST);
	if (unlikely(v->polling))
		vcpu_poll_end(v);
	if (v != current_vcpu())	/* who runs looks at itself before it leaves */
		vcpu_recheck(v);
}

void vcpu_sleep(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);

	if (vcpu_runnable(v)) {
		spin_unlock(&s->lock);
		return;
	}
	if (v->sched.on_cpu) {
		sched_want(v->processor);
	} else {
		if (runq_is_queued(&v->sched.entity))
			runq_remove(&s->queue, &v->sched.entity);
		vcpu_runstate_change(v, life_runstate(v->pause_flags,
						      v->pause_count | v->domain->pause_count,
						      false), arch_now_ns());
	}
	spin_unlock(&s->lock);
}

void vcpu_block(void)
{
	struct vcpu *v = current_vcpu();

	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	/* An event that came before the flag was set has not woken us. */
	if (READ_ONCE(v->info->evtchn_upcall_pending) && !READ_ONCE(v->info->evtchn_upcall_mask))
		__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_BLOCKED, __ATOMIC_SEQ_CST);
	else
		cpu_raise(this_cpu(), CPU_WORK_RESCHED);
}

void vcpu_block_enable_events(void)
{
	WRITE_ONCE(current_vcpu()->info->evtchn_upcall_mask, 0);
	vcpu_block();
}

void vcpu_yield(void)
{
	current_vcpu()->sched.yields = true;
	cpu_raise(this_cpu(), CPU_WORK_RESCHED);
}

/* ---- the switch ----------------------------------------------------------------------- */

static enum runq_reason why_look(const struct cpu_sched *s, const struct vcpu *running)
{
	if (running->sched.yields)
		return RUNQ_YIELD;
	return timer_is_set(&s->slice) ? RUNQ_WOKEN : RUNQ_TURN_OVER;
}

/* Decides who runs next on this CPU, with prev charged and, when it goes on wanting the
 * CPU but does not get it, back in the queue. */
static struct vcpu *choose(struct cpu_sched *s, struct cpu *cpu, struct vcpu *prev, uint64_t now)
{
	bool goes_on = false, gives_way;
	struct runq_entity *e;

	if (!sched_is_idle(prev)) {
		sched_charge(s, prev, now);
		goes_on = vcpu_runnable(prev) &&
			  (prev->sched.hard_affinity & 1ULL << cpu->id);
		gives_way = runq_should_switch(&s->queue, &prev->sched.entity, why_look(s, prev));
		prev->sched.yields = false;
		if (goes_on && !gives_way)
			return prev;
	}
	e = runq_pick(&s->queue);
	if (goes_on)
		runq_requeue(&s->queue, &prev->sched.entity);
	return e ? sched_vcpu_of(e) : idle_vcpu[cpu->id];
}

/* next has the CPU from now on: run states, and the end of its turn if others wait. */
static void hand_over(struct cpu_sched *s, struct cpu *cpu, struct vcpu *prev, struct vcpu *next,
		      uint64_t now)
{
	uint64_t bit = 1ULL << cpu->id;

	prev->sched.on_cpu = false;
	next->sched.on_cpu = true;
	next->sched.since = now;
	next->sched.came = now;
	next->running = true;
	if (sched_is_idle(prev)) {
		vcpu_runstate_change(prev, RUNSTATE_blocked, now);
		__atomic_fetch_and(&idle_cpus, ~bit, __ATOMIC_RELAXED);
	} else {
		vcpu_runstate_change(prev, life_runstate(prev->pause_flags,
							 prev->pause_count |
							 prev->domain->pause_count, false), now);
	}
	vcpu_runstate_change(next, RUNSTATE_running, now);
	if (sched_is_idle(next))
		__atomic_fetch_or(&idle_cpus, bit, __ATOMIC_RELAXED);
	else if (!runq_is_empty(&s->queue))
		timer_set(&s->slice, now + RUNQ_SLICE);
	else if (timer_is_set(&s->slice))
		timer_stop(&s->slice);
}

/* prev must not run here any more, but may elsewhere (its affinity changed). */
static void send_away(struct vcpu *prev)
{
	if (!sched_is_idle(prev) && vcpu_runnable(prev) && !runq_is_queued(&prev->sched.entity))
		vcpu_recheck(prev);
}

void schedule(void)
{
	struct cpu *cpu = this_cpu();
	struct cpu_sched *s = &cpu_sched[cpu->id];
	struct vcpu *prev = cpu->current, *next;
	uint64_t now;

	__atomic_fetch_and(&cpu->work, ~(uint32_t)CPU_WORK_RESCHED, __ATOMIC_ACQUIRE);
	now = arch_now_ns();
	spin_lock(&s->lock);
	next = choose(s, cpu, prev, now);
	if (next == prev) {
		if (sched_is_idle(prev))
			__atomic_fetch_or(&idle_cpus, 1ULL << cpu->id, __ATOMIC_RELAXED);
		else if (!runq_is_empty(&s->queue) && !timer_is_set(&s->slice))
			timer_set(&s->slice, now + RUNQ_SLICE);
		spin_unlock(&s->lock);
		return;
	}
	hand_over(s, cpu, prev, next, now);
	spin_unlock(&s->lock);

	if (!sched_is_idle(prev))
		time_vcpu_leaves(prev);
	cpu->current = next;
	arch_switch(prev, next);
	__atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
	send_away(prev);
	if (!sched_is_idle(next))
		time_vcpu_arrives(next);
}

/* ---- what others ask ------------------------------------------------------------------ */

void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
	struct cpu_sched *s = sched_lock(v);
	uint64_t now = arch_now_ns();

	*out = v->runstate;
	spin_unlock(&s->lock);
	if (now > out->state_entry_time)
		out->time[out->state] += now - out->state_entry_time;
}
