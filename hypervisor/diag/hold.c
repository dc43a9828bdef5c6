// SPDX-License-Identifier: MIT
/*
 * See hv/hold.h. A CPU that stands has no lock and nothing to do. Another, still under way, may need
 * something done by it (that it lets go of a vCPU); it then goes, does that and stands again. So all
 * stand when none had anything to do, and none went meanwhile.
 */
#include <hv/hold.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/lock.h>

static bool holding;
static uint32_t standing, gone;	/* atomic: how many stand; how often one went */

void cpu_stand(void)
{
	struct cpu *c = this_cpu();

	if (!__atomic_load_n(&holding, __ATOMIC_SEQ_CST))
		return;
	__atomic_fetch_add(&standing, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&holding, __ATOMIC_SEQ_CST) && !c->work)
		arch_relax();
	__atomic_fetch_add(&gone, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&standing, 1, __ATOMIC_SEQ_CST);
	if (c->work)
		cpu_raise(c, CPU_WORK_HOLD);
}

static bool all_stand(void)
{
	uint32_t before = __atomic_load_n(&gone, __ATOMIC_SEQ_CST);

	if (__atomic_load_n(&standing, __ATOMIC_SEQ_CST) != arch_nr_cpus() - 1)
		return false;
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++)
		if (cpu != arch_cpu_id() && cpu_by_id(cpu)->work)
			return false;
	return before == __atomic_load_n(&gone, __ATOMIC_SEQ_CST);
}

bool cpus_hold(void)
{
	if (__atomic_exchange_n(&holding, true, __ATOMIC_SEQ_CST))
		return false;
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++) {
		if (cpu == arch_cpu_id())
			continue;
		cpu_raise(cpu_by_id(cpu), CPU_WORK_HOLD);
		arch_kick_cpu(cpu);
	}
	while (!all_stand())
		arch_relax();
	return true;
}

void cpus_release(void)
{
	__atomic_store_n(&holding, false, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&standing, __ATOMIC_SEQ_CST))
		arch_relax();
}
