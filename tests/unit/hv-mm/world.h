/* SPDX-License-Identifier: MIT */
/*
 * A pretend machine for the memory code: 64 frames of RAM, two domains (0 is the control
 * domain) with a vCPU each, on CPUs of their numbers whose TLBs remember all that they may.
 *
 * After each hypercall the guest "runs": whatever its tables let it reach is taken for
 * remembered by the TLB, until that is flushed. What the TLB remembers must never be
 * dangerous: a frame writable through it that is a page table, or another's.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/tables.h>

#define FRAMES 64u

extern struct domain world_dom[2];
extern struct vcpu world_vcpu[2];
extern unsigned world_flushes;		/* full ones, */
extern unsigned world_cpu_flushes[2];	/* of each CPU */
extern unsigned world_invlpgs;		/* of one address, */
extern uint64_t world_invlpg_va;	/* this one last */
extern unsigned world_wbinvds;
extern unsigned world_reaped;		/* domain_put() by mm_reap() */
extern uint32_t world_budget;		/* of each hypercall; big by default */

/** A fresh machine: each domain has `pages` frames, given in order from the return of page(). */
void world_start(unsigned pages);
/** The frame number of page i of domain d. */
uint64_t page(unsigned d, unsigned i);
uint64_t *page_at(unsigned d, unsigned i);
struct frame *page_frame(unsigned d, unsigned i);
/** Runs as the vCPU of domain d from here on. */
void world_run(unsigned d);
/** The guest runs: fills the TLB. Fails the test when what that has become dangerous. */
void world_guest_runs(void);
/** Fails the test unless all books agree exactly. */
void world_check(void);

/** A hypercall, with its arguments for hypercall_set_arg(), once; result, or -XEN_ERESTART. */
long world_call(hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);
/** Again with the arguments as they stand now. */
long world_again(void);
/** Until it ends. */
long world_finish(long rc);

/** Entry i of the table in page t of the current domain: mmu_update until it ends. */
long set_entry(uint64_t table_mfn, unsigned i, uint64_t value);
long ext_op(unsigned cmd, uint64_t arg);

/** Makes a tree in pages 0 (L4) to 3 (L1) with entry 0 each, and page 4 mapped, by hand. */
void build_tree(unsigned d);

/** Ends domain 1 in steps of the budget, as domain_kill() does. */
void world_kill(uint32_t budget);

#define P_RO (PTE_P | PTE_U)
#define P_RW (PTE_P | PTE_U | PTE_W)
