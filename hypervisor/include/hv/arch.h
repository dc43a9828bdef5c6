/* SPDX-License-Identifier: MIT */
/*
 * The seam: everything that needs an instruction or a register of the machine.
 * arch/x86_64 implements it with instructions, arch/host with arrays, so that
 * the layers above run in a test process too.
 */
#pragma once

#include <hv/cpumask.h>
#include <hv/types.h>

struct vcpu;
struct domain;
struct frame;

/* ---- memory ---------------------------------------------------------------- */

/** Where every RAM frame is mapped, read and write (x86-64: the direct map). */
extern char *arch_direct_map;
/** The machine-to-physical table, one word a frame, guest-readable at MACH2PHYS_VIRT_START. */
extern uint64_t *arch_m2p;
/** The frame behind page n of the table that guests read; those of each 2 MiB of it are adjacent. */
mfn_t arch_m2p_frame(uint64_t n);
/** How many such pages there are: whole 2 MiB, more than frames up to arch_max_mfn need. */
uint64_t arch_m2p_pages(void);
/** One past the highest RAM frame; frames at or above have no struct frame. */
extern uint64_t arch_max_mfn;

static inline void *frame_ptr(mfn_t m)
{
	return arch_direct_map + (m.n << PAGE_SHIFT);
}

static inline mfn_t ptr_mfn(const void *p)
{
	return mfn((uint64_t)((const char *)p - arch_direct_map) >> PAGE_SHIFT);
}

/** Zeroes, or copies between two that do not overlap, a page or so: whole quadwords. */
#ifdef CLOISON_HOST_TEST
static inline void arch_clear(void *to, size_t len)
{
	__builtin_memset(to, 0, len);
}
static inline void arch_copy(void *to, const void *from, size_t len)
{
	__builtin_memcpy(to, from, len);
}
#else
void arch_clear(void *to, size_t len);
void arch_copy(void *to, const void *from, size_t len);
#endif

/** Flushes the whole TLB of this CPU, global entries too. */
void arch_tlb_flush_local(void);
/** Flushes one page's translation on this CPU. */
void arch_invlpg(uint64_t va);
/** Flushes, completely, on every CPU in the set, this one included when it is in it. */
void arch_tlb_flush_cpus(const cpumask_t *cpus);
/** Flushes one page on every CPU in the set. */
void arch_invlpg_cpus(const cpumask_t *cpus, uint64_t va);
/** Writes back and invalidates this CPU's caches, or those of all. */
void arch_wbinvd(bool all);
/** Copies the hypervisor's top-level entries (slots 256-271) into a guest's L4. */
void arch_init_guest_l4(uint64_t *l4);
/** Loads the page table that v's mode (kernel or user) asks for; v is current. */
void arch_load_cr3(struct vcpu *v);
/** Loads a new page table of v's kernel, which runs here, and flushes the whole TLB of this CPU. */
void arch_load_table(struct vcpu *v);

/* ---- time ------------------------------------------------------------------- */

/** Nanoseconds since boot, the system time of the ABI. */
uint64_t arch_now_ns(void);
uint64_t arch_tsc(void);
/** The ABI's scale: ns = ((tsc << shift) * mul) >> 32 (shift may be negative). */
void arch_tsc_scale(uint32_t *mul, int8_t *shift);
/** A CPU's TSC at system time 0. */
uint64_t arch_tsc_base(unsigned cpu);
/** True when that is the same on all CPUs, so that a vCPU may read it on any. */
bool arch_tsc_is_stable(void);
uint64_t arch_tsc_khz(void);
/** Arms this CPU's timer interrupt for an absolute system time; 0 disarms. */
void arch_timer_set(uint64_t deadline_ns);
/** Seconds since 1970 as the real-time clock had it at system time 0. */
uint64_t arch_boot_wallclock(void);

/* ---- CPUs -------------------------------------------------------------------- */

/** Sends an interrupt that makes the CPU look at its work flags. */
void arch_kick_cpu(unsigned cpu);
/**
 * Runs fn on each CPU of the set, this one included when it is in it, and waits for the end. Where
 * fn comes, locks may be held: it takes none, flushes only its own CPU, and asks nobody.
 */
void arch_call_cpus(const cpumask_t *cpus, void (*fn)(void *), void *arg);
unsigned arch_cpu_id(void);
/** CPUs are numbered from 0 without gaps; all that are counted take part. */
unsigned arch_nr_cpus(void);
/** Which CPU that is for firmware, and where it sits. */
struct arch_cpu_place {
	uint32_t apic_id, acpi_id;
	uint32_t socket, core;		/* of the socket */
};
void arch_cpu_place(unsigned cpu, struct arch_cpu_place *place);
/** Halts until the next interrupt, with interrupts open; returns with them off. */
void arch_idle(void);
void arch_machine_reboot(void) __noreturn;
void arch_machine_poweroff(void) __noreturn;

/* ---- vCPU state (arch/x86_64/hypervisor/switch.c) ------------------------------ */

/** Saves the registers of the vCPU that leaves and loads those of the one that comes. */
void arch_switch(struct vcpu *prev, struct vcpu *next);
int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_destroy(struct vcpu *v);
