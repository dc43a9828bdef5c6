/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory: its frames, its page tables, what may be mapped how.
 * First version: the names that other parts rely on.
 */
#pragma once

#include <hv/frame.h>
#include <hv/budget.h>
#include <hv/lock.h>

struct domain;
struct vcpu;

struct domain_mm {
	spinlock_t pt_lock;		/* page-table validation and updates of this domain */
	spinlock_t page_lock;		/* guards what follows */
	uint32_t page_list;		/* first frame, linked by frame.next/prev; 0 = none */
	uint32_t tot_pages;		/* frames it owns */
	uint32_t max_pages;		/* the limit set by max_mem */
	uint32_t claimed;		/* outstanding claim (claim_pages) */
	uint32_t relinquish_stage;
	uint32_t vm_assist;		/* VMASST_TYPE_* bits */
	uint64_t dirty_cpus;		/* CPUs whose TLB may hold this domain's translations */
};

/* ---- whole frames ------------------------------------------------------------- */

/** The hypervisor's own memory: 2^order zeroed frames; NULL when there are none. */
void *hv_pages_alloc(unsigned order);
void hv_pages_free(void *p, unsigned order);
/** Free frames in the machine. */
uint64_t mm_free_frames(void);
/** Frames handed to the allocator at boot. */
uint64_t mm_total_frames(void);
/** Hands [start, end) to the allocator; boot only. */
void mm_add_ram(mfn_t start, mfn_t end);
/** Makes the frame table, M2P and allocator usable; called once, before mm_add_ram(). */
void mm_init(void);

/** Allocates 2^order contiguous frames owned by d (scrubbed), on its page list;
 *  0 frames on failure: false. */
bool domain_pages_alloc(struct domain *d, unsigned order, mfn_t *first);

/** Makes a page of hv_pages_alloc() mappable by d (read-only or writable). */
void frame_share(struct domain *d, void *page, bool readonly);
/** Ends that: CHECKs that no guest maps it any more is not required; the page is freed
 *  with the last reference. */
void frame_unshare(void *page);

/* ---- references ------------------------------------------------------------------ */

/** Takes a reference if d owns the frame (m may be any number a guest gave). */
struct frame *frame_get(mfn_t m, const struct domain *d);
void frame_put(struct frame *f);
/** Takes one more reference on a frame that already has one. */
void frame_ref(struct frame *f);
/** Reference and use as writable data, resp. descriptor page; false when its type forbids. */
struct frame *frame_get_writable(mfn_t m, struct domain *d);
struct frame *frame_get_segdesc(mfn_t m, struct domain *d);
void frame_put_typed(struct frame *f);

/* ---- machine to physical ------------------------------------------------------------ */

void m2p_set(mfn_t m, uint64_t pfn);
uint64_t m2p_get(mfn_t m);

/* ---- domains ---------------------------------------------------------------------------- */

void domain_mm_init(struct domain *d);
/** Gives back every frame, in steps; 0 when done, -XEN_ERESTART when the budget is spent. */
int domain_mm_relinquish(struct domain *d, struct budget *b);
/** Takes the top-level table(s) of a vCPU by setvcpucontext: reference + type L4;
 *  user may be 0. -XEN_EINVAL when it cannot be one; -XEN_ERESTART when preempted. */
int vcpu_set_tables(struct vcpu *v, mfn_t kernel, mfn_t user, struct budget *b);
/** Drops them. 0, or -XEN_ERESTART. */
int vcpu_drop_tables(struct vcpu *v, struct budget *b);

/** A page fault from a guest whose address lies in its own part: emulates a store to a
 *  page table when that is what it was. True when handled (the instruction is done). */
bool mm_fault_fixup(struct vcpu *v, uint64_t va, uint32_t error_code);

/** Whole-state check for tests and debug keys; prints what is wrong, returns the number. */
unsigned mm_check(void);
