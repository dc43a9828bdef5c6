// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_mmu_update: a list of (address of an entry, new value). Almost always the list has
 * one member, an entry of an L1 of the caller's own: that case comes first and takes no
 * reference, because a validated table under pt_lock goes nowhere.
 *
 * The list is worked off in pieces. Between them "how many were done" stands in the guest's
 * `done`, what is left in the arguments, with MMU_UPDATE_PREEMPTED in the count. When only
 * the clearing away of old tables remains the list is NULL and the final result stands in
 * the place of foreigndom.
 */
#include <hv/hypercall.h>

#include <hv/mm.h>
#include <hv/usercopy.h>

#include "mmulist.h"
#include "pgowner.h"

#define COMMAND_MASK 7u
#define NOT_SIMPLE   1

struct batch {
	struct domain *self;
	struct domain *tables;		/* owner of the tables */
	struct domain *pages;		/* owner of what they map */
	struct pt_pending *pending;
	struct pt_ctx own;		/* self's tables and pages */
};

static inline void ldt_check(struct pt_ctx *c, struct domain *tables)
{
	if (likely(!c->ldt_stale))
		return;
	c->ldt_stale = false;
	tables_ldt_stale(tables);
}

/* pt_lock held. The upper levels: budget and pending are needed for what hangs below. */
static __attribute__((noinline)) long update_own_upper(struct pt_ctx *c, struct frame *f,
						       const struct mmu_update *req,
						       struct pt_pending *pending)
{
	unsigned level;

	if (!pt_is_table(f, c->owner, &level))
		return NOT_SIMPLE;
	return pt_update(c, f, level, (req->ptr & ~PAGE_MASK) / sizeof(uint64_t), req->val,
			 req->ptr & COMMAND_MASK, pending);
}

/* A table of the caller's own; NOT_SIMPLE: it is none. */
static inline long update_own(struct domain *d, struct pt_ctx *c, const struct mmu_update *req,
			      struct pt_pending *pending)
{
	uint64_t cmd = req->ptr & COMMAND_MASK;
	mfn_t m = mfn(req->ptr >> PAGE_SHIFT);
	struct frame *f;
	long rc = NOT_SIMPLE;

	if ((cmd & ~(uint64_t)MMU_PT_UPDATE_PRESERVE_AD) || m.n >= arch_max_mfn)
		return NOT_SIMPLE;
	m = mfn(index_clamp(m.n, arch_max_mfn));
	f = frame_of(m);
	spin_lock(&d->mm.pt_lock);
	if (likely(pt_is_l1(f, d->id)))
		rc = pt_update_l1(c, f, (uint64_t *)((char *)frame_ptr(m) + (req->ptr & 0xff8)),
				  req->val, cmd);
	else
		rc = update_own_upper(c, f, req, pending);
	spin_unlock(&d->mm.pt_lock);
	ldt_check(c, d);
	return rc;
}

static inline long update_own_m2p(struct domain *d, const struct mmu_update *req)
{
	mfn_t m = mfn(req->ptr >> PAGE_SHIFT);
	struct frame *f = frame_get_of(m, d->id);

	if (unlikely(!f))
		return -XEN_EINVAL;
	m2p_set(frame_mfn(f), req->val);
	frame_put(f);
	return 0;
}

static bool may_update(const struct batch *b)
{
	return pgowner_allowed(b->tables) && (b->pages == &dom_io || pgowner_allowed(b->pages));
}

/* pt_lock held; f is referenced. */
static int update_frame(struct pt_ctx *c, const struct batch *b, struct frame *f,
			const struct mmu_update *req)
{
	bool keep_ad = (req->ptr & COMMAND_MASK) == MMU_PT_UPDATE_PRESERVE_AD;
	unsigned index = (req->ptr & ~PAGE_MASK) / sizeof(uint64_t), level;
	uint64_t *slot = (uint64_t *)frame_ptr(frame_mfn(f)) + index;

	if (pt_is_table(f, b->tables->id, &level)) {
		if (level == 1)
			return pt_update_l1(c, f, slot, req->val, keep_ad);
		if (b->pages != b->tables)
			return -XEN_EINVAL;
		return pt_update(c, f, level, index, req->val, keep_ad, b->pending);
	}
	if (!frame_type_take(f, FRAME_WRITABLE))
		return -XEN_EINVAL;
	WRITE_ONCE(*slot, req->val);
	frame_type_drop(f);
	return 0;
}

