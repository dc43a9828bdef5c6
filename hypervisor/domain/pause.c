/* SPDX-License-Identifier: MIT */
/*
 * Keeping vCPUs off their CPUs: counts that add up, and the wait until nobody runs any more.
 *
 * Whoever pauses takes the vCPUs out of their queues, also when another has paused them before: that
 * one may be held up between its count and a queue, where a CPU would still find the vCPU and run it.
 */
#include <hv/domain.h>

#include <hv/arch.h>
#include <hv/cpu.h>

/* Until v, which may not run any more, has left its CPU and its registers are saved. */
static void wait_off_cpu(const struct vcpu *v)
{
	if (v == current_vcpu())
		return;
	while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
		arch_relax();
}

void vcpu_wait_let_go(const struct vcpu *v)
{
	wait_off_cpu(v);
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++)
		while (__atomic_load_n(&cpu_by_id(cpu)->leaving, __ATOMIC_ACQUIRE) == v)
			arch_relax();
}

void vcpu_pause(struct vcpu *v)
{
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep(v);
	wait_off_cpu(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
		vcpu_recheck(v);
}

void domain_pause(struct domain *d)
{
	domain_pause_nowait(d);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			wait_off_cpu(d->vcpu[i]);
}

void domain_pause_nowait(struct domain *d)
{
	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_sleep(d->vcpu[i]);
}

void domain_unpause(struct domain *d)
{
	if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST) != 0)
		return;
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_recheck(d->vcpu[i]);
}
