// SPDX-License-Identifier: MIT
/*
 * Who owns which frames: the hypervisor, domains, nobody. Frames reach a domain zeroed, and no
 * CPU translates to them any more on behalf of their last owner.
 *
 *	            hv_pages_alloc                        domain_pages_alloc
 *	hypervisor <--------------- free in the allocator -------------------> page list of d
 *	     |                        ^    ^      |  mm_pages_alloc                |       |
 *	     | frame_share            |    |      v        domain_pages_assign     |       |
 *	     v          last reference|    |   owned by none <---------------------+       |
 *	shared list of d -------------+    |             domain_page_steal                 |
 *	                                   +------- last reference, d's own given back ----+
 */
#include <hv/arch.h>
#include <hv/mm.h>

#include <hv/buddy.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/tables.h>

#include "mmcheck.h"
#include "reap.h"

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

/* What a free frame holds (type_info): data of the domain with this serial number, or one of these. */
enum { CONTENT_ANY, CONTENT_ZEROS, FIRST_SERIAL };

static void look_again(void)
{
	ahead.settled = false;
	ahead.block = ahead.frame = 0;
}

/* The pages of the M2P belong to "Xen": its tools may map them to read, nobody to write. */
static void share_m2p(void)
{
	uint64_t pages = DIV_ROUND_UP(arch_max_mfn * sizeof(*arch_m2p), PAGE_SIZE);

	for (uint64_t i = 0; i < pages; i++) {
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

/* ---- blocks of the allocator --------------------------------------------------------- */

/* Frames that were freed together have the same stamp. */
static void flush_stale(mfn_t first, uint64_t n)
{
	uint32_t last = frame_of(first)->aux;

	tlb_flush_stale(last);
	for (uint64_t i = 1; i < n; i++) {
		uint32_t stamp = frame_of(mfn(first.n + i))->aux;

		if (stamp != last)
			tlb_flush_stale(stamp);
		last = stamp;
	}
}

/* What is claimed for others is not there for d (or for the hypervisor: d NULL). */
static bool block_alloc(struct domain *d, unsigned order, unsigned bits, mfn_t *first)
{
	uint64_t n = 1ULL << order, mine = d ? d->mm.claimed : 0;
	bool ok;

	if (order >= BUDDY_ORDERS || bits <= PAGE_SHIFT)
		return false;
	spin_lock(&ram_lock);
	look_again();
	ok = ram.free >= n && (ram.free - n >= claimed || mine >= n) &&
	     buddy_alloc(&ram, order, bits - PAGE_SHIFT, first);
	if (ok && mine) {
		d->mm.claimed -= (uint32_t)MIN(mine, n);
		claimed -= MIN(mine, n);
	}
	spin_unlock(&ram_lock);
	if (!ok)
		return false;
	flush_stale(*first, n);
	return true;
}

/* content: the serial number of the domain whose data the frames hold, or CONTENT_ANY. */
static void block_free(mfn_t first, unsigned order, uint64_t content)
{
	uint32_t stamp = tlb_stamp();

	for (uint64_t i = 0; i < 1ULL << order; i++) {
		struct frame *f = frame_of(mfn(first.n + i));

		f->count_info = 0;
		f->type_info = content;		/* of a free frame: see clear_for() */
		f->owner = DOMID_INVALID;
		f->aux = stamp;
	}
	spin_lock(&ram_lock);
	look_again();
	buddy_free(&ram, first, order);
	spin_unlock(&ram_lock);
}

void *hv_pages_alloc(unsigned order)
{
	mfn_t first;

	if (!block_alloc(NULL, order, 64, &first))
		return NULL;
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		struct frame *f = frame_of(mfn(first.n + i));

		f->owner = DOMID_INVALID;
		f->type_info = 0;
		f->count_info = FC_HV;
	}
	arch_clear(frame_ptr(first), PAGE_SIZE << order);
	return frame_ptr(first);
}

void hv_pages_free(void *p, unsigned order)
{
	mfn_t first = ptr_mfn(p);

	for (uint64_t i = 0; i < 1ULL << order; i++)
		CHECK(frame_of(mfn(first.n + i))->count_info == FC_HV);
	block_free(first, order, CONTENT_ANY);
}

bool mm_pages_alloc(unsigned order, unsigned bits, mfn_t *first)
{
	if (!block_alloc(NULL, order, bits, first))
		return false;
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		frame_of(mfn(first->n + i))->count_info = 0;
		frame_of(mfn(first->n + i))->type_info = 0;
	}
	arch_clear(frame_ptr(*first), PAGE_SIZE << order);
	return true;
}

