// SPDX-License-Identifier: MIT
/*
 * The scheduler around hv/runq.h: locks, run states, time slices, and the switch.
 *
 * Where a vCPU stands:
 *
 *     on_cpu      it is the one that this CPU runs, or will go on running until
 *                 schedule() finds that it must not
 *     queued      it is runnable and waits in the queue of v->processor
 *     parked      it is runnable and waits for the next period of its domain's cap
 *     neither     something keeps it (VPF_*, a pause count)
 *
 * The queue's lock guards that and v->processor; a vCPU moves to another CPU only
 * while it is not on a CPU, and its registers have been saved (v->running is false).
 *
 * Locks: the queue's, two of them by number; inside it the domain's share or the timers'.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/time.h>

struct cpu_sched cpu_sched[MAX_CPUS];
cpumask_t sched_idle, sched_waiting;
bool sched_several;
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

void sched_tell(struct cpu_sched *s)
{
	unsigned cpu = (unsigned)(s - cpu_sched);

	s->told = !runq_is_empty(&s->queue);
	if (s->told)
		cpumask_add_atomic(&sched_waiting, cpu);
	else
		cpumask_remove_atomic(&sched_waiting, cpu);
}

static void slice_ended(void *arg)
{
	(void)arg;
	cpu_raise(this_cpu(), CPU_WORK_RESCHED);
}

/* ---- set-up --------------------------------------------------------------------------- */

void sched_init(void)
{
	cpumask_clear(&sched_idle);
	cpumask_clear(&sched_waiting);
	sched_several = false;
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		struct cpu_sched *s = &cpu_sched[i];

		spin_init_numbered(&s->lock, "sched queue", i);
		s->told = false;
		s->balance = 0;
		runq_init(&s->queue);
		timer_init(&s->slice, slice_ended, NULL, i);
	}
}

cpumask_t sched_online_cpus(void)
{
	return cpumask_first_n(arch_nr_cpus());
}

int sched_vcpu_init(struct vcpu *v)
{
	v->sched = (struct sched_vcpu){ .anywhere = true };
	v->sched.hard_affinity = v->sched.soft_affinity = cpumask_all();
	runq_entity_init(&v->sched.entity, sched_weight(v->domain));
	time_vcpu_init(v);
	return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);

	CHECK(!v->sched.on_cpu);
	if (runq_is_queued(&v->sched.entity))
		runq_remove(&s->queue, &v->sched.entity);
	sched_unpark(v);
	sched_leave(v, arch_now_ns());
	sched_unlock(s);
	time_vcpu_destroy(v);
}

/* ---- the switch ----------------------------------------------------------------------- */

static enum runq_reason why_look(const struct cpu_sched *s, const struct vcpu *running)
{
	if (running->sched.yields)
		return RUNQ_YIELD;
	return timer_is_set(&s->slice) ? RUNQ_WOKEN : RUNQ_TURN_OVER;
}

/* The first of the queue that may run now; those whose domain has used up its cap are parked. If
 * prev could go on: only one that it gives way to. */
static struct vcpu *pick(struct cpu_sched *s, const struct vcpu *prev, enum runq_reason why,
			 uint64_t now)
{
	struct runq_entity *e;

	while ((e = runq_pick(&s->queue))) {
		if (sched_may_run(sched_vcpu_of(e), now))
			return sched_vcpu_of(e);
		if (prev && !runq_should_switch(&s->queue, &prev->sched.entity, why))
			break;
	}
	return NULL;
}

/* Decides who runs next on this CPU, with prev charged and, when it goes on wanting the
 * CPU but does not get it, back in the queue. */
static struct vcpu *choose(struct cpu_sched *s, struct cpu *cpu, struct vcpu *prev, uint64_t now)
{
	struct vcpu *next, *none = idle_vcpu[cpu->id];
	enum runq_reason why = RUNQ_WOKEN;
	bool goes_on = false, gives_way, passes = false;

