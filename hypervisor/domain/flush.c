// SPDX-License-Identifier: MIT
/*
 * Flushes of whole TLBs, noted by the clock of hv/tlb.h, which tells whose may still be stale.
 */
#include <hv/tlb.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/frame.h>

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

/* Mostly nobody is stale, or this CPU alone. False: others have to be asked. */
static inline bool flush_here(uint32_t stamp)
{
	uint64_t stale;

	if (unlikely(cpumask_words > 1))
		return false;
	stale = tlb_stale_word(stamp, 0);
	if (likely(stale == cpumask_bit(arch_cpu_id()))) {
		tlb_flush_local();
		return true;
	}
	return !stale;
}

/* Those that have not flushed since the stamp; with a domain only those that run it. */
static __attribute__((noinline)) void flush_others(uint32_t stamp, const struct domain *d)
{
	cpumask_t stale, cpus;

	cpumask_clear(&stale);
	for (unsigned i = 0; i < cpumask_words; i++)
		stale.word[i] = tlb_stale_word(stamp, i);
	if (d) {
		domain_cpus(d, &cpus);
		cpumask_and(&stale, &stale, &cpus);
	}
	if (!cpumask_is_empty(&stale))
		tlb_flush(&stale);
}

void tlb_flush_stale(uint32_t stamp)
{
	if (!flush_here(stamp))
		flush_others(stamp, NULL);
}

/*
 * The others are left alone: who does not run the owner has flushed since it did, or will before it runs
 * a vCPU, and only for the owner's vCPUs is the owner's memory in tables. A grant is flushed when it is
 * unmapped, before its use ends.
 */
void tlb_flush_users(const struct frame *f)
{
	if (!flush_here(f->aux))
		flush_others(f->aux, READ_ONCE(f->type_info) & FT_FOREIGN ? NULL :
						domain_by_owner(f->owner));
}
