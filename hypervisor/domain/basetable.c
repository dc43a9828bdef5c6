// SPDX-License-Identifier: MIT
/*
 * A running vCPU gets another top-level table: by mmuext_op, or its kernel writes CR3.
 *
 * What a guest changes its processes by are pinned tables. As long as one is pinned it stays what it is, so
 * the vCPU counts nothing of its own for it; who takes the pin off looks for such vCPUs first, and
 * counts for them (tables_unpin()). Both have the domain's pt_lock. Tables that are not pinned are held.
 */
#include <hv/tables.h>

#include <hv/domain.h>
#include <hv/mm.h>
#include <hv/segments.h>

/* VMASST_TYPE_m2p_strict: only the kernel's top level has the M2P. */
static __attribute__((noinline)) void show_m2p(mfn_t l4, bool show)
{
	uint64_t all[PTE_ENTRIES], *table = frame_ptr(l4);

	if (show)
		arch_init_guest_l4(all);
	WRITE_ONCE(table[HV_SLOT_FIRST], show ? all[HV_SLOT_FIRST] : 0);
}

/* ---- pinned tables ------------------------------------------------------------------------ */

/* pt_lock held; as tables_replace(). */
static inline mfn_t replace(struct vcpu *v, enum vcpu_table which, mfn_t m, bool held)
{
	mfn_t old = tables_replace(v, which, m, held);

	if (which == TABLE_KERNEL)
		tables_load(v);
	return old;
}

static inline void put_table(struct vcpu *v, mfn_t m, struct budget *b)
{
	if (unlikely(m.n))
		tables_put(v->domain, frame_of(m), &v->pt_pending, b);
}

/* The new one is pinned. */
static inline bool switch_pinned(struct vcpu *v, enum vcpu_table which, mfn_t m, struct budget *b)
{
	struct domain *d = v->domain;
	mfn_t old = mfn(0);
	bool ok;

	if (!tables_are_usual(v))
		return false;
	spin_lock(&d->mm.pt_lock);
	ok = tables_is_pinned(d, m);
	if (likely(ok))
		old = replace(v, which, m, false);
	spin_unlock(&d->mm.pt_lock);
	put_table(v, old, b);
	return ok;
}

/* ---- any table ---------------------------------------------------------------------------- */

/* From now on v has the table and holds it, as the caller did (n = 0: none). */
static void give(struct vcpu *v, enum vcpu_table which, mfn_t m, struct budget *b)
{
	mfn_t old;

	spin_lock(&v->domain->mm.pt_lock);
	old = replace(v, which, m, m.n);
	spin_unlock(&v->domain->mm.pt_lock);
	put_table(v, old, b);
}

int vcpu_load_table(struct vcpu *v, mfn_t new, struct budget *b)
{
	struct frame *f;
	int rc;

	if (mfn_eq(new, v->guest_table) && likely(!v->tables_held)) {
		tables_load(v);
		return 0;
	}
	if (switch_pinned(v, TABLE_KERNEL, new, b))
		return 0;
	if (mfn_eq(new, v->guest_table)) {
		tables_load(v);
		return 0;
	}
	if (v->ldt_ents)
		vcpu_ldt_unmap(v);	/* it is found through the tables */
	rc = tables_take(v->domain, new, 4, &v->pt_pending, b, &f);
	if (rc)
		return rc;
	if (tables_are_strict(v->domain))
		show_m2p(new, true);
	give(v, TABLE_KERNEL, new, b);
	return 0;
}

int vcpu_set_user_table(struct vcpu *v, mfn_t new, struct budget *b)
{
	struct frame *f;
	int rc;

	if (switch_pinned(v, TABLE_USER, new, b) || mfn_eq(new, v->guest_table_user))
		return 0;
	rc = new.n ? tables_take(v->domain, new, 4, &v->pt_pending, b, &f)
		   : tables_settle(&v->pt_pending, b);
	if (rc)
		return rc;
	if (tables_are_strict(v->domain) && new.n)
		show_m2p(new, false);
	give(v, TABLE_USER, new, b);
	return 0;
}