void mm_pages_free(mfn_t first, unsigned order)
{
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		CHECK(!frame_of(mfn(first.n + i))->count_info);
		m2p_set(mfn(first.n + i), INVALID_M2P_ENTRY);
	}
	block_free(first, order, CONTENT_ANY);
}

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
		stale = tlb_stale_cpus(stamp);
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

/* ---- lists of frames; page_lock held ---------------------------------------------------- */

static void list_push(uint32_t *head, struct frame *f)
{
	uint32_t m = (uint32_t)frame_mfn(f).n;

	f->prev = 0;
	f->next = *head;
	if (*head)
		frame_table[*head].prev = m;
	*head = m;
}

static void list_unlink(uint32_t *head, struct frame *f)
{
	if (f->next)
		frame_table[f->next].prev = f->prev;
	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		*head = f->next;
}

/* The list that a frame of d without a reference of its own stands in. */
static uint32_t *list_of(struct domain *d, const struct frame *f)
{
	uint32_t m = (uint32_t)frame_mfn(f).n;

	if (f->count_info & FC_HV)
		return &d->mm.shared_list;
	return d->mm.zombie_list == m ? &d->mm.zombie_list : &d->mm.page_list;
}

/* ---- a domain's frames ---------------------------------------------------------------------- */

static bool is_dying(const struct domain *d)
{
	return d->life.state >= LIFE_DYING;
}

bool domain_pages_assign(struct domain *d, mfn_t first, unsigned order)
{
	uint64_t n = 1ULL << order;
	bool ok;

	spin_lock(&d->mm.page_lock);
	ok = !is_dying(d) && d->mm.tot_pages + n <= d->mm.max_pages;
	if (ok)
		d->mm.tot_pages += (uint32_t)n;
	for (uint64_t i = n; ok && i-- > 0;) {
		struct frame *f = frame_of(mfn(first.n + i));

		f->owner = d->id;
		f->type_info = 0;
		list_push(&d->mm.page_list, f);
		__atomic_store_n(&f->count_info, FC_ALLOCATED | 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&d->mm.page_lock);
	return ok;
}

/* No domain sees another's data; its own it has seen (a balloon that breathes). dom0 gets its
 * first memory as firmware left it. */
static void clear_for(const struct domain *d, mfn_t first, unsigned order)
{
	if (d->mm.takes_dirty)
		return;
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		mfn_t m = mfn(first.n + i);

		uint64_t content = frame_of(m)->type_info;

		if (content != d->mm.serial && content != CONTENT_ZEROS)
			arch_clear(frame_ptr(m), PAGE_SIZE);
	}
}

bool domain_pages_alloc_below(struct domain *d, unsigned order, unsigned bits, mfn_t *first)
{
	/* An answer without the lock: saves zeroing what it could not have. */
	if (order >= BUDDY_ORDERS || d->mm.max_pages < d->mm.tot_pages + (1ULL << order))
		return false;
	if (!block_alloc(d, order, bits, first))
		return false;
	clear_for(d, *first, order);
	if (domain_pages_assign(d, *first, order))
		return true;
	block_free(*first, order, CONTENT_ANY);
	return false;
}

bool domain_pages_alloc(struct domain *d, unsigned order, mfn_t *first)
{
	return domain_pages_alloc_below(d, order, 64, first);
}

