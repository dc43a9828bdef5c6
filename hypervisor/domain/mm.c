// SPDX-License-Identifier: MIT
/*
 * Which frames a domain owns: from the allocator (hypervisor/domain/ram.c) to its list, and back
 * with the last reference. Frames reach a domain zeroed.
 *
 *	  domain_pages_alloc                         frame_share
 *	free --------------> page list of d       hypervisor's ----> shared list of d
 *	  ^                   |    |     ^           ^                 |
 *	  |  last reference,  |    |     |           | last reference  |
 *	  +--d's given back---+    |     |           +-----------------+
 *	  ^      domain_page_steal |     | domain_pages_assign
 *	  |                        v     |
 *	  +---- mm_pages_free --- owned by none
 */
#include <hv/mm.h>

#include <hv/arch.h>
#include <hv/buddy.h>
#include <hv/domain.h>
#include <hv/mem.h>

#include "framelist.h"
#include "ram.h"
#include "reap.h"

/* The list that a frame of d without a reference of its own stands in. */
static uint32_t *list_of(struct domain *d, const struct frame *f)
{
	uint32_t m = (uint32_t)frame_mfn(f).n;

	if (f->count_info & FC_HV)
		return &d->mm.shared_list;
	return d->mm.zombie_list == m ? &d->mm.zombie_list : &d->mm.page_list;
}

/* f leaves its list; who looks for pins there (relinquish.c) goes on behind it. */
static void leave_list(struct domain *d, uint32_t *list, struct frame *f)
{
	if (unlikely(d->mm.pins_at == frame_mfn(f).n))
		d->mm.pins_at = f->next;
	framelist_unlink(list, f);
}

/* ---- a domain's frames ---------------------------------------------------------------------- */

static bool is_dying(const struct domain *d)
{
	return d->life.state >= LIFE_DYING;
}

/*
 * Makes n adjacent frames d's, in ascending order at the head of its list; page_lock held. Each is
 * anybody's to ask for as soon as it has its reference.
 */
static void give_run(struct domain *d, mfn_t first, uint64_t n)
{
	struct frame *f = frame_of(first), *end = f + n;
	uint32_t m = (uint32_t)first.n, old = d->mm.page_list;
	domid_t owner = d->id;

	for (; f < end; f++, m++) {
		f->owner = owner;
		f->prev = m - 1;
		f->next = m + 1;
		__atomic_store_n(&f->count_info, FC_ALLOCATED | 1, __ATOMIC_RELEASE);
	}
	frame_of(first)->prev = 0;
	end[-1].next = old;
	if (old)
		frame_table[old].prev = m - 1;
	d->mm.page_list = (uint32_t)first.n;
	d->mm.tot_pages += (uint32_t)n;
}

bool domain_pages_assign(struct domain *d, mfn_t first, unsigned order)
{
	uint64_t n = 1ULL << order;
	bool ok;

	spin_lock(&d->mm.page_lock);
	ok = !is_dying(d) && d->mm.tot_pages + n <= d->mm.max_pages;
	if (ok)
		give_run(d, first, n);
	spin_unlock(&d->mm.page_lock);
	return ok;
}

bool domain_pages_alloc_below(struct domain *d, unsigned order, unsigned bits, mfn_t *first)
{
	/* An answer without the lock: saves zeroing what it could not have. */
	if (order >= BUDDY_ORDERS || d->mm.max_pages < d->mm.tot_pages + (1ULL << order))
		return false;
	if (!ram_alloc(d, order, bits, first))
		return false;
	if (domain_pages_assign(d, *first, order))
		return true;
	ram_free(*first, 1ULL << order, CONTENT_ANY);
	return false;
}

bool domain_pages_alloc(struct domain *d, unsigned order, mfn_t *first)
{
	return domain_pages_alloc_below(d, order, 64, first);
}

