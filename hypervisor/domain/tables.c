// SPDX-License-Identifier: MIT
/*
 * Who owns uses of page tables besides other tables: pins, vCPUs, and operations that ran
 * out of their budget (struct pt_pending).
 */
#include <hv/tables.h>

#include <hv/domain.h>
#include <hv/mm.h>
#include <hv/segments.h>
#include <hv/tlb.h>
#include <hv/usercopy.h>

bool recursive_tops;

void pt_note_recursive(domid_t owner)
{
	__atomic_fetch_add(&domain_by_owner(owner)->mm.recursive, 1, __ATOMIC_SEQ_CST);
	if (likely(__atomic_exchange_n(&recursive_tops, true, __ATOMIC_SEQ_CST)))
		return;
	/* Who copies for a guest just now did not see that yet. It answers when it has come to its end. */
	tlb_flush_stale(tlb_stamp());
}

void tables_ldt_stale(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_ldt_unmap(d->vcpu[i]);
}

/* One use of d's table less; PT_AGAIN when the budget ends before what hangs below is let go. */
static enum pt_result drop(struct domain *d, struct frame *f, struct budget *b)
{
	struct pt_ctx c;
	enum pt_result r;

	tables_ctx(&c, d, b);
	spin_lock(&d->mm.pt_lock);
	r = pt_drop(&c, f);
	spin_unlock(&d->mm.pt_lock);
	if (c.ldt_stale)
		tables_ldt_stale(d);
	return r;
}

int tables_settle(struct pt_pending *pending, struct budget *b)
{
	struct frame *f;
	struct domain *d;

	if (likely(!pending->table.n))
		return 0;
	pending->dropping = true;
	f = frame_of(pending->table);
	d = domain_by_owner(f->owner);
	CHECK(d);
	if (drop(d, f, b) == PT_AGAIN)
		return -XEN_ERESTART;
	pending->table = mfn(0);
	frame_put(f);
	return 0;
}

/* What is pending is the start of taking d's frame m. */
static bool is_continued(const struct pt_pending *pending, const struct domain *d, mfn_t m,
			 unsigned level)
{
	const struct frame *f = frame_of(pending->table);

	return pending->table.n && !pending->dropping && mfn_eq(pending->table, m) &&
	       f->owner == d->id && frame_type(f) == (enum frame_type)level;
}

int tables_take(struct domain *d, mfn_t m, unsigned level, struct pt_pending *pending,
		struct budget *b, struct frame **table)
{
	struct pt_ctx c;
	enum pt_result r;

	if (unlikely(pending->table.n) && !is_continued(pending, d, m, level)) {
		int rc = tables_settle(pending, b);

		if (rc)
			return rc;
	}
	tables_ctx(&c, d, b);
	if (pending->table.n) {
		*table = frame_of(m);
		spin_lock(&d->mm.pt_lock);
		r = pt_resume(&c, *table);
	} else {
		*table = frame_get(m, d);
		if (!*table)
			return -XEN_EINVAL;
		spin_lock(&d->mm.pt_lock);
		r = pt_take(&c, *table, level);
	}
	spin_unlock(&d->mm.pt_lock);
	pending->table = mfn(0);
	if (r == PT_OK)
		return 0;
	if (r == PT_REFUSED) {
		frame_put(*table);
		return c.error;
	}
	*pending = (struct pt_pending){ m, r == PT_BAD };
	return r == PT_BAD ? c.error : -XEN_ERESTART;
}

void tables_put(struct domain *d, struct frame *f, struct pt_pending *pending, struct budget *b)
{
	CHECK(!pending->table.n);
	if (drop(d, f, b) == PT_AGAIN)
		*pending = (struct pt_pending){ frame_mfn(f), true };
	else
		frame_put(f);
}

int tables_pin(struct domain *d, mfn_t m, unsigned level, struct pt_pending *pending,
	       struct budget *b)
{
	struct frame *f;
	int rc = tables_take(d, m, level, pending, b, &f);

