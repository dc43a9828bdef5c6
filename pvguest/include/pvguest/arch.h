/* SPDX-License-Identifier: MIT */
/*
 * What the portable part of pvguest wants from the machine, and the other way round.
 * Host tests link fakes of these functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/* Page tables (mmu.c). */

/** Finds the first unmapped linear page behind the builder's structures; returns its pfn. */
unsigned long mmu_init(const struct start_info *si);

/** Sets where pages for tables come from (any contents); NULL from there: memory is out. */
void mmu_set_table_source(void *(*page)(void));

/** Maps linear pages from pfn up to the end of pfn's 2 MiB, at most to `limit`. Returns the first
 * pfn not looked at, or 0 when no page for a table was to be had. */
unsigned long mmu_linear_grow(unsigned long pfn, unsigned long limit);

/** Maps n frames of dom from va on; see map_foreign() for errs. 0 or the first -XEN_Exxx; without
 * errs what is mapped stays mapped on error, with its number in *done. */
int mmu_map(unsigned long va, const xen_pfn_t *mfns, size_t n, int prot, domid_t dom, int *errs,
	    size_t *done);

/** Clears n entries from va on. */
void mmu_unmap(unsigned long va, size_t n);

/** Machine-to-physical: ~0UL when the frame's entry makes no sense. */
unsigned long mmu_m2p(unsigned long mfn);

/* The processor. */

uint64_t arch_tsc(void);

/** A stack that starts fn when it is switched to; returns its stack pointer. */
void *arch_thread_stack(void *stack, size_t bytes, void (*fn)(void));
void thread_switch_stack(void **save_sp, void *next_sp);

struct pv_cpu;
struct vcpu_guest_context;

/** Lets pv_this_cpu() find c on the CPU that asks. */
void arch_cpu_init(struct pv_cpu *c);

/** Fills in a zeroed context that begins with pv_cpu_main(c) on c's stack. */
void arch_cpu_context(struct vcpu_guest_context *context, const struct pv_cpu *c);

/** Empties c's stack and enters pv_cpu_main(c). */
void arch_cpu_begin(struct pv_cpu *c) __attribute__((noreturn));

/** Calls fn for each return address of the call chain from frame pointer rbp on; at most 32, and
 * only within readable memory. */
void arch_backtrace(uint64_t rbp, void (*fn)(uint64_t address, bool is_return));

/* Called by the machine's entry code (start.c, trap.c). */

struct trap_regs;
void pv_start(struct start_info *si) __attribute__((noreturn));
void trap_entry(unsigned int vector, struct trap_regs *regs);
