// SPDX-License-Identifier: MIT
/*
 * The machine's free frames, and those that no domain owns. A frame leaves only when no CPU
 * translates to it any more on behalf of its last owner, and no frame's content reaches another
 * domain: which frames are zero is known, and idle CPUs zero ahead of need.
 *
 *	           hv_pages_alloc                      ram_alloc (hypervisor/domain/mm.c)
 *	hypervisor <-------------- free in the allocator -------------------> d's
 *	           --------------> (stamp and content  <-------------------
 *	           hv_pages_free    of each known)      ram_free
 */
#include "ram.h"

#include <hv/arch.h>
#include <hv/buddy.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/mm.h>

#include "mmcheck.h"

static struct buddy ram;
static uint64_t claimed;	/* sum of all domains' claims */
static spinlock_t ram_lock = SPINLOCK("buddy");	/* guards all here and domain_mm.claimed */

/*
 * Idle CPUs zero the blocks that will be handed out next, so that whoever makes a domain finds them
 * clean. A bounded number: what is never used is never touched.
 */
#define AHEAD_ORDER	9	/* what domain builders ask for */
#define AHEAD_BLOCKS	32	/* 64 MiB */
static struct {
	bool settled;		/* the look has come to its end; nothing has changed since */
	unsigned block, frame;	/* where the look stands */
} ahead;

static void look_again(void)
{
	ahead.settled = false;
	ahead.block = ahead.frame = 0;
}

/* The pages of the M2P belong to "Xen": its tools may map them to read, nobody to write. */
static void share_m2p(void)
{
	for (uint64_t i = 0; i < arch_m2p_pages(); i++) {
		struct frame *f = frame_of(arch_m2p_frame(i));

		f->owner = DOMID_XEN;
		f->type_info = (uint64_t)FRAME_SHARED << FT_SHIFT | FT_VALIDATED | 1;
		f->count_info = FC_HV | FC_ALLOCATED | 1;
	}
}

void mm_init(void)
{
	ram = (struct buddy){ 0 };
	claimed = 0;
	look_again();
	ram_lock.held = 0;
	share_m2p();
}

void mm_add_ram(mfn_t start, mfn_t end)
{
	spin_lock(&ram_lock);
	buddy_add(&ram, start, end);
	spin_unlock(&ram_lock);
}

uint64_t mm_free_frames(void)
{
	return ram.free;
}

uint64_t mm_total_frames(void)
{
	return ram.total;
}

uint64_t mm_claimed_frames(void)
{
	return claimed;
}

const char *mm_check_free(void)
{
	return buddy_check(&ram);
}

/* ---- runs of free frames ------------------------------------------------------------- */

/*
 * From free frames to such without a type, that no CPU translates to. No domain sees another's data;
 * its own (`own`, a serial number; CONTENT_ZEROS: none) it has seen, as when a balloon breathes. What is
 * zero was flushed before; frames that were freed together have the same stamp.
 */
static void make_ready(mfn_t first, uint64_t n, uint64_t own, bool dirty)
{
	struct frame *f = frame_of(first), *end = f + n;
	uint32_t flushed = ~f->aux;

	for (; f < end; f++) {
		uint64_t content = f->type_info;

		f->type_info = 0;
		if (likely(content == CONTENT_ZEROS))
			continue;
		if (f->aux != flushed) {
			flushed = f->aux;
			tlb_flush_stale(flushed);
		}
		if (content != own && !dirty)
			arch_clear(frame_ptr(frame_mfn(f)), PAGE_SIZE);
	}
}

/* What is claimed for others is not there for d. */
static inline __attribute__((always_inline)) bool take(struct domain *d, unsigned order, unsigned bits,
						       mfn_t *first)
{
	uint64_t n = 1ULL << order, mine;
	bool ok;

	if (order >= BUDDY_ORDERS || bits <= PAGE_SHIFT)
		return false;
	spin_lock(&ram_lock);
	look_again();
	mine = d ? d->mm.claimed : 0;
	ok = ram.free >= n && (ram.free - n >= claimed || mine >= n) &&
	     buddy_alloc(&ram, order, bits - PAGE_SHIFT, first);
	if (ok && mine) {
		d->mm.claimed -= (uint32_t)MIN(mine, n);
		claimed -= MIN(mine, n);
	}
	spin_unlock(&ram_lock);
	return ok;
}

bool ram_alloc(struct domain *d, unsigned order, unsigned bits, mfn_t *first)
{
	if (!take(d, order, bits, first))
		return false;
	/* dom0 gets its first memory as firmware left it. */
	make_ready(*first, 1ULL << order, d ? d->mm.serial : CONTENT_ZEROS, d && d->mm.takes_dirty);
	return true;
}

