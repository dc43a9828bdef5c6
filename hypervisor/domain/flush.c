// SPDX-License-Identifier: MIT
/*
 * Flushes of whole TLBs, noted by the clock of hv/tlb.h, which tells whose may still be stale.
 */
#include <hv/tlb.h>

#include <hv/arch.h>

void tlb_flush(const cpumask_t *cpus)
{
	uint64_t tick;

	if (likely(cpumask_is_only(cpus, arch_cpu_id()))) {
		tlb_flush_local();
		return;
	}
	tick = tlb_flush_begin();
	arch_tlb_flush_cpus(cpus);
	for_each_cpu(cpu, cpus)
		tlb_flush_done(cpu, tick);
}

void tlb_flush_local(void)
{
	uint64_t tick = tlb_flush_begin();

	arch_tlb_flush_local();
	tlb_flush_done(arch_cpu_id(), tick);
}

static __attribute__((noinline)) void flush_stale_of_many(uint32_t stamp)
{
	cpumask_t stale = { { 0 } };

	for (unsigned i = 0; i < cpumask_words; i++)
		stale.word[i] = tlb_stale_word(stamp, i);
	if (!cpumask_is_empty(&stale))
		tlb_flush(&stale);
}

void tlb_flush_stale(uint32_t stamp)
{
	uint64_t stale;

	if (unlikely(cpumask_words > 1)) {
		flush_stale_of_many(stamp);
		return;
	}
	stale = tlb_stale_word(stamp, 0);
	if (!stale)
		return;
	if (likely(stale == cpumask_bit(arch_cpu_id())))
		tlb_flush_local();
	else
		tlb_flush(&(cpumask_t){ { stale } });
}
