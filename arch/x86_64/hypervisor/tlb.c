/* SPDX-License-Identifier: MIT */
/*
 * Translation caches. The hypervisor's own entries and guests' user pages are
 * global: changing between a guest's kernel and user halves keeps them, a change
 * of process or of domain flushes all.
 */
#include <cpu/insn.h>
#include <format/cr.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/vcpu.h>

void arch_tlb_flush_local(void)
{
	uint64_t cr4 = this_cpu()->cr4;

	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr4(cr4);
}

void arch_invlpg(uint64_t va)
{
	invlpg(va);
}

void arch_load_cr3(struct vcpu *v)
{
	mfn_t table = v->kernel_mode ? v->guest_table : v->guest_table_user;

	write_cr3(table.n << PAGE_SHIFT);
}

void arch_load_table(struct vcpu *v)
{
	uint64_t cr4 = this_cpu()->cr4;

	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr3(v->guest_table.n << PAGE_SHIFT);
	write_cr4(cr4);
}
