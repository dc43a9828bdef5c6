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

/* A validated table has references as long as the lock is held: those who use it hold them. */
static inline bool is_top_level(const struct domain *d, const struct frame *f)
{
	return f->owner == d->id && (f->type_info & (FT_TYPE | FT_VALIDATED)) ==
				    ((uint64_t)FRAME_L4 << FT_SHIFT | FT_VALIDATED);
}

bool tables_take_quick(struct domain *d, mfn_t m)
{
	struct frame *f;
	bool ok;

	if (m.n >= arch_max_mfn)
		return false;
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	spin_lock(&d->mm.pt_lock);
	ok = is_top_level(d, f);
	if (ok) {
		f->type_info++;
		frame_ref(f);
	}
	spin_unlock(&d->mm.pt_lock);
	return ok;
}

bool tables_put_quick(struct domain *d, mfn_t m)
{
	struct frame *f = frame_of(m);
	bool ok;

	spin_lock(&d->mm.pt_lock);
	ok = (f->type_info & FT_COUNT) > 1;
	if (ok)
		f->type_info--;
	spin_unlock(&d->mm.pt_lock);
	if (ok)
		frame_put(f);
	return ok;
}

bool tables_switch_quick(struct vcpu *v, mfn_t *at, mfn_t m)
{
	struct domain *d = v->domain;
	struct frame *old = frame_of(*at), *new;
	bool ok;

	if (!at->n || m.n >= arch_max_mfn)
		return false;
	new = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	spin_lock(&d->mm.pt_lock);
	ok = is_top_level(d, new) && (old->type_info & FT_COUNT) > 1;
	if (likely(ok)) {
		new->type_info++;
		frame_ref(new);
		*at = m;
		/* Nobody gets at the old one until the CPU has left it: the lock is held. */
		if (at == &v->guest_table)
			tables_load(v);
		old->type_info--;
	}
	spin_unlock(&d->mm.pt_lock);
	if (likely(ok))
		frame_put(old);
	return ok;
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

bool tables_unpin(struct domain *d, struct frame *f, struct pt_pending *pending, struct budget *b)
{
	bool pinned;

	spin_lock(&d->mm.pt_lock);
	pinned = f->type_info & FT_PINNED;
	if (pinned)
		__atomic_fetch_and(&f->type_info, ~FT_PINNED, __ATOMIC_RELAXED);
	spin_unlock(&d->mm.pt_lock);
	if (pinned)
		tables_put(d, f, pending, b);
	return pinned;
}

/* ---- the top-level tables of a vCPU ------------------------------------------------------ */

static int drop_one(struct vcpu *v, mfn_t *m, struct budget *b)
{
	int rc = tables_settle(&v->pt_pending, b);

	if (rc || !m->n)
		return rc;
	tables_put(v->domain, frame_of(*m), &v->pt_pending, b);
	*m = mfn(0);
	return tables_settle(&v->pt_pending, b);
}

int vcpu_drop_tables(struct vcpu *v, struct budget *b)
{
	int rc = drop_one(v, &v->guest_table, b);

	return rc ? rc : drop_one(v, &v->guest_table_user, b);
}

static int set_one(struct vcpu *v, mfn_t *at, mfn_t m, struct budget *b)
{
	struct frame *f;
	int rc;

	if (mfn_eq(*at, m))	/* also when an earlier attempt came this far */
		return 0;
	if (at->n) {
		rc = drop_one(v, at, b);
		if (rc)
			return rc;
	}
	if (!m.n)
		return 0;
	rc = tables_take(v->domain, m, 4, &v->pt_pending, b, &f);
	if (!rc)
		*at = m;
	return rc;
}

int vcpu_set_tables(struct vcpu *v, mfn_t kernel, mfn_t user, struct budget *b)
{
	int rc;

	if (!kernel.n)
		return -XEN_EINVAL;
	rc = set_one(v, &v->guest_table, kernel, b);
	return rc ? rc : set_one(v, &v->guest_table_user, user, b);
}