	if (rc)
		return rc;
	spin_lock(&d->mm.pt_lock);
	if ((f->type_info & FT_PINNED) || d->life.state >= LIFE_DYING)
		rc = -XEN_EINVAL;
	else
		__atomic_fetch_or(&f->type_info, FT_PINNED, __ATOMIC_RELAXED);
	spin_unlock(&d->mm.pt_lock);
	if (rc)
		tables_put(d, f, pending, b);
	return rc;
}

/* pt_lock held. A vCPU for which the pin stood in gets a reference and a use of its own. */
static void hold_for(struct vcpu *v, struct frame *f)
{
	mfn_t m = frame_mfn(f);
	unsigned tables = (mfn_eq(v->guest_table, m) ? TABLE_KERNEL : 0) |
			  (mfn_eq(v->guest_table_user, m) ? TABLE_USER : 0);

	for (tables &= ~v->tables_held; tables; tables &= tables - 1) {
		f->type_info++;
		frame_ref(f);
		v->tables_held |= tables & -tables;
	}
}

static bool take_pin(const struct domain *d, struct frame *f)
{
	if (!(f->type_info & FT_PINNED))
		return false;
	if (frame_type(f) == FRAME_L4)
		for (unsigned i = 0; i < d->max_vcpus; i++)
			if (d->vcpu[i])
				hold_for(d->vcpu[i], f);
	__atomic_fetch_and(&f->type_info, ~FT_PINNED, __ATOMIC_RELAXED);
	return true;
}

bool tables_unpin(struct domain *d, struct frame *f, struct pt_pending *pending, struct budget *b)
{
	bool pinned;

	spin_lock(&d->mm.pt_lock);
	pinned = take_pin(d, f);
	spin_unlock(&d->mm.pt_lock);
	if (pinned)
		tables_put(d, f, pending, b);
	return pinned;
}

/* ---- the top-level tables of a vCPU ------------------------------------------------------ */

static mfn_t set_table(struct vcpu *v, enum vcpu_table which, mfn_t m, bool held)
{
	mfn_t old;

	spin_lock(&v->domain->mm.pt_lock);
	old = tables_replace(v, which, m, held);
	spin_unlock(&v->domain->mm.pt_lock);
	return old;
}

static int drop_one(struct vcpu *v, enum vcpu_table which, struct budget *b)
{
	int rc = tables_settle(&v->pt_pending, b);
	mfn_t old;

	if (rc)
		return rc;
	old = set_table(v, which, mfn(0), false);
	if (old.n)
		tables_put(v->domain, frame_of(old), &v->pt_pending, b);
	return tables_settle(&v->pt_pending, b);
}

int vcpu_drop_tables(struct vcpu *v, struct budget *b)
{
	int rc = drop_one(v, TABLE_KERNEL, b);

	return rc ? rc : drop_one(v, TABLE_USER, b);
}

/* It has none. */
static bool set_pinned(struct vcpu *v, enum vcpu_table which, mfn_t m)
{
	bool ok;

	spin_lock(&v->domain->mm.pt_lock);
	ok = tables_is_pinned(v->domain, m);
	if (ok)
		tables_replace(v, which, m, false);
	spin_unlock(&v->domain->mm.pt_lock);
	return ok;
}

static int set_one(struct vcpu *v, enum vcpu_table which, mfn_t m, struct budget *b)
{
	mfn_t now = which == TABLE_KERNEL ? v->guest_table : v->guest_table_user;
	struct frame *f;
	int rc;

	if (mfn_eq(now, m))	/* also when an earlier attempt came this far */
		return 0;
	if (now.n) {
		rc = drop_one(v, which, b);
		if (rc)
			return rc;
	}
	if (!m.n || set_pinned(v, which, m))
		return 0;
	rc = tables_take(v->domain, m, 4, &v->pt_pending, b, &f);
	if (!rc)
		set_table(v, which, m, true);
	return rc;
}

int vcpu_set_tables(struct vcpu *v, mfn_t kernel, mfn_t user, struct budget *b)
{
	int rc;

	if (!kernel.n)
		return -XEN_EINVAL;
	rc = set_one(v, TABLE_KERNEL, kernel, b);
	return rc ? rc : set_one(v, TABLE_USER, user, b);
}