	if (!sched_is_idle(prev)) {
		sched_charge(s, prev, now);
		goes_on = vcpu_runnable(prev) && !prev->sched.parked &&
			  sched_may_run_on(prev, cpu->id);
		why = why_look(s, prev);
		gives_way = runq_should_switch(&s->queue, &prev->sched.entity, why);
		prev->sched.yields = false;
		passes = goes_on && sched_is_capped(prev) && sched_passes_claim(prev, now);
		if (goes_on && !gives_way && !passes) {
			if (sched_may_run(prev, now))
				return prev;
			goes_on = false;
		}
	}
	/* Before prev asks for more of a cap: another of its domain may wait for that. */
	next = pick(s, goes_on && !passes ? prev : NULL, why, now);
	if (!next && goes_on) {
		if (sched_may_run(prev, now))
			return prev;
		goes_on = false;
		next = pick(s, NULL, why, now);
	}
	if (!goes_on)
		return next ? next : none;
	prev->sched.entity.wait = passes ? RUNQ_MODEST : RUNQ_BY_TIME;
	runq_requeue(&s->queue, &prev->sched.entity);
	return next;
}

/* vCPUs wait on other CPUs. */
static bool others_wait(unsigned cpu)
{
	return !cpumask_is_empty(&sched_waiting) && !cpumask_is_only(&sched_waiting, cpu);
}

/* Nobody here: looks at the other CPUs. The lock is let go meanwhile, so it is chosen anew; and
 * once more when somebody came (this CPU does not count as idle any more then) and cannot run. */
static struct vcpu *choose_elsewhere(struct cpu_sched *s, struct cpu *cpu, struct vcpu *prev,
				     uint64_t *now)
{
	struct vcpu *none = idle_vcpu[cpu->id], *next = none;

	if (cpu->id)
		sched_several = true;
	do {
		/* Before the look: who queues after it sees that we idle, and kicks us. */
		cpumask_add_atomic(&sched_idle, cpu->id);
		if (!others_wait(cpu->id))
			break;
		runq_run(&s->queue, NULL);
		sched_unlock(s);
		sched_steal(cpu->id);
		__atomic_fetch_and(&cpu->work, ~(uint32_t)CPU_WORK_RESCHED, __ATOMIC_ACQUIRE);
		*now = arch_now_ns();
		next = choose(s, cpu, prev, *now);
	} while (next == none && !cpumask_has(&sched_idle, cpu->id));
	return next;
}

/* When next's turn ends: while others wait, or with its domain's cap. */
static void set_slice(struct cpu_sched *s, const struct vcpu *next, uint64_t now)
{
	uint64_t left = RUNQ_SLICE;
	bool ends = !runq_is_empty(&s->queue);

	if (unlikely(sched_is_capped(next)) && !sched_is_idle(next)) {
		ends = true;
		left = (uint64_t)next->sched.grant;
	}
	if (ends)
		timer_set(&s->slice, now + left);
	else if (timer_is_set(&s->slice))
		timer_stop(&s->slice);
}

/* prev has no CPU any more: who does not want one either is not of its domain's crowd. */
static void let_go(struct vcpu *prev, uint64_t now)
{
	prev->sched.on_cpu = false;
	if (sched_is_idle(prev)) {
		vcpu_runstate_change(prev, RUNSTATE_blocked, now);
		return;
	}
	if (unlikely(prev->sched.grant || prev->sched.claims))
		sched_grant_back(prev, now);
	if (!vcpu_runnable(prev)) {
		sched_unpark(prev);
		sched_leave(prev, now);
	}
	sched_settle_state(prev, now);
}

/* next has the CPU from now on: run states, and the end of its turn if others wait. */
static void hand_over(struct cpu_sched *s, struct vcpu *prev, struct vcpu *next, uint64_t now)
{
	let_go(prev, now);
	next->sched.on_cpu = true;
	next->sched.since = now;
	next->sched.came = now;
	next->running = true;
	vcpu_runstate_change(next, RUNSTATE_running, now);
	if (sched_is_idle(next)) {
		runq_run(&s->queue, NULL);
	} else {
		runq_run(&s->queue, &next->sched.entity);
		if (unlikely(next->domain->max_vcpus > 1))
			sched_begin_shared(next, now);
	}
	set_slice(s, next, now);
}

/* prev goes on, or the idle vCPU does. */
static void stay(struct cpu_sched *s, struct vcpu *prev, uint64_t now)
{
	if (sched_is_idle(prev))
		return;
	runq_run(&s->queue, &prev->sched.entity);
	if (unlikely(sched_is_capped(prev)))
		set_slice(s, prev, now);
	else if (!runq_is_empty(&s->queue) && !timer_is_set(&s->slice))
		timer_set(&s->slice, now + RUNQ_SLICE);
}

