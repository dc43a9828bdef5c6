/* SPDX-License-Identifier: MIT */
/* What each CPU needs before it can run a guest: tables, stacks, system-call entry, features. */
#include "cpu_init.h"

#include <cpu/insn.h>
#include <format/cr.h>
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/layout.h>
#include <format/msr.h>
#include <format/trap.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/entry.h>
#include <hv/fpu.h>
#include <hv/paging.h>
#include <hv/segments.h>

#include "apic.h"
#include "image.h"

static struct idt_gate idt[256] __attribute__((aligned(4096)));

/* Stacks of their own, by the pages of the window that hv_map_stack() maps. */
#define IST_DF 1
#define IST_NMI 2
#define IST_MC 3
#define IST_DB 4

static void set_gate(unsigned vector, unsigned ist, unsigned dpl)
{
	uint64_t at = (uint64_t)(vector_stubs + 16 * vector);

	idt[vector] = (struct idt_gate){
		.offset0 = (uint16_t)at,
		.selector = HV_CS,
		.ist = (uint8_t)ist,
		.type = (uint8_t)IDT_GATE(dpl),
		.offset16 = (uint16_t)(at >> 16),
		.offset32 = (uint32_t)(at >> 32),
	};
}

/*
 * Gates of exceptions: only int3 and into are a guest's to use; any other `int n` below 32
 * faults and is looked at there. Vectors that no device uses are open: `int n` comes in
 * by itself.
 */
static void build_idt(void)
{
	for (unsigned v = 0; v < 256; v++)
		set_gate(v, 0, v >= TRAP_COUNT && v < VECTOR_DEVICES ? 3 : 0);
	set_gate(TRAP_BP, 0, 3);
	set_gate(TRAP_OF, 0, 3);
	set_gate(TRAP_DF, IST_DF, 0);
	set_gate(TRAP_NMI, IST_NMI, 0);
	set_gate(TRAP_MC, IST_MC, 0);
	set_gate(TRAP_DB, IST_DB, 0);
}

static void syscall_init(struct cpu *c)
{
	syscall_stacks[c->id].stack = &c->regs.ss;
	wrmsr(MSR_STAR, (uint64_t)GUEST_CS32 << 48 | (uint64_t)HV_CS << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_stubs + 32 * c->id);
	wrmsr(MSR_CSTAR, (uint64_t)syscall32_stubs + 32 * c->id);
	wrmsr(MSR_SYSCALL_MASK, FLAGS_RF | FLAGS_VM | FLAGS_AC | FLAGS_NT |
				FLAGS_DF | FLAGS_IF | FLAGS_TF | FLAGS_IOPL);
	wrmsr(MSR_SYSENTER_CS, HV_CS);
	wrmsr(MSR_SYSENTER_ESP, (uint64_t)&c->regs.es);
	wrmsr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
}

void cpu_init(struct cpu *c)
{
	uint64_t base = (uint64_t)c + sizeof(*c) - CPU_STACK_SIZE;
	const uint64_t ist[7] = { base + PAGE_SIZE, base + 3 * PAGE_SIZE, base + 5 * PAGE_SIZE,
				  base + 7 * PAGE_SIZE };
	struct desc_ptr idtr = { sizeof(idt) - 1, (uint64_t)idt };

	if (c->id == 0)
		build_idt();
	segments_init_cpu(c->id, (uint64_t)&c->regs.es, ist);
	lidt(&idtr);
	syscall_init(c);
	wrmsr(MSR_PAT, PAT_VALUE);
	paging_protect();
	write_cr4(read_cr4() | CR4_MCE);
	fpu_init_cpu();
	cpuid_enable_faulting();
	c->cr4 = read_cr4();
}
