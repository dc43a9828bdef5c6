// SPDX-License-Identifier: MIT
/*
 * vCPUs that move between CPUs: where one that wakes is queued, what an idle CPU takes
 * from others, and how CPUs on which vCPUs wait keep step with each other.
 *
 * Locks: two queues, the one of the lower CPU first.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>

/* So many who wait are looked at for the one that deserves most; who looks because it idles
 * goes on until it finds one. */
#define LOOKS 16
/* So many CPUs a CPU compares itself with each time. */
#define PROBES 8

/* Where v may run. */
static bool allowed_cpus(const struct vcpu *v, cpumask_t *allowed)
{
	cpumask_t online = sched_online_cpus();

	return cpumask_and(allowed, &v->sched.hard_affinity, &online);
}

/* Where v would rather run, of the CPUs where it may. */
static cpumask_t preferred(const struct vcpu *v, const cpumask_t *allowed)
{
	cpumask_t soft;

	return cpumask_and(&soft, allowed, &v->sched.soft_affinity) ? soft : *allowed;
}

/* The CPU of a set where the fewest wait; that is a hint and needs no lock. */
static unsigned least_loaded(const cpumask_t *cpus)
{
	unsigned best = cpumask_first(cpus);

	for_each_cpu(i, cpus)
		if (READ_ONCE(cpu_sched[i].queue.heap.count) <
		    READ_ONCE(cpu_sched[best].queue.heap.count))
			best = i;
	return best;
}

unsigned sched_place(const struct vcpu *v)
{
	cpumask_t allowed, wish, idle;

	if (likely(!sched_several) && sched_may_run_on(v, v->processor))
		return v->processor;
	if (unlikely(!allowed_cpus(v, &allowed)))
		return v->processor;
	wish = preferred(v, &allowed);
	if (cpumask_and(&idle, &sched_idle, &wish) || cpumask_and(&idle, &sched_idle, &allowed))
		return cpumask_has(&idle, v->processor) ? v->processor : cpumask_first(&idle);
	/* Where it was, its caches may be warm; a new one has none. */
	if (cpumask_has(&wish, v->processor) && v->sched.came)
		return v->processor;
	return least_loaded(&wish);
}

void sched_move(struct cpu_sched *s, struct vcpu *v, unsigned cpu, bool slept)
{
	if (slept && !v->sched.entity.visitor)
		sched_settle(s, v);
	runq_depart(&s->queue, &v->sched.entity, slept);
	__atomic_store_n(&v->processor, cpu, __ATOMIC_RELEASE);
}

/* ---- from queue to queue -------------------------------------------------------------- */

static void lock_two(struct cpu_sched *a, struct cpu_sched *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	spin_lock(a < b ? &b->lock : &a->lock);
}

/* Whether v, which waits, may go to a CPU. Only one that would idle takes it away from where
 * it would rather run. */
static bool may_go(struct vcpu *v, unsigned to, bool idle)
{
	cpumask_t allowed, wish;

	if (v->running || !sched_may_run_on(v, to))
		return false;
	if (idle)
		return true;
	if (v->sched.entity.wait != RUNQ_BY_TIME || !sched_has_claim(v, arch_now_ns()))
		return false;
	allowed_cpus(v, &allowed);
	wish = preferred(v, &allowed);
	return cpumask_has(&wish, to) || !cpumask_has(&wish, v->processor);
}

/* v rather than best, to go to that CPU. */
static bool better(const struct vcpu *v, const struct vcpu *best, unsigned to)
{
	bool rather = cpumask_has(&v->sched.soft_affinity, to);
	bool last = v->sched.entity.wait == RUNQ_LAST;

	if (best && last != (best->sched.entity.wait == RUNQ_LAST))
		return !last;
	if (!best || rather != cpumask_has(&best->sched.soft_affinity, to))
		return !best || rather;
	return pheap_key_before(v->sched.entity.vtime, best->sched.entity.vtime);
}

/* Of those who wait in s, the one that deserves most and may go to that CPU. */
static struct vcpu *find(struct cpu_sched *s, unsigned to, bool idle)
{
	struct vcpu *best = NULL;
	unsigned looks = 0;

	for (struct pheap_node *n = s->queue.heap.top; n; n = pheap_next(n)) {
		struct vcpu *v = sched_vcpu_of(container_of(n, struct runq_entity, node));

		if (looks++ >= LOOKS && (best || !idle))
			break;
		if (may_go(v, to, idle) && better(v, best, to))
			best = v;
	}
	return best;
}

static void carry(struct cpu_sched *from, struct cpu_sched *to, struct vcpu *v, uint64_t now)
{
	runq_remove(&from->queue, &v->sched.entity);
	sched_move(from, v, (unsigned)(to - cpu_sched), false);
	sched_enqueue(to, v, now);
}

/* True with the lock of cpu's queue held, in which one stands that it took. */
static bool take_from(unsigned victim, unsigned cpu)
{
	struct cpu_sched *from = &cpu_sched[victim], *to = &cpu_sched[cpu];
	struct vcpu *v;

	lock_two(from, to);
	v = find(from, cpu, true);
	if (v)
		carry(from, to, v, arch_now_ns());
	sched_unlock(from);
	if (!v)
		sched_unlock(to);
	return v;
}

static unsigned most_loaded(const cpumask_t *cpus)
{
	unsigned best = cpumask_first(cpus);

	for_each_cpu(i, cpus)
		if (READ_ONCE(cpu_sched[i].queue.heap.count) >
		    READ_ONCE(cpu_sched[best].queue.heap.count))
			best = i;
	return best;
}

void sched_steal(unsigned cpu)
{
	cpumask_t all = cpumask_all(), busy;

	cpumask_and(&busy, &sched_waiting, &all);
	cpumask_remove(&busy, cpu);
	while (!cpumask_is_empty(&busy)) {
		unsigned victim = most_loaded(&busy);

		if (take_from(victim, cpu))
			return;
		cpumask_remove(&busy, victim);
	}
	spin_lock(&cpu_sched[cpu].lock);
}

/* ---- keeping step --------------------------------------------------------------------- */

/* Who waits here and may run there, against who runs there. */
static void compare(unsigned here, unsigned there, uint64_t now)
{
	struct cpu_sched *from = &cpu_sched[here], *to = &cpu_sched[there];
	struct vcpu *v;

	lock_two(from, to);
	v = find(from, there, false);
	if (v) {
		struct runq_claim claim = runq_claim(&from->queue, &v->sched.entity);

		if (to->queue.running)
			sched_charge(to, sched_vcpu_of(to->queue.running), now);
		if (runq_compare(&to->queue, &claim) > 0)
			carry(from, to, v, now);
	}
	sched_unlock(from);
	sched_unlock(to);
}

void sched_pull(unsigned cpu, uint64_t now)
{
	cpumask_t all = cpumask_all(), busy;
	unsigned probes = 0;

	cpumask_and(&busy, &sched_waiting, &all);
	cpumask_remove(&busy, cpu);
	for_each_cpu(there, &busy)
		if (probes++ < PROBES)
			compare(there, cpu, now);
}

void sched_balance(unsigned cpu, uint64_t now)
{
	static unsigned next[MAX_CPUS];
	unsigned there = next[cpu], n = arch_nr_cpus();

	for (unsigned probes = 0; probes < MIN(PROBES, n - 1); probes++) {
		there = (there + 1) % n;
		if (there == cpu)
			there = (there + 1) % n;
		compare(cpu, there, now);
	}
	next[cpu] = there;
}