/* prev's registers are saved: it may run elsewhere, if here it must not (its affinity changed)
 * or another CPU has nothing to do. */
static void send_away(struct vcpu *prev)
{
	if (sched_is_idle(prev))
		return;
	if (runq_is_queued(&prev->sched.entity)) {
		if (sched_several)
			sched_want_idle_cpu(prev);
	} else if (vcpu_runnable(prev)) {
		vcpu_recheck(prev);
	}
}

/* The switch itself, without a lock: only this CPU touches the two. */
static void change_to(struct cpu *cpu, struct vcpu *prev, struct vcpu *next)
{
	if (!sched_is_idle(prev))
		time_vcpu_leaves(prev);
	cpu->current = next;
	arch_switch(prev, next);
	/* From then on its domain may end; what we hold keeps the structure until we are done. */
	cpu->leaving = prev;
	/* Before the look in send_away(): who wakes prev leaves it to us while this is set. */
	__atomic_store_n(&prev->running, false, __ATOMIC_SEQ_CST);
	send_away(prev);
	__atomic_store_n(&cpu->leaving, NULL, __ATOMIC_RELEASE);
	if (!sched_is_idle(next))
		time_vcpu_arrives(next);
}

/* Nobody waits and v may go on: there is nothing to choose. Without the lock: whoever changes
 * any of that asks this CPU to look again. */
static bool is_alone(const struct cpu_sched *s, const struct cpu *cpu, const struct vcpu *v)
{
	return !READ_ONCE(s->queue.heap.top) && vcpu_runnable(v) &&
	       sched_may_run_on(v, cpu->id) && !sched_is_capped(v) &&
	       v != idle_vcpu[cpu->id];
}

/* Others wait, or who runs must not go on: chooses, and switches. */
static __attribute__((noinline)) void look(struct cpu_sched *s, struct cpu *cpu)
{
	struct vcpu *prev = cpu->current, *next;
	uint64_t now = arch_now_ns();
	bool waiting, came, went;

	spin_lock(&s->lock);
	next = choose(s, cpu, prev, now);
	if (next == idle_vcpu[cpu->id])
		next = choose_elsewhere(s, cpu, prev, &now);
	if (next != idle_vcpu[cpu->id] && unlikely(cpumask_has(&sched_idle, cpu->id)))
		cpumask_remove_atomic(&sched_idle, cpu->id);
	if (next == prev)
		stay(s, prev, now);
	else
		hand_over(s, prev, next, now);
	/* Turns under a cap begin and end in the middle of others': who had the CPU, or may have it now,
	 * is not to lose by where it was. */
	came = next != prev && !sched_is_idle(next) && sched_is_capped(next);
	went = prev->sched.parked && !sched_is_idle(next);
	waiting = !runq_is_empty(&s->queue) && (came || now >= s->balance);
	if (waiting)
		s->balance = now + RUNQ_SLICE;
	sched_unlock(s);
	if (next != prev)
		change_to(cpu, prev, next);
	if (unlikely(went && sched_several))
		sched_pull(cpu->id, now);
	if (unlikely(waiting && sched_several))
		sched_balance(cpu->id, now);
}

void schedule(void)
{
	struct cpu *cpu = this_cpu();
	struct cpu_sched *s = &cpu_sched[cpu->id];

	__atomic_fetch_and(&cpu->work, ~(uint32_t)CPU_WORK_RESCHED, __ATOMIC_SEQ_CST);
	if (is_alone(s, cpu, cpu->current))
		cpu->current->sched.yields = false;
	else
		look(s, cpu);
}

/* ---- what others ask ------------------------------------------------------------------ */

/* In one piece with both: a guest's clock asks at each look. */
static inline __attribute__((always_inline)) void copy_runstate(const struct vcpu *v,
								struct vcpu_runstate_info *out)
{
	struct cpu_sched *s = sched_lock(v);

	*out = v->runstate;
	spin_unlock(&s->lock);
}

void vcpu_runstate_copy(const struct vcpu *v, struct vcpu_runstate_info *out)
{
	copy_runstate(v, out);
}

void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
	uint64_t now;

	copy_runstate(v, out);
	now = arch_now_ns();
	if (now > out->state_entry_time)
		out->time[out->state] += now - out->state_entry_time;
}