bool domain_page_steal(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get(m, d);
	uint64_t alone = FC_ALLOCATED | 2;

	if (!f)
		return false;
	spin_lock(&d->mm.page_lock);
	/* From here on nobody else can take a reference: without one it is nobody's. */
	if (!__atomic_compare_exchange_n(&f->count_info, &alone, 0, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED)) {
		spin_unlock(&d->mm.page_lock);
		frame_put(f);
		return false;
	}
	leave_list(d, &d->mm.page_list, f);
	d->mm.tot_pages--;
	spin_unlock(&d->mm.page_lock);
	CHECK(!(f->type_info & FT_COUNT));
	f->owner = DOMID_INVALID;
	f->aux = tlb_stamp();	/* of its type, too, which it keeps should d get it back */
	return true;
}

/* ---- pages of the hypervisor that guests map --------------------------------------------- */

void frame_share(struct domain *d, void *page, bool readonly)
{
	struct frame *f = frame_of(ptr_mfn(page));
	enum frame_type type = readonly ? FRAME_SHARED : FRAME_WRITABLE;

	CHECK(f->count_info == FC_HV);
	spin_lock(&d->mm.page_lock);
	f->owner = d->id;
	f->type_info = (uint64_t)type << FT_SHIFT | FT_VALIDATED | 1;
	framelist_push(&d->mm.shared_list, f);
	d->mm.shared_pages++;
	__atomic_store_n(&f->count_info, FC_HV | FC_ALLOCATED | 1, __ATOMIC_RELEASE);
	spin_unlock(&d->mm.page_lock);
}

void frame_share_end(struct frame *f)
{
	if (!(READ_ONCE(f->count_info) & FC_ALLOCATED))
		return;
	frame_type_drop(f);
	frame_drop_allocated(f);
}

void frame_unshare(void *page)
{
	struct frame *f = frame_of(ptr_mfn(page));

	CHECK(f->count_info & FC_HV);
	if (!frame_try_ref(f)) {	/* its domain has gone before */
		hv_pages_free(page, 0);
		return;
	}
	__atomic_fetch_or(&f->count_info, FC_ORPHAN, __ATOMIC_ACQ_REL);
	frame_share_end(f);
	frame_put(f);
}

/* ---- the last reference --------------------------------------------------------------------- */

void frame_free_last(struct frame *f)
{
	struct domain *d = domain_by_owner(f->owner);
	uint64_t flags = f->count_info, content;
	bool gone, ours = (flags & FC_HV) && !(flags & FC_ORPHAN);

	CHECK(d && !(flags & (FC_ALLOCATED | FC_COUNT)) && !(f->type_info & FT_COUNT));
	spin_lock(&d->mm.page_lock);
	leave_list(d, list_of(d, f), f);
	if (flags & FC_HV)
		d->mm.shared_pages--;
	else
		d->mm.tot_pages--;
	gone = d->mm.released && !d->mm.tot_pages && !d->mm.shared_pages;
	content = is_dying(d) ? CONTENT_ANY : d->mm.serial;
	if (ours) {
		f->owner = DOMID_INVALID;
		f->type_info = 0;
		f->count_info = FC_HV;
	}
	spin_unlock(&d->mm.page_lock);
	/* Unless this was its last frame, d may be gone from here on. */
	if (!ours)
		ram_free(frame_mfn(f), 1, content);
	if (gone)
		reap_later(d);
}

/* ---- its beginning --------------------------------------------------------------------------- */

void domain_mm_init(struct domain *d)
{
	static uint64_t serials = FIRST_SERIAL;

	d->mm = (struct domain_mm){ 0 };
	d->mm.serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	spin_init(&d->mm.pt_lock, "pt");
	spin_init(&d->mm.page_lock, "page");
	if (d->control)
		d->mm.max_pages = UINT32_MAX;
	d->mm.io_memory = d->control;
	d->refs++;	/* its frames'; nobody else knows it yet */
}
