/* SPDX-License-Identifier: MIT */
/*
 * Changing the vCPU of a CPU. There is one stack a CPU and no vCPU is ever in the
 * middle of the hypervisor, so a change exchanges the registers that entry code saved
 * and those that the machine holds.
 */
#include <cpu/insn.h>
#include <format/cr.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/debugreg.h>
#include <hv/domain.h>
#include <hv/emulate.h>
#include <hv/fpu.h>
#include <hv/msr.h>
#include <hv/segments.h>
#include <hv/tlb.h>

#include "image.h"

/* The page table of another address space: global entries go too, also when v comes back from
 * idling: flushes that it missed in between were not sent here (domain_cpus()). */
static void load_table(struct vcpu *v)
{
	uint64_t cr4 = this_cpu()->cr4, tick = tlb_flush_begin();

	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	arch_load_cr3(v);
	write_cr4(cr4);
	tlb_flush_done(arch_cpu_id(), tick);
}

void arch_switch(struct vcpu *prev, struct vcpu *next)
{
	struct cpu *c = this_cpu();

	if (!vcpu_is_idle(prev)) {
		prev->regs = c->regs;
		segments_save(prev);
		fpu_save(prev);
		debugreg_save(prev);
	}
	c->current = next;
	if (vcpu_is_idle(next)) {
		write_cr3(hv_cr3());
		tlb_set_idle(c->id, true);
		return;
	}
	if (vcpu_is_idle(prev))
		tlb_set_idle(c->id, false);
	c->regs = next->regs;
	load_table(next);
	segments_load(next);
	fpu_load(next);
	debugreg_load(next);
	msrs_load(next);
	guest_cr4_load(next);
}

int arch_vcpu_create(struct vcpu *v)
{
	v->ctrlreg[0] = CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE;
	v->ctrlreg[4] = 0;
	return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	(void)v;
}