void ram_free(mfn_t first, uint64_t n, uint64_t content)
{
	struct frame *f = frame_of(first), *end = f + n;
	uint32_t stamp = tlb_stamp();

	for (; f < end; f++) {
		f->count_info = 0;
		f->type_info = content;
		f->owner = DOMID_INVALID;
		f->aux = stamp;
	}
	m2p_clear_run(first, n);
	spin_lock(&ram_lock);
	look_again();
	buddy_free_run(&ram, first, n);
	spin_unlock(&ram_lock);
}

int domain_pages_claim(struct domain *d, uint64_t pages)
{
	int rc = 0;

	spin_lock(&d->mm.page_lock);
	spin_lock(&ram_lock);
	if (!pages) {
		claimed -= d->mm.claimed;
		d->mm.claimed = 0;
	} else if (d->life.state >= LIFE_DYING || d->mm.claimed || pages <= d->mm.tot_pages ||
		   pages > d->mm.max_pages) {
		rc = -XEN_EINVAL;
	} else if (pages - d->mm.tot_pages > ram.free - MIN(ram.free, claimed)) {
		rc = -XEN_ENOMEM;
	} else {
		d->mm.claimed = (uint32_t)(pages - d->mm.tot_pages);
		claimed += d->mm.claimed;
	}
	spin_unlock(&ram_lock);
	spin_unlock(&d->mm.page_lock);
	return rc;
}

/* ---- frames of no domain ------------------------------------------------------------- */

void *hv_pages_alloc(unsigned order)
{
	mfn_t first;

	if (!ram_alloc(NULL, order, 64, &first))
		return NULL;
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		struct frame *f = frame_of(mfn(first.n + i));

		f->owner = DOMID_INVALID;
		f->count_info = FC_HV;
	}
	return frame_ptr(first);
}

void hv_pages_free(void *p, unsigned order)
{
	mfn_t first = ptr_mfn(p);

	for (uint64_t i = 0; i < 1ULL << order; i++)
		CHECK(frame_of(mfn(first.n + i))->count_info == FC_HV);
	ram_free(first, 1ULL << order, CONTENT_ANY);
}

bool mm_pages_alloc(const struct domain *d, unsigned order, unsigned bits, mfn_t *first)
{
	if (!take(NULL, order, bits, first))
		return false;
	make_ready(*first, 1ULL << order, d->mm.serial, false);
	return true;
}

void mm_pages_free(const struct domain *d, mfn_t first, unsigned order)
{
	for (uint64_t i = 0; i < 1ULL << order; i++)
		CHECK(!frame_of(mfn(first.n + i))->count_info);
	ram_free(first, 1ULL << order, d->mm.serial);
}

/* ---- zeros ahead of need ------------------------------------------------------------- */

/*
 * The next frame ahead that is not zero, of the block that the look stands at; NULL: there is none in
 * it, and the look goes on to the next.
 */
static struct frame *next_ahead(mfn_t first)
{
	for (; ahead.frame < 1U << AHEAD_ORDER; ahead.frame++) {
		struct frame *f = frame_of(mfn(first.n + ahead.frame));

		if (f->type_info != CONTENT_ZEROS)
			return f;
	}
	ahead.frame = 0;
	ahead.block++;
	return NULL;
}

bool mm_zero_ahead(void)
{
	struct frame *f = NULL;
	uint32_t stamp = 0;
	bool stale = false, settled;
	mfn_t first;

	/* A look without the lock: most often there is nothing to do. */
	if (__atomic_load_n(&ahead.settled, __ATOMIC_RELAXED))
		return false;
	spin_lock(&ram_lock);
	ahead.settled = ahead.block == AHEAD_BLOCKS ||
			!buddy_ahead(&ram, AHEAD_ORDER, ahead.block, &first);
	if (!ahead.settled)
		f = next_ahead(first);
	if (f) {
		/* A CPU that still translates for the last owner could write to it later. */
		stamp = f->aux;
		stale = tlb_is_stale(stamp);
	}
	if (f && !stale) {
		arch_clear(frame_ptr(frame_mfn(f)), PAGE_SIZE);
		f->type_info = CONTENT_ZEROS;
		f->owner = DOMID_INVALID;
	}
	settled = ahead.settled;
	spin_unlock(&ram_lock);
	if (stale)
		tlb_flush_stale(stamp);
	return !settled;
}