static int update_entry(const struct batch *b, const struct mmu_update *req)
{
	struct pt_ctx c;
	struct frame *f;
	int rc;

	if (!may_update(b))
		return -XEN_EPERM;
	f = frame_get(mfn(req->ptr >> PAGE_SHIFT), b->tables);
	if (!f)
		return -XEN_EINVAL;
	pgowner_ctx(&c, b->tables, b->pages);
	spin_lock(&b->tables->mm.pt_lock);
	rc = update_frame(&c, b, f, req);
	spin_unlock(&b->tables->mm.pt_lock);
	ldt_check(&c, b->tables);
	frame_put(f);
	return rc;
}

static int update_m2p(const struct batch *b, const struct mmu_update *req)
{
	mfn_t m = mfn(req->ptr >> PAGE_SHIFT);
	struct frame *f;

	if (b->self != b->tables || !pgowner_allowed(b->pages))
		return -XEN_EPERM;
	f = frame_get(m, b->pages);
	if (!f)
		return -XEN_EINVAL;
	m2p_set(m, req->val);
	frame_put(f);
	return 0;
}

static int update_one(struct batch *b, const struct mmu_update *req)
{
	if (likely(b->tables == b->self && b->pages == b->self)) {
		if ((req->ptr & COMMAND_MASK) == MMU_MACHPHYS_UPDATE)
			return (int)update_own_m2p(b->self, req);
		long rc = update_own(b->self, &b->own, req, b->pending);

		if (likely(rc != NOT_SIMPLE))
			return (int)rc;
	}
	switch (req->ptr & COMMAND_MASK) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_PRESERVE_AD:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return update_entry(b, req);
	case MMU_MACHPHYS_UPDATE:
		return update_m2p(b, req);
	default:
		return -XEN_ENOSYS;
	}
}

static int update_list(struct batch *b, struct mmu_list *list)
{
	for (; list->i < list->count; list->i++) {
		struct mmu_update req;
		int rc = mmu_list_step(list, b->pending);

		if (rc)
			return rc;
		if (copy_from_guest(&req, guest_index(list->at, list->i, req), sizeof(req)))
			return -XEN_EFAULT;
		rc = update_one(b, &req);
		if (rc)
			return rc;
	}
	return 0;
}

/* The upper half of foreigndom names the owner of the tables, plus 1. */
static int find_owners(struct batch *b, uint32_t foreigndom)
{
	uint32_t tables = foreigndom >> 16;

	b->tables = b->self;
	if (tables && tables - 1 != b->self->id) {
		b->tables = domain_get((domid_t)(tables - 1));
		if (!b->tables)
			return -XEN_ESRCH;
	}
	b->pages = pgowner_get((domid_t)foreigndom);
	return b->pages ? 0 : -XEN_ESRCH;
}

static long update_many(struct vcpu *v, const uint64_t args[4])
{
	struct batch b = { .self = v->domain, .pending = &v->pt_pending };
	struct mmu_list list;
	long rc;

	if (mmu_list_begin(&list, b.pending, args, sizeof(struct mmu_update), &rc))
		return rc;
	tables_ctx(&b.own, b.self, current_budget());
	rc = find_owners(&b, (uint32_t)args[3]);
	if (!rc)
		rc = mmu_list_end(&list, b.pending, update_list(&b, &list));
	pgowner_put(b.tables);
	pgowner_put(b.pages);
	return rc;
}

/* The only member of a list has left something, or has to go on. */
static __attribute__((noinline)) long update_unfinished(struct pt_pending *pending, uint64_t at,
							uint64_t done, long rc)
{
	struct mmu_list list = { .at = guest_va(at), .count = 1, .i = !rc,
				 .done_at = guest_va(done), .member = sizeof(struct mmu_update) };

	return mmu_list_end(&list, pending, (int)rc);
}

long do_mmu_update(uint64_t at, uint64_t count, uint64_t done, uint64_t foreigndom, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	(void)a5;
	if (likely((uint32_t)count == 1 && (uint32_t)foreigndom == DOMID_SELF) &&
	    likely(!v->pt_pending.table.n)) {
		uint32_t one;
		struct mmu_update req;
		struct pt_ctx c;
		long rc;

		if (unlikely(copy_from_guest(&req, guest_va(at), sizeof(req))))
			return -XEN_EFAULT;
		tables_ctx(&c, v->domain, current_budget());
		rc = update_own(v->domain, &c, &req, &v->pt_pending);
		if (unlikely(v->pt_pending.table.n || rc == -XEN_ERESTART))
			return update_unfinished(&v->pt_pending, at, done, rc);
		if (likely(rc != NOT_SIMPLE)) {
			one = !rc;
			if (done)
				(void)copy_to_guest(guest_va(done), &one, sizeof(one));
			return rc;
		}
	}
	return update_many(v, (const uint64_t[]){ at, count, done, foreigndom });
}
