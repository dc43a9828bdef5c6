/* SPDX-License-Identifier: MIT */
/*
 * Page tables of guests. A guest writes physical (machine) frame numbers into its tables itself,
 * so each table is checked before it is used and cannot be written by the guest as long as it
 * is: docs/page-types.md has the rules.
 *
 * A table of level n is a frame of type FRAME_Ln. Each present entry below its "validated" mark
 * holds a reference of the frame that it names, and a use of it: as a table of level n-1, or
 * in an L1 as writable data if the entry allows writing. Owners of a use of a table are:
 * entries of tables above, the guest's pin, a vCPU (its top-level tables, pt_pending).
 *
 *	          begin                        last entry checked
 *	no use ----------> FT_PARTIAL, n of 512 ------------------> FT_VALIDATED
 *	   ^                  |      ^                                   |
 *	   |   all put back   |      |     the last owner lets it go     |
 *	   +------------------+      +-----------------------------------+
 *
 * Work on long tables stops when the budget is spent and leaves FT_PARTIAL: the owner still owns
 * its use, and goes on, in either direction, by asking again.
 *
 * Everything here is called with the pt_lock of the domain that owns the tables.
 */
#pragma once

#include <format/pte.h>
#include <hv/budget.h>
#include <hv/frame.h>

/*
 * frame.aux of a table in use: entries validated, whether the one there is owned in part, and a bit
 * for each group of 32 validated entries of which one is, or was, present. So who
 * takes a table apart need not look at the others, which are most.
 */
#define PT_VALIDATED	0x3ffu
#define PT_ENTRY_OWNED	0x400u
#define PT_GROUP_SHIFT	16	/* the bits of groups */
#define PT_GROUP	32	/* entries */

/** A present entry comes to this slot of a table in use. */
static inline void pt_note_entry(struct frame *table, const uint64_t *slot)
{
	unsigned group = (uintptr_t)slot / (PT_GROUP * sizeof(*slot)) % (PTE_ENTRIES / PT_GROUP);

	table->aux |= 1u << PT_GROUP_SHIFT << group;
}

/* An entry may change in these bits without a look at the frame behind it. */
#define PTE_HARMLESS (PTE_NX | 0x7ff0000000000000UL | PTE_AVAIL | PTE_G | PTE_D | PTE_A | PTE_U)

#define PT_L1_COST 40	/* of the budget: the 512 entries of an L1 are taken without a stop */

/** On whose behalf tables change, and what came of it. */
struct pt_ctx {
	domid_t owner;		/* whose tables */
	domid_t pages;		/* whose frames L1 entries may map */
	bool io;		/* L1 entries may map I/O memory */
	bool m2p_hidden;	/* a new top level does not show the M2P */
	uint64_t refuse_l1;	/* bits that an L1 entry may not have */
	struct budget *budget;
	/* results: */
	int error;		/* -XEN_Exxx, after PT_BAD and PT_REFUSED */
	bool ldt_stale;		/* a mapping of a descriptor page went: vcpu_ldt_unmap() */
};

/*
 * A page table that a vCPU could not finish in one go: it owns a reference and a use of it. Either
 * the same operation comes again and goes on (dropping false), or it must be given back
 * before anything else (dropping true). mfn 0: nothing.
 */
struct pt_pending {
	mfn_t table;
	bool dropping;
};

enum pt_result {
	PT_OK,		/* done */
	PT_AGAIN,	/* not done: the budget is spent; what was to be owned is owned */
	PT_BAD,		/* an entry is refused (error); owned in part, to be dropped */
	PT_REFUSED,	/* refused (error), and nothing has changed */
};

/** Bits that no L1, resp. no other entry may have; NX among them when the CPU has none. */
extern uint64_t pte_refused_l1, pte_refused_table;
/** What a domain with I/O memory may have in an L1 nevertheless. */
#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PAT)

static inline mfn_t pte_mfn(uint64_t e)
{
	return mfn((e & PTE_ADDR) >> PAGE_SHIFT);
}

/** The use of a frame as a table of this level, 1 to 4; the caller holds a reference. */
enum pt_result pt_take(struct pt_ctx *c, struct frame *f, unsigned level);
/** Goes on with a table of which the caller owns a use, after PT_AGAIN of pt_take(). */
enum pt_result pt_resume(struct pt_ctx *c, struct frame *f);
/** Gives a use of a table back: PT_OK or PT_AGAIN. The reference stays the caller's. */
enum pt_result pt_drop(struct pt_ctx *c, struct frame *f);

/**
 * A top level of this domain is about to name a top level, itself or another. Below such an entry the
 * hypervisor's slots of the one that is named look like tables of the guest's: to the CPU in ring
 * 0, not to the guest, whom their rights stop. Of the layer above (domain/tables.c): from then on it is
 * looked at what is read for guests (hv/usercopy.h).
 */
void pt_note_recursive(domid_t owner);

