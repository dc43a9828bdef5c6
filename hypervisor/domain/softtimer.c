// SPDX-License-Identifier: MIT
/*
 * Timers on top of each CPU's one hardware timer. The hardware is touched only
 * when something must fire earlier than it is armed for: stopping a timer, or
 * setting it later, leaves it as it is, and the interrupt that then comes too early
 * finds nothing due and arms for the next. Guests set and stop their timers
 * thousands of times a second; that way most of it is a queue operation.
 *
 * Lock: the queue's, innermost but for the allocator's and the log's.
 */
#include <hv/timer.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/lock.h>
#include <hv/log.h>
#include <hv/sched.h>

struct cpu_timers {
	spinlock_t lock;
	struct timer_queue queue;	/* lock */
	uint64_t armed;			/* what the hardware is set for, 0: nothing; lock */
	struct timer *firing;		/* whose function runs now; written with the lock */
};

static struct cpu_timers cpu_timers[MAX_CPUS] = {
	[0 ... MAX_CPUS - 1] = { .lock = SPINLOCK("timers") },
};

/* The queue that t lies in, locked; t may be moved to another CPU until we hold it. */
static struct cpu_timers *lock_queue(const struct timer *t)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(t->cpu);
		struct cpu_timers *ct = &cpu_timers[cpu];

		spin_lock(&ct->lock);
		if (likely(t->cpu == cpu))
			return ct;
		spin_unlock(&ct->lock);
	}
}

/* Something on that CPU expires at t, earlier than all else: lock is held. */
static void arm(struct cpu_timers *ct, unsigned cpu, uint64_t t)
{
	if (ct->armed && ct->armed <= t)
		return;
	if (cpu != this_cpu()->id) {
		cpu_raise(cpu_by_id(cpu), CPU_WORK_TIMER);
		arch_kick_cpu(cpu);
	} else if (t <= arch_now_ns()) {
		cpu_raise(this_cpu(), CPU_WORK_TIMER);
	} else {
		ct->armed = t;
		arch_timer_set(t);
	}
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned cpu)
{
	*t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
}

void timer_set(struct timer *t, uint64_t expires)
{
	struct cpu_timers *ct = lock_queue(t);

	if (likely(!t->dead) && timer_queue_set(&ct->queue, t, expires))
		arm(ct, t->cpu, t->expires);
	spin_unlock(&ct->lock);
}

void timer_set_here(struct timer *t, uint64_t expires)
{
	if (unlikely(t->cpu != this_cpu()->id)) {
		timer_stop(t);
		timer_move(t, this_cpu()->id);
	}
	timer_set(t, expires);
}

void timer_stop(struct timer *t)
{
	struct cpu_timers *ct;

	ct = lock_queue(t);
	timer_queue_stop(&ct->queue, t);
	spin_unlock(&ct->lock);
}

void timer_kill(struct timer *t)
{
	struct cpu_timers *ct = lock_queue(t);

	t->dead = true;
	timer_queue_stop(&ct->queue, t);
	spin_unlock(&ct->lock);
	/* Not only there: it may have been moved since it began to fire. */
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++)
		while (cpu != this_cpu()->id && READ_ONCE(cpu_timers[cpu].firing) == t)
			arch_relax();
}

void timer_move(struct timer *t, unsigned cpu)
{
	struct cpu_timers *ct = lock_queue(t);
	bool was_set = timer_is_set(t);

	timer_queue_stop(&ct->queue, t);
	t->cpu = cpu;
	spin_unlock(&ct->lock);
	if (was_set)
		timer_set(t, t->expires);
}

void timer_run_expired(void)
{
	struct cpu *cpu = this_cpu();
	struct cpu_timers *ct = &cpu_timers[cpu->id];
	uint64_t now = arch_now_ns(), next;
	struct timer *t;

	spin_lock(&ct->lock);
	while ((t = timer_queue_due(&ct->queue, now))) {
		ct->firing = t;
		spin_unlock(&ct->lock);
		t->fn(t->arg);
		__atomic_store_n(&ct->firing, NULL, __ATOMIC_RELEASE);
		spin_lock(&ct->lock);
	}
	/* Always set anew: an interrupt may come some ns before the moment that we read. */
	ct->armed = 0;
	next = timer_queue_next(&ct->queue);
	if (next != TIMER_NEVER)
		arm(ct, cpu->id, next);
	spin_unlock(&ct->lock);
}

void timer_dump(void)
{
	uint64_t now = arch_now_ns();

	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++) {
		struct cpu_timers *ct = &cpu_timers[cpu];

		spin_lock(&ct->lock);
		log_printf("(XEN) CPU%u: now %lu ns, %u timers, hardware set for %ld ns from now\n",
			   cpu, now, ct->queue.heap.count,
			   ct->armed ? (int64_t)(ct->armed - now) : -1);
		spin_unlock(&ct->lock);
	}
}

unsigned timer_check(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < arch_nr_cpus(); i++) {
		struct cpu_timers *ct = &cpu_timers[i];
		unsigned wrong;

		spin_lock(&ct->lock);
		wrong = pheap_check(&ct->queue.heap);
		spin_unlock(&ct->lock);
		if (wrong)
			log_err("CPU%u: the timer queue has %u problems", i, wrong);
		n += wrong;
	}
	return n;
}
