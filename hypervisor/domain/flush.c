// SPDX-License-Identifier: MIT
/*
 * Flushes of whole TLBs, noted by the clock of hv/tlb.h, which tells whose may still be stale.
 */
#include <hv/tlb.h>

#include <hv/arch.h>

void tlb_flush(uint64_t cpus)
{
	uint64_t tick = tlb_flush_begin();

	arch_tlb_flush_cpus(cpus);
	for (uint64_t left = cpus; left; left &= left - 1)
		tlb_flush_done((unsigned)__builtin_ctzll(left), tick);
}

void tlb_flush_local(void)
{
	uint64_t tick = tlb_flush_begin();

	arch_tlb_flush_local();
	tlb_flush_done(arch_cpu_id(), tick);
}

void tlb_flush_stale(uint32_t stamp)
{
	uint64_t stale = tlb_stale_cpus(stamp);

	if (stale)
		tlb_flush(stale);
}
