// SPDX-License-Identifier: MIT
/*
 * The scheduler's ways for a vCPU to begin and to cease to want a CPU: events, pauses, blocking.
 * Who then runs decides schedule.c; its table of where a vCPU stands holds here, too.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>

static void end_turn(struct cpu_sched *s, uint64_t when)
{
	if (!timer_is_set(&s->slice) || when < s->slice.expires)
		timer_set(&s->slice, when);
}

/* v was queued on its CPU: shall that CPU look again, or another that has nothing to do? */
static void tickle(struct cpu_sched *s, const struct vcpu *v, uint64_t now)
{
	const struct runq_entity *running = s->queue.running;
	uint64_t came;

	if (!running) {
		/* No other need go there: who comes next looks for another idle CPU. */
		if (sched_several)
			cpumask_remove_atomic(&sched_idle, v->processor);
		sched_want(v->processor);
		return;
	}
	came = container_of(running, struct vcpu, sched.entity)->sched.came;
	if (!runq_should_switch(&s->queue, running, RUNQ_WOKEN)) {
		if (!timer_is_set(&s->slice))
			timer_set(&s->slice, now + RUNQ_SLICE);
	} else if (likely(now - came >= sched_ratelimit_ns)) {
		sched_want(v->processor);
	} else {
		end_turn(s, came + sched_ratelimit_ns);
	}
	if (sched_several)
		sched_want_idle_cpu(v);
}

/* Runnable, and neither queued nor on a CPU nor parked. */
static bool wants_queue(const struct vcpu *v)
{
	return !v->sched.on_cpu && !runq_is_queued(&v->sched.entity) && !v->sched.parked &&
	       vcpu_runnable(v);
}

void sched_enqueue(struct cpu_sched *s, struct vcpu *v, uint64_t now)
{
	struct runq_entity *running = s->queue.running;
	bool slept = !v->sched.wanting;

	if (!wants_queue(v))
		return;
	if (running)
		sched_charge(s, sched_vcpu_of(running), now);
	if (slept)
		sched_join(s, v, now);
	v->sched.entity.wait = sched_is_capped(v) ? sched_ask_claim(v, slept, now) : RUNQ_BY_TIME;
	runq_wake(&s->queue, &v->sched.entity, slept);
	/* Before the look at who idles: they look at who waits once they count as idle. */
	if (unlikely(sched_several && !s->told))
		sched_tell(s);
	vcpu_runstate_change(v, RUNSTATE_runnable, now);
	tickle(s, v, now);
}

void vcpu_recheck(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);
	uint64_t now = arch_now_ns();
	unsigned cpu;

	if (!wants_queue(v)) {
		/* A pause that ended may leave it blocked: what it waits for has changed. */
		if (!v->sched.on_cpu && !runq_is_queued(&v->sched.entity))
			sched_settle_state(v, now);
		spin_unlock(&s->lock);
		return;
	}
	cpu = sched_place(v);
	if (unlikely(cpu != v->processor)) {
		/* Its registers are still being saved: that CPU asks again when they are. */
		if (v->running && !sched_may_run_on(v, v->processor)) {
			spin_unlock(&s->lock);
			return;
		}
		if (!v->running) {
			sched_move(s, v, cpu, !v->sched.wanting);
			spin_unlock(&s->lock);
			s = sched_lock(v);
		}
	}
	sched_enqueue(s, v, now);
	sched_unlock(s);
}

void vcpu_wake(struct vcpu *v)
{
	/* While it still counts as blocked: the other way round it could go on, poll again, and
	 * that poll would be ended here. Too early a wake-up does no harm, a lost one does. */
	if (unlikely(v->polling))
		vcpu_poll_end(v);
	if (v->pause_flags & VPF_BLOCKED)
		__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_BLOCKED, __ATOMIC_SEQ_CST);
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
		uint64_t now = arch_now_ns();

		if (runq_is_queued(&v->sched.entity))
			runq_remove(&s->queue, &v->sched.entity);
		sched_unpark(v);
		sched_leave(v, now);
		sched_settle_state(v, now);
	}
	sched_unlock(s);
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
