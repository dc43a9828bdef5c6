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
 *
 *	count_info	63 allocated  62 hypervisor's  61 free block  60 orphan    47..0 references
 *	type_info	63..60 type   59 pinned  58 validated  57 partial  56 busy  55 foreign  47..0 uses
 *
 * References and the uses of plain types (writable, descriptors, shared) are counted with
 * atomic operations and need no lock. The page-table types are entered and left only
 * by hv/pagetype.h, under the owner's pt_lock.
 */
#pragma once

#include <hv/arch.h>
#include <hv/check.h>
#include <hv/types.h>

enum frame_type {
	FRAME_NONE,	/* no type yet, or count 0 after no use */
	FRAME_L1,	/* L1 to L4: validated page tables */
	FRAME_L2,
	FRAME_L3,
	FRAME_L4,
	FRAME_SEGDESC,	/* a GDT or LDT page: every descriptor checked */
	FRAME_WRITABLE,	/* mapped writable somewhere, or a grant writes to it */
	FRAME_SHARED,	/* the hypervisor's own page, which guests may only read */
	FRAME_TYPES
};

#define FC_ALLOCATED	(1ULL << 63)	/* its owner has not given it back: holds one reference */
#define FC_HV		(1ULL << 62)	/* of hv_pages_alloc(); shared with a guest or not */
#define FC_FREE		(1ULL << 61)	/* first frame of a free block */
#define FC_ORPHAN	(1ULL << 60)	/* FC_HV: nobody but references holds it any more */
#define FC_COUNT	((1ULL << 48) - 1)

#define FT_SHIFT	60
#define FT_TYPE		(15ULL << FT_SHIFT)
#define FT_PINNED	(1ULL << 59)	/* the guest pinned it: holds one use and one reference */
#define FT_VALIDATED	(1ULL << 58)	/* every entry checked; set as long as the type is in use */
#define FT_PARTIAL	(1ULL << 57)	/* checked up to an entry: see hv/pagetype.h */
#define FT_BUSY		(1ULL << 56)	/* uses are 0, and a CPU is changing its type or its stamp */
#define FT_FOREIGN	(1ULL << 55)	/* another domain's table had it writable, of this type */
#define FT_COUNT	((1ULL << 48) - 1)

struct frame {
	uint64_t count_info;	/* atomic: flags FC_*, and the number of references */
	uint64_t type_info;	/* atomic: type, flags FT_*, and the number of uses */
	uint32_t next, prev;	/* the owner's list, or the allocator's; mfn, 0 = none */
	domid_t owner;		/* valid while it has references; DOMID_XEN, DOMID_IO: no domain */
	union {
		uint16_t order;	/* of a free block */
		int16_t linear;	/* a page table: hv/pagetype.h, recursive entries */
	};
	uint32_t aux;		/* page table: entries validated; else: hv/tlb.h, stamp */
};

_Static_assert(sizeof(struct frame) == 32, "memory budget: at most 40 bytes a frame");

/** arch: the table; an entry per frame below arch_max_mfn. */
extern struct frame *frame_table;

static inline struct frame *frame_of(mfn_t m)
{
	return &frame_table[m.n];
}

static inline mfn_t frame_mfn(const struct frame *f)
{
	return mfn((uint64_t)(f - frame_table));
}

/** Its content: frame_ptr(frame_mfn(f)). */
static inline void *frame_data(const struct frame *f)
{
	return (char *)arch_direct_map + ((const char *)f - (const char *)frame_table) *
					 (ptrdiff_t)(PAGE_SIZE / sizeof(*f));
}

static inline enum frame_type frame_type(const struct frame *f)
{
	return (enum frame_type)(READ_ONCE(f->type_info) >> FT_SHIFT);
}

static inline bool frame_type_in_use(const struct frame *f, enum frame_type type)
{
	uint64_t t = READ_ONCE(f->type_info);

	return (enum frame_type)(t >> FT_SHIFT) == type && (t & FT_COUNT);
}

