// SPDX-License-Identifier: MIT
/* What the machine and the parts that belong to it answer: as little as domains need. */
#include "world.h"

#include <stdio.h>

#include <hv/cpuid.h>
#include <hv/debugreg.h>
#include <hv/diag.h>
#include <hv/emulate.h>
#include <hv/fpu.h>
#include <hv/log.h>
#include <hv/segments.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

/* ---- time, CPUs, TLB ------------------------------------------------------------------ */

static uint64_t now;

uint64_t arch_now_ns(void)
{
	return now += 1000;
}

uint64_t arch_tsc(void)
{
	return now;
}

uint64_t arch_tsc_base(unsigned cpu)
{
	(void)cpu;
	return 0;
}

bool arch_tsc_is_stable(void)
{
	return true;
}

uint64_t arch_tsc_khz(void)
{
	return 1000000;
}

void arch_tsc_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 0x80000000;
	*shift = 1;
}

uint64_t arch_boot_wallclock(void)
{
	return 1700000000;
}

void arch_timer_set(uint64_t deadline)
{
	(void)deadline;
}

unsigned arch_cpu_id(void)
{
	return 0;
}

unsigned arch_nr_cpus(void)
{
	return 1;
}

void arch_cpu_place(unsigned cpu, struct arch_cpu_place *place)
{
	*place = (struct arch_cpu_place){ .apic_id = 2 * cpu, .acpi_id = cpu, .core = cpu };
}

void arch_kick_cpu(unsigned cpu)
{
	(void)cpu;
}

struct cpu *cpu_by_id(unsigned id)
{
	assert_int_equal(id, 0);
	return &host_cpu;
}

void arch_switch(struct vcpu *prev, struct vcpu *next)
{
	(void)prev, (void)next;
}

void arch_machine_poweroff(void)
{
	abort();
}

void arch_machine_reboot(void)
{
	abort();
}

void arch_tlb_flush_local(void)
{
}

void arch_tlb_flush_cpus(const cpumask_t *cpus)
{
	(void)cpus;
}

void arch_invlpg(uint64_t va)
{
	(void)va;
}

void arch_invlpg_cpus(const cpumask_t *cpus, uint64_t va)
{
	(void)cpus, (void)va;
}

void arch_wbinvd(bool all)
{
	(void)all;
}

void arch_init_guest_l4(uint64_t *l4)
{
	l4[HV_SLOT_FIRST] = 0xabc000;
}

void arch_load_table(struct vcpu *v)
{
	(void)v;
}

/* ---- a vCPU's registers --------------------------------------------------------------- */

int arch_vcpu_create(struct vcpu *v)
{
	(void)v;
	return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	(void)v;
}

void debugreg_write(unsigned reg, uint64_t value)
{
	(void)reg, (void)value;
}

uint64_t guest_cr4_fix(const struct vcpu *v, uint64_t value)
{
	(void)v;
	return value;
}

/* As on the machine: a page, when it is first used. */
int fpu_set_legacy(struct vcpu *v, const void *legacy)
{
	if (!v->fpu)
		v->fpu = hv_pages_alloc(0);
	if (!v->fpu)
		return -XEN_ENOMEM;
	memcpy(v->fpu, legacy, 512);
	return 0;
}

void fpu_get_legacy(struct vcpu *v, void *legacy)
{
	if (v->fpu)
		memcpy(legacy, v->fpu, 512);
}

void fpu_destroy(struct vcpu *v)
{
	if (v->fpu)
		hv_pages_free(v->fpu, 0);
	v->fpu = NULL;
}

uint64_t fpu_xfeatures(void)
{
	return 0;
}

unsigned fpu_area_size(uint64_t xcr0)
{
	(void)xcr0;
	return 512;
}

unsigned fpu_compact_size(uint64_t xcr0)
{
	(void)xcr0;
	return 512;
}

int fpu_get_area(struct vcpu *v, void *area, unsigned size)
{
	(void)v;
	memset(area, 0, size);
	return 0;
}

int fpu_set_area(struct vcpu *v, const void *area, unsigned size, uint64_t xcr0, uint64_t accum)
{
	(void)size, (void)xcr0, (void)accum;
	return fpu_set_legacy(v, area);
}

void vcpu_ldt_unmap(struct vcpu *v)
{
	(void)v;
}

int vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t ents)
{
	(void)v, (void)base;
	return ents ? -XEN_EINVAL : 0;
}

int vcpu_set_gdt(struct vcpu *v, const unsigned long *frames, unsigned ents)
{
	(void)v, (void)frames;
	return ents ? -XEN_EINVAL : 0;
}

void cpuid_read_machine(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	(void)leaf, (void)subleaf;
	*r = (struct cpuid_result){ 0 };
}

void bounce_exception(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector, uint32_t ec)
{
	(void)v, (void)regs, (void)vector, (void)ec;
	abort();
}

void bounce_failsafe(struct vcpu *v, struct cpu_user_regs *regs)
{
	(void)v, (void)regs;
	abort();
}

/* ---- guest memory: a guest's address is a pointer ---------------------------------------- */

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	(void)len;
	return va.a != 0;
}

/* ---- log and panic -------------------------------------------------------------------- */

void log_domain_crash(struct domain *d, const char *fmt, va_list args)
{
	(void)d;
	vfprintf(stderr, fmt, args);
}

void hypercall_page_init(struct domain *d, void *page)
{
	(void)d;
	memset(page, 0xcc, PAGE_SIZE);
}