int domain_pages_claim(struct domain *d, uint64_t pages)
{
	int rc = 0;

	spin_lock(&d->mm.page_lock);
	spin_lock(&ram_lock);
	if (!pages) {
		claimed -= d->mm.claimed;
		d->mm.claimed = 0;
	} else if (d->mm.claimed || pages <= d->mm.tot_pages || pages > d->mm.max_pages) {
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
	list_unlink(&d->mm.page_list, f);
	d->mm.tot_pages--;
	spin_unlock(&d->mm.page_lock);
	CHECK(!(f->type_info & FT_COUNT));
	f->owner = DOMID_INVALID;
	f->type_info = 0;
	f->aux = tlb_stamp();
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
	list_push(&d->mm.shared_list, f);
	d->mm.shared_pages++;
	__atomic_store_n(&f->count_info, FC_HV | FC_ALLOCATED | 1, __ATOMIC_RELEASE);
	spin_unlock(&d->mm.page_lock);
}

/* The domain may not take it any more; what holds it still does. */
static void share_end(struct frame *f)
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
	share_end(f);
	frame_put(f);
}

/* ---- the last reference --------------------------------------------------------------------- */

void frame_free_last(struct frame *f)
{
	struct domain *d = domain_by_owner(f->owner);
	uint64_t flags = f->count_info;
	bool gone;

	CHECK(d && !(flags & (FC_ALLOCATED | FC_COUNT)) && !(f->type_info & FT_COUNT));
	spin_lock(&d->mm.page_lock);
	list_unlink(list_of(d, f), f);
	if (flags & FC_HV)
		d->mm.shared_pages--;
	else
		d->mm.tot_pages--;
	gone = d->mm.released && !d->mm.tot_pages && !d->mm.shared_pages;
	spin_unlock(&d->mm.page_lock);
	if ((flags & FC_HV) && !(flags & FC_ORPHAN)) {
		f->owner = DOMID_INVALID;
		f->type_info = 0;
		f->count_info = FC_HV;
	} else {
		m2p_set(frame_mfn(f), INVALID_M2P_ENTRY);
		block_free(frame_mfn(f), 0, is_dying(d) ? CONTENT_ANY : d->mm.serial);
	}
	if (gone)
		reap_later(d);
}

/* ---- the end of a domain ---------------------------------------------------------------------- */

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

/* A pin is the owner's: it goes with it. 0, or -XEN_ERESTART with the pin still there. */
static int drop_pin(struct domain *d, struct frame *f, struct budget *b)
{
	struct pt_pending pending = { 0 };

	if (!tables_unpin(d, f, &pending, b) || !pending.table.n)
		return 0;
	__atomic_fetch_or(&f->type_info, FT_PINNED, __ATOMIC_RELAXED);
	return -XEN_ERESTART;
}

/* The first frame of a list, with a reference. */
static struct frame *first_of(struct domain *d, uint32_t *list)
{
	struct frame *f = NULL;

	spin_lock(&d->mm.page_lock);
	if (*list && frame_try_ref(frame_of(mfn(*list))))
		f = frame_of(mfn(*list));
	spin_unlock(&d->mm.page_lock);
	return f;
}

static int relinquish_pages(struct domain *d, struct budget *b)
{
	while (READ_ONCE(d->mm.page_list)) {
		struct frame *f;
		int rc;

		if (!budget_take(b))
			return -XEN_ERESTART;
		f = first_of(d, &d->mm.page_list);
		if (!f) {	/* another CPU is giving it back just now */
			arch_relax();
			continue;
		}
		rc = drop_pin(d, f, b);
		if (rc) {
			frame_put(f);
			return rc;
		}
		spin_lock(&d->mm.page_lock);
		list_unlink(&d->mm.page_list, f);
		list_push(&d->mm.zombie_list, f);
		spin_unlock(&d->mm.page_lock);
		frame_drop_allocated(f);
		frame_put(f);
	}
	return 0;
}

static int relinquish_shared(struct domain *d, struct budget *b)
{
	uint32_t at = d->mm.shared_list;

	while (at) {
		struct frame *f = frame_of(mfn(at));

		if (!budget_take(b))
			return -XEN_ERESTART;
		at = f->next;
		if (frame_try_ref(f)) {
			share_end(f);
			frame_put(f);
		}
	}
	return 0;
}

int domain_mm_relinquish(struct domain *d, struct budget *b)
{
	int rc = relinquish_pages(d, b);
	bool gone;

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
