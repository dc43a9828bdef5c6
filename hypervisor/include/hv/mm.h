/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory: its frames, its page tables, what may be mapped how.
 */
#pragma once

#include <hv/budget.h>
#include <hv/frame.h>
#include <hv/lock.h>
#include <hv/ptable.h>
#include <hv/tlb.h>

struct domain;
struct vcpu;
struct hvm_memmap_table_entry;
struct memmap;

struct domain_mm {
	spinlock_t pt_lock;		/* page-table validation and updates of this domain */
	spinlock_t page_lock;		/* guards the following, down to released */
	uint32_t page_list;		/* first frame, linked by frame.next/prev; 0 = none */
	uint32_t zombie_list;		/* frames given back that others still hold */
	uint32_t shared_list;		/* the hypervisor's pages that it may map */
	uint32_t tot_pages;		/* frames it owns, zombies too; those shared do not count */
	uint32_t shared_pages;
	uint32_t max_pages;		/* the limit set by max_mem */
	uint32_t pins_at;		/* where the search for pinned frames stands; 0: nowhere */
	bool ending;			/* domain_mm_relinquish() has begun */
	bool released;			/* it has come to its end */
	uint32_t claimed;		/* outstanding claim (claim_pages); allocator's lock */
	bool takes_dirty;		/* is given frames as they are: dom0 while it is built */
	uint64_t serial;		/* of all domains since boot; no other ever has it */
	bool io_memory;			/* may map I/O memory and choose cache attributes */
	uint64_t vm_assist;		/* VMASST_TYPE_* bits */
	uint64_t recursive;		/* how often a top level was to name a top level; atomic */
	struct domain *reap_next;	/* all frames are back, its reference is to be dropped */
};

/* ---- the machine -------------------------------------------------------------- */

/** Makes the allocator usable; called once, before mm_add_ram(). */
void mm_init(void);
/** Hands [start, end) to the allocator; boot only. */
void mm_add_ram(mfn_t start, mfn_t end);

struct mm_machine {
	const struct memmap *ram;	/* all RAM, also what the hypervisor has taken */
	const struct hvm_memmap_table_entry *map;	/* the firmware's, for dom0 */
	unsigned map_entries;
	unsigned phys_bits;		/* of a physical address */
	bool nx;			/* entries may forbid execution */
};
/** What entries may name and what dom0 is told; boot only, the pointers stay. Without it there
 *  is no I/O memory, 52 bits, NX. */
void mm_set_machine(const struct mm_machine *machine);
const struct mm_machine *mm_machine(void);
enum mm_io_rights {
	MM_IO_ALL,
	MM_IO_READ,	/* its mappings are made read-only */
	MM_IO_NONE,
};
/** What even a domain with I/O memory may do with these pages; boot only, a few. */
void mm_limit_io(mfn_t start, mfn_t end, enum mm_io_rights rights);
enum mm_io_rights mm_io_rights(mfn_t m);
/** True when the page is no RAM, so that a device may stand there. */
bool mm_is_io(mfn_t m);

/** An entry of a guest's memory map (XENMEM_memory_map), as the ABI has it. */
struct memmap_entry {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct memmap_entry) == 20, "ABI");

/* ---- whole frames ------------------------------------------------------------- */

/** The hypervisor's own memory: 2^order zeroed frames; NULL when there are none. */
void *hv_pages_alloc(unsigned order);
void hv_pages_free(void *p, unsigned order);
/** Free frames in the machine. */
uint64_t mm_free_frames(void);
/** Frames handed to the allocator at boot. */
uint64_t mm_total_frames(void);
/** Frames promised to domains by claim_pages and not allocated yet. */
uint64_t mm_claimed_frames(void);

/** Allocates 2^order contiguous frames owned by d (zeroed), on its page list; false when there
 *  are none, its limit is reached, or it is dying. */