/** True when the frame is a table of c's owner that may be updated, at *level. */
static inline bool pt_is_table(const struct frame *f, domid_t owner, unsigned *level)
{
	uint64_t t = f->type_info;

	*level = (unsigned)(t >> FT_SHIFT);
	return f->owner == owner && (t & FT_VALIDATED) && (t & FT_COUNT) &&
	       *level >= FRAME_L1 && *level <= FRAME_L4;
}

/** True when the frame is a lowest table of this domain that may be updated. */
static inline bool pt_is_l1(const struct frame *f, domid_t owner)
{
	return (f->type_info & (FT_TYPE | FT_VALIDATED)) ==
	       ((uint64_t)FRAME_L1 << FT_SHIFT | FT_VALIDATED) && f->owner == owner;
}

/** Changes an entry of a validated L1. keep_ad: the accessed and dirty bits of the old entry stay
 *  set. 0 or -XEN_Exxx, then nothing has changed. */
int pt_update_l1(struct pt_ctx *c, struct frame *table, uint64_t *slot, uint64_t new,
		 bool keep_ad);

/** The same if the entry is still `old`; -XEN_EAGAIN when hardware has set bits in it since. */
int pt_exchange_l1(struct pt_ctx *c, struct frame *table, uint64_t *slot, uint64_t old,
		   uint64_t new);

/**
 * Changes an entry of a validated table of level 2 to 4. pending: what this update, or an earlier
 * operation, could not finish. 0; -XEN_ERESTART: nothing has changed, ask again, after
 * pending was dropped if it says so; -XEN_Exxx: refused. In each case pending may hold a table.
 */
int pt_update(struct pt_ctx *c, struct frame *table, unsigned level, unsigned index, uint64_t new,
	      bool keep_ad, struct pt_pending *pending);

/** What the guest may have in an L1 entry is taken: reference, use. 0 or -XEN_Exxx. An entry for
 *  I/O memory may come back changed: uncached, or read-only. */
static inline int pt_l1e_take(struct pt_ctx *c, uint64_t *e);
/** An L1 entry is gone: its reference and its use. */
static inline void pt_l1e_drop(struct pt_ctx *c, uint64_t e);

/*
 * The guest's kernel runs in ring 3 too: each page is the processor's "user". Pages that
 * the kernel made its own keep that in a software bit, and are not global: so
 * they leave the TLB when CR3 changes to the user's tables, and the user's pages stay.
 */
static inline uint64_t pt_l1e_adjust(uint64_t e)
{
	if (!(e & PTE_P))
		return e;
	if (!(e & PTE_U))
		e |= PTE_GUEST_KERNEL | PTE_U;
	if (!(e & PTE_GUEST_KERNEL))
		e |= PTE_G;
	return e;
}

/** The L1 entry for va below this top-level table, and the frame it is in (which may be of
 *  another type: recursive tables); NULL when there is none. */
uint64_t *pt_find_l1e(mfn_t l4, uint64_t va, struct frame **table);

/**
 * The books of all frames: takes off every reference and use that entries of tables hold, shows what
 * remains (pins, vCPUs, owners, mappings under way) to `rest`, and puts all back. Whatever is
 * wrong with entries and marks goes to `wrong`. No other CPU may change memory meanwhile.
 */
struct pt_audit {
	void (*rest)(void *ctx, struct frame *f, int64_t refs, int64_t uses);
	void (*wrong)(void *ctx, const struct frame *f, const char *what);
	void *ctx;
};
void pt_audit(const struct pt_audit *audit);

/* ---- inline, because each entry of each L1 comes here -------------------------------------- */

/** The rest of pt_l1e_take(): no frame of the domain's. */
int pt_l1e_take_io(const struct pt_ctx *c, uint64_t *e);

static inline int pt_l1e_take(struct pt_ctx *c, uint64_t *e)
{
	mfn_t m = pte_mfn(*e);
	struct frame *f;

	if (unlikely(*e & c->refuse_l1))
		return -XEN_EINVAL;
	if (unlikely(m.n >= arch_max_mfn))
		return pt_l1e_take_io(c, e);
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	if (unlikely(!frame_try_ref_owned(f, c->pages)))
		return pt_l1e_take_io(c, e);
	if ((*e & PTE_W) && unlikely(!frame_type_take(f, FRAME_WRITABLE))) {
		frame_put(f);
		return -XEN_EBUSY;
	}
	return 0;
}

static inline void pt_l1e_drop(struct pt_ctx *c, uint64_t e)
{
	mfn_t m = pte_mfn(e);
	struct frame *f;

	if (!(e & PTE_P) || unlikely(m.n >= arch_max_mfn))
		return;
	f = frame_of(m);
	if (unlikely(!(READ_ONCE(f->count_info) & FC_COUNT)))
		return;		/* I/O memory in a hole of RAM: an entry holds its frame otherwise */
	if (e & PTE_W) {
		if (unlikely(READ_ONCE(f->owner) != c->owner))
			frame_note_foreign(f);
		frame_type_drop(f);
	} else if (unlikely(frame_type_in_use(f, FRAME_SEGDESC)) && f->owner == c->owner) {
		c->ldt_stale = true;
	}
	frame_put(f);
}
