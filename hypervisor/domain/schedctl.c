// SPDX-License-Identifier: MIT
/*
 * What the control domain sets of scheduling (weights, affinity, the rate limit), and
 * what the debug key shows of it.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/log.h>

void sched_set_weight(struct domain *d, unsigned weight)
{
	spin_lock(&d->sched.lock);
	d->sched.share.weight = weight;
	spin_unlock(&d->sched.lock);
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];
		struct cpu_sched *s;

		if (!v)
			continue;
		s = sched_lock(v);
		if (v->sched.on_cpu)
			sched_charge(s, v, arch_now_ns());
		runq_set_weight(&v->sched.entity, weight);
		spin_unlock(&s->lock);
	}
}

static bool covers_all(const cpumask_t *cpus)
{
	cpumask_t online = sched_online_cpus(), both;

	cpumask_and(&both, cpus, &online);
	return cpumask_equal(&both, &online);
}

/* The affinity that counts, now. */
static void apply_affinity(struct vcpu *v, const cpumask_t *cpus)
{
	struct cpu_sched *s = sched_lock(v);

	v->sched.hard_affinity = *cpus;
	v->sched.anywhere = covers_all(cpus);
	/* One that waits is placed anew: a CPU where it may run now may have nothing to do. */
	if (runq_is_queued(&v->sched.entity))
		runq_remove(&s->queue, &v->sched.entity);
	else if (v->sched.on_cpu && !sched_may_run_on(v, v->processor))
		sched_want(v->processor);
	sched_unlock(s);
	vcpu_recheck(v);
}

int sched_set_affinity(struct vcpu *v, const cpumask_t *cpus)
{
	cpumask_t online = sched_online_cpus();

	if (!cpumask_intersects(cpus, &online))
		return -XEN_EINVAL;
	if (v->sched.pinned)
		return -XEN_EBUSY;
	apply_affinity(v, cpus);
	return 0;
}

int sched_pin_override(struct vcpu *v, int cpu)
{
	cpumask_t only;

	if (cpu < 0) {
		if (!v->sched.pinned)
			return -XEN_EINVAL;
		apply_affinity(v, &v->sched.unpinned);
		v->sched.pinned = false;
		return 0;
	}
	if ((unsigned)cpu >= arch_nr_cpus())
		return -XEN_EINVAL;
	if (v->sched.pinned)
		return -XEN_EBUSY;
	v->sched.unpinned = v->sched.hard_affinity;
	v->sched.pinned = true;
	only = cpumask_of((unsigned)cpu);
	apply_affinity(v, &only);
	return 0;
}

uint32_t sched_ratelimit(void)
{
	return sched_ratelimit_ns;
}

void sched_set_ratelimit(uint32_t ns)
{
	sched_ratelimit_ns = ns;
}

/* ---- debug key r ---------------------------------------------------------------------- */

static void dump_vcpu(const char *where, const struct vcpu *v, uint64_t level)
{
	log_printf("(XEN)   %s %pv: weight %u, vtime %+ld us, flags %x, paused %u+%u\n", where, v,
		   v->sched.entity.weight, (int64_t)(v->sched.entity.vtime - level) / 1000,
		   v->pause_flags, v->pause_count, v->domain->pause_count);
}

void sched_dump(void)
{
	for (unsigned i = 0; i < arch_nr_cpus(); i++) {
		struct cpu_sched *s = &cpu_sched[i];
		struct vcpu *running = cpu_by_id(i)->current;

		spin_lock(&s->lock);
		log_printf("(XEN) CPU%u: now %lu us, queue at %lu us, %u waiting\n", i,
			   arch_now_ns() / 1000, s->queue.now / 1000, s->queue.heap.count);
		if (!sched_is_idle(running))
			dump_vcpu("runs", running, s->queue.now);
		for (struct pheap_node *n = s->queue.heap.top; n; n = pheap_next(n))
			dump_vcpu("waits", sched_vcpu_of(container_of(n, struct runq_entity, node)),
				  s->queue.now);
		spin_unlock(&s->lock);
	}
}

unsigned sched_check(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < arch_nr_cpus(); i++) {
		struct cpu_sched *s = &cpu_sched[i];
		unsigned wrong;

		spin_lock(&s->lock);
		wrong = runq_check(&s->queue);
		spin_unlock(&s->lock);
		if (wrong)
			log_err("CPU%u: the run queue has %u problems", i, wrong);
		n += wrong;
	}
	return n;
}