/** Takes a reference unless the frame has none (is free, or the hypervisor's own). */
static inline bool frame_try_ref(struct frame *f)
{
	uint64_t c = READ_ONCE(f->count_info);

	do {
		if (unlikely(!(c & FC_COUNT)))
			return false;
	} while (unlikely(!__atomic_compare_exchange_n(&f->count_info, &c, c + 1, true,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)));
	return true;
}

/** Takes one more reference on a frame that already has one. */
static inline void frame_ref(struct frame *f)
{
	__atomic_fetch_add(&f->count_info, 1, __ATOMIC_ACQUIRE);
}

/** The last reference has gone; gives the frame back. Of the layer above (domain/mm.c). */
void frame_free_last(struct frame *f);

/** Gives a reference back; the frame may be free, or another's, afterwards. */
static inline void frame_put(struct frame *f)
{
	if (unlikely(!(__atomic_sub_fetch(&f->count_info, 1, __ATOMIC_RELEASE) & FC_COUNT)))
		frame_free_last(f);
}

/** As frame_try_ref(), for frames that the domain with this id owns; undone when it does not. */
static inline bool frame_try_ref_owned(struct frame *f, domid_t owner)
{
	if (unlikely(READ_ONCE(f->owner) != owner) || unlikely(!frame_try_ref(f)))
		return false;
	/* Only now that it cannot be freed does the owner stay what it is. */
	if (likely(READ_ONCE(f->owner) == owner))
		return true;
	frame_put(f);
	return false;
}

/** Takes away the owner's reference. False when it has gone before. */
bool frame_drop_allocated(struct frame *f);

/**
 * One more use as a plain type: FRAME_WRITABLE, FRAME_SEGDESC, FRAME_SHARED. The caller holds a
 * reference. A change of type first flushes the CPUs whose TLB may have a translation of the
 * former use. False when the frame is in use as something else. The content of a descriptor
 * page is the caller's to check: FT_VALIDATED is set when it was.
 */
static inline bool frame_type_take(struct frame *f, enum frame_type type);
/** Ends one use as a plain type. The caller holds a reference beyond this. */
static inline void frame_type_drop(struct frame *f);

/** A use that ends now is a mapping by another domain: who may be stale is not known. */
static inline void frame_note_foreign(struct frame *f)
{
	__atomic_fetch_or(&f->type_info, FT_FOREIGN, __ATOMIC_RELAXED);
}

/** Claims a frame without uses for a page-table type: flushed, one use, not validated. */
bool frame_type_begin(struct frame *f, enum frame_type type);

/* ---- inline, because each entry of each page table comes here ------------------------------- */

/** The rest of frame_type_take() and frame_type_drop(). */
bool frame_type_take_slow(struct frame *f, enum frame_type type);
void frame_type_drop_slow(struct frame *f);

static inline bool frame_type_take(struct frame *f, enum frame_type type)
{
	uint64_t t = READ_ONCE(f->type_info), now = (uint64_t)type << FT_SHIFT;

	/* The type that it has, or its first one since it got its owner: nothing is stale. */
	if (likely((t & (FT_TYPE | FT_BUSY)) == now || !t) &&
	    likely(__atomic_compare_exchange_n(&f->type_info, &t, (t | now) + 1, false,
					       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
		return true;
	return frame_type_take_slow(f, type);
}

static inline void frame_type_drop(struct frame *f)
{
	uint64_t t = READ_ONCE(f->type_info);

	if (unlikely((t & FT_COUNT) <= 1) ||
	    unlikely(!__atomic_compare_exchange_n(&f->type_info, &t, t - 1, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
		frame_type_drop_slow(f);
}

/** Takes a reference if the domain with this id owns the frame (m may be any number a guest gave). */
static inline struct frame *frame_get_of(mfn_t m, domid_t owner)
{
	struct frame *f;

	if (unlikely(m.n >= arch_max_mfn))
		return NULL;
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	return likely(frame_try_ref_owned(f, owner)) ? f : NULL;
}
