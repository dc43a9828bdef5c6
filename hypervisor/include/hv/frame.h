/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one entry of 32 bytes for each frame of RAM, with its owner,
 * how many hold it (references) and as what (type and type count).
 *
 * A frame that belongs to a domain has at least one reference, "allocated", that
 * goes when the domain gives the frame back. Every mapping, pin, grant pin or
 * hypercall that is using the frame holds one more. When the last goes the frame
 * returns to the allocator. Type counts say how often the frame is in use as what
 * its type says; while the count is above zero the type cannot change.
 */
#pragma once

#include <hv/check.h>

enum frame_type {
	FRAME_NONE,	/* no type yet, or count 0 after no use */
	FRAME_L1,	/* L1 to L4: validated page tables */
	FRAME_L2,
	FRAME_L3,
	FRAME_L4,
	FRAME_SEGDESC,	/* a GDT or LDT page: every descriptor checked */
	FRAME_WRITABLE,	/* mapped writable somewhere, or a grant writes to it */
	FRAME_SHARED,	/* the hypervisor's own page shared with a guest */
	FRAME_TYPES
};

struct frame {
	uint64_t count_info;	/* atomic: flags FC_*, and the number of references */
	uint64_t type_info;	/* atomic: type, flags FT_*, and the number of uses */
	uint32_t next, prev;	/* the owner's list, or the allocator's; mfn, 0 = none */
	domid_t owner;		/* valid while allocated; DOMID_XEN, DOMID_IO for no domain's */
	uint16_t order;		/* of a free block */
	uint32_t aux;		/* typed: entries validated so far; free or untyped: TLB stamp */
};

_Static_assert(sizeof(struct frame) == 32, "memory budget: at most 40 bytes a frame");

/** arch: the table; an entry per frame below arch_max_mfn. */
extern struct frame *frame_table;
extern uint64_t arch_max_mfn;

static inline struct frame *frame_of(mfn_t m)
{
	return &frame_table[m.n];
}

static inline mfn_t frame_mfn(const struct frame *f)
{
	return mfn((uint64_t)(f - frame_table));
}