bool domain_pages_alloc(struct domain *d, unsigned order, mfn_t *first);
/** The same below physical address 2^bits; 64: anywhere. */
bool domain_pages_alloc_below(struct domain *d, unsigned order, unsigned bits, mfn_t *first);
/** Promises d so many frames in all (0: nothing). 0, -XEN_EINVAL, -XEN_ENOMEM. */
int domain_pages_claim(struct domain *d, uint64_t pages);

/** Takes a frame that nobody but its owner holds away from d: owned by none, on no list, one
 *  reference. False when somebody else holds it. */
bool domain_page_steal(struct domain *d, mfn_t m);
/** Gives such a frame, or 2^order fresh ones, to d. False when d is dying or its limit reached. */
bool domain_pages_assign(struct domain *d, mfn_t first, unsigned order);
/** 2^order frames as domain_page_steal() leaves them, not out of d's claim: zeros, or what d has written. */
bool mm_pages_alloc(const struct domain *d, unsigned order, unsigned bits, mfn_t *first);
/** Frees 2^order such frames, which hold nothing but zeros or what d has written. */
void mm_pages_free(const struct domain *d, mfn_t first, unsigned order);

/**
 * For idle CPUs: zeroes one of the free frames that will be handed out next, so that making a
 * domain need not. False: nothing is left to do until memory is taken or given back. No locks held.
 */
bool mm_zero_ahead(void);

/** Makes a page of hv_pages_alloc() mappable by d (read-only or writable). */
void frame_share(struct domain *d, void *page, bool readonly);
/** Ends that and frees the page, with the last mapping of it if there are any. */
void frame_unshare(void *page);
/** The domain that may map it ends; who holds it still does, the caller too. */
void frame_share_end(struct frame *f);

/* ---- references ------------------------------------------------------------------ */

/** As frame_get_of(). */
struct frame *frame_get(mfn_t m, const struct domain *d);
/** The same and a use as writable data, resp. descriptor page; NULL when its type forbids. */
struct frame *frame_get_writable(mfn_t m, struct domain *d);
struct frame *frame_get_segdesc(mfn_t m, struct domain *d);
/** Ends the use and the reference. */
void frame_put_typed(struct frame *f);

/* ---- machine to physical ------------------------------------------------------------ */

/** What the table says of a frame that is no guest's. */
#define INVALID_M2P_ENTRY (~0UL)

void m2p_set(mfn_t m, uint64_t pfn);
/** n adjacent frames get the numbers from pfn on, resp. none. */
void m2p_set_run(mfn_t first, uint64_t n, uint64_t pfn);
void m2p_clear_run(mfn_t first, uint64_t n);
uint64_t m2p_get(mfn_t m);

/* ---- domains ---------------------------------------------------------------------------- */

void domain_mm_init(struct domain *d);
/** Gives back every frame, in steps; 0 when done, -XEN_ERESTART when the budget is spent. */
int domain_mm_relinquish(struct domain *d, struct budget *b);
/** Drops the references to domains whose last frame came back meanwhile; no locks held.
 *  One is dropped here because the lock of the list of domains is an outer one. */
void mm_reap(void);

/** Takes the top-level table(s) of a vCPU that does not run: reference + type L4 of each;
 *  user may be 0. 0, -XEN_EINVAL when it cannot be one; -XEN_ERESTART when preempted. */
int vcpu_set_tables(struct vcpu *v, mfn_t kernel, mfn_t user, struct budget *b);
/** Drops them; no CPU may have them in CR3. 0, or -XEN_ERESTART. */
int vcpu_drop_tables(struct vcpu *v, struct budget *b);

/** A page fault from a guest whose address lies in its own part: emulates a store to a
 *  page table when that is what it was. True when handled (the instruction is done). */
bool mm_fault_fixup(struct vcpu *v, uint64_t va, uint32_t error_code);

/** Whole-state check for tests and debug keys; prints what is wrong, returns the number. */
unsigned mm_check(void);
