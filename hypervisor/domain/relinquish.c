// SPDX-License-Identifier: MIT
/*
 * The end of a domain's memory, in pieces. First all pins go, and the tables with them: then
 * nobody but the domain holds most of its frames, and what stands side by side in its list goes back
 * as a run. What others still map is left to their last reference.
 */
#include <hv/mm.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/tables.h>

#include "framelist.h"
#include "ram.h"
#include "reap.h"

#define RUN_MAX		512	/* frames looked at with the lock held */
#define RUN_UNIT	16	/* of them for a unit of the budget */

/* What was done is paid for afterwards. */
static void charge(struct budget *b, unsigned frames)
{
	budget_take_n(b, frames / RUN_UNIT);
}

/* ---- pins ------------------------------------------------------------------------------------ */

/* A pin is the owner's: it goes with it. 0, or -XEN_ERESTART with the pin still there. */
static int drop_pin(struct domain *d, struct frame *f, struct budget *b)
{
	struct pt_pending pending = { 0 };

	if (!tables_unpin(d, f, &pending, b) || !pending.table.n)
		return 0;
	spin_lock(&d->mm.pt_lock);	/* who else uses the table counts without an atomic operation */
	__atomic_fetch_or(&f->type_info, FT_PINNED, __ATOMIC_RELAXED);
	spin_unlock(&d->mm.pt_lock);
	return -XEN_ERESTART;
}

/* The search goes on, RUN_MAX frames at most. A pinned frame with a reference, or NULL. */
static struct frame *next_pinned(struct domain *d, struct budget *b)
{
	struct frame *found = NULL;
	unsigned seen = 0;

	spin_lock(&d->mm.page_lock);
	while (d->mm.pins_at && seen++ < RUN_MAX) {
		struct frame *f = frame_of(mfn(d->mm.pins_at));

		if (unlikely(READ_ONCE(f->type_info) & FT_PINNED) && frame_try_ref(f)) {
			found = f;
			break;
		}
		d->mm.pins_at = f->next;
	}
	spin_unlock(&d->mm.page_lock);
	charge(b, seen);
	return found;
}

static int drop_pins(struct domain *d, struct budget *b)
{
	if (!d->mm.ending) {
		spin_lock(&d->mm.pt_lock);	/* who found it alive has set its pin by now */
		spin_lock(&d->mm.page_lock);
		d->mm.ending = true;
		d->mm.pins_at = d->mm.page_list;
		spin_unlock(&d->mm.page_lock);
		spin_unlock(&d->mm.pt_lock);
	}
	while (READ_ONCE(d->mm.pins_at)) {
		struct frame *f;
		int rc = 0;

		if (!budget_take(b))
			return -XEN_ERESTART;
		f = next_pinned(d, b);
		if (f) {
			rc = drop_pin(d, f, b);
			frame_put(f);
		}
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Takes out of the list the adjacent frames at its head that nobody else holds. */
static unsigned cut_run(struct domain *d, mfn_t *first)
{
	uint32_t at;
	unsigned n = 0;

	spin_lock(&d->mm.page_lock);
	at = d->mm.page_list;
	*first = mfn(at);
	while (at && at == first->n + n && n < RUN_MAX) {
		struct frame *f = frame_of(mfn(at));
		uint64_t alone = FC_ALLOCATED | 1;

		/* Without a reference nobody can get one. */
		if (!__atomic_compare_exchange_n(&f->count_info, &alone, 0, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			break;
		CHECK(!(f->type_info & FT_COUNT));
		at = f->next;
		n++;
	}
	d->mm.page_list = at;
	if (at)
		frame_table[at].prev = 0;
	d->mm.tot_pages -= n;
	spin_unlock(&d->mm.page_lock);
	return n;
}

/* The first frame is held by others: it leaves the list, and is free when they let it go. */
static void leave_first(struct domain *d)
{
	struct frame *f = NULL;

	spin_lock(&d->mm.page_lock);
	if (d->mm.page_list && frame_try_ref(frame_of(mfn(d->mm.page_list)))) {
		f = frame_of(mfn(d->mm.page_list));
		framelist_unlink(&d->mm.page_list, f);
		framelist_push(&d->mm.zombie_list, f);
	}
	spin_unlock(&d->mm.page_lock);
	if (!f) {	/* another CPU is giving it back just now */
		arch_relax();
		return;
	}
	frame_drop_allocated(f);
	frame_put(f);
}

static int relinquish_pages(struct domain *d, struct budget *b)
{
	while (READ_ONCE(d->mm.page_list)) {
		mfn_t first;
		unsigned n;

		if (!budget_take(b))
			return -XEN_ERESTART;
		n = cut_run(d, &first);
		if (n)
			ram_free(first, n, CONTENT_ANY);
		else
			leave_first(d);
		charge(b, n);
	}
	return 0;
}

/* ---- pages of the hypervisor that it maps ------------------------------------------------------ */

/* The first page that the domain may still take, with a reference. The others that stand in the list
 * go whenever who maps them lets them go. */
static struct frame *first_shared(struct domain *d)
{
	struct frame *f = NULL;

	spin_lock(&d->mm.page_lock);
	for (uint32_t at = d->mm.shared_list; at && !f; at = frame_of(mfn(at))->next)
		if ((READ_ONCE(frame_of(mfn(at))->count_info) & FC_ALLOCATED) &&
		    frame_try_ref(frame_of(mfn(at))))
			f = frame_of(mfn(at));
	spin_unlock(&d->mm.page_lock);
	return f;
}

static int relinquish_shared(struct domain *d, struct budget *b)
{
	struct frame *f;

	while ((f = first_shared(d))) {
		frame_share_end(f);
		frame_put(f);
		if (!budget_take(b))
			return -XEN_ERESTART;
	}
	return 0;
}

/* ---- all of it --------------------------------------------------------------------------------- */

int domain_mm_relinquish(struct domain *d, struct budget *b)
{
	int rc = drop_pins(d, b);
	bool gone;

	if (!rc)
		rc = relinquish_pages(d, b);
	if (!rc)
		rc = relinquish_shared(d, b);
	if (rc)
		return rc;
	domain_pages_claim(d, 0);
	spin_lock(&d->mm.page_lock);
	gone = !d->mm.released && !d->mm.tot_pages && !d->mm.shared_pages;
	d->mm.released = true;
	spin_unlock(&d->mm.page_lock);
	if (gone)
		reap_later(d);
	return 0;
}
