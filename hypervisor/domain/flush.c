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

static void find_stale(uint32_t stamp, cpumask_t *stale)
{
	cpumask_clear(stale);
	for (unsigned i = 0; i < cpumask_words; i++)
		stale->word[i] = tlb_stale_word(stamp, i);
}

static __attribute__((noinline)) void flush_stale_of_many(uint32_t stamp)
{
	cpumask_t stale;

	find_stale(stamp, &stale);
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

/*
 * The others are left alone: who does not run the owner has flushed since it did, or will before it runs
 * a vCPU, and only for the owner's vCPUs is the owner's memory in tables. A grant is flushed when it is
 * unmapped, before its use ends.
 */
static __attribute__((noinline)) void flush_owners(const struct frame *f)
{
	const struct domain *d = domain_by_owner(f->owner);
	cpumask_t stale, cpus;

	find_stale(f->aux, &stale);
	if (d && !(READ_ONCE(f->type_info) & FT_FOREIGN)) {
		domain_cpus(d, &cpus);
		cpumask_and(&stale, &stale, &cpus);
	}
	if (!cpumask_is_empty(&stale))
		tlb_flush(&stale);
}

void tlb_flush_users(const struct frame *f)
{
	uint64_t stale = cpumask_words == 1 ? tlb_stale_word(f->aux, 0) : ~0ULL;

	if (!stale)
		return;
	if (likely(stale == cpumask_bit(arch_cpu_id())))
		tlb_flush_local();
	else
		flush_owners(f);
}
