// SPDX-License-Identifier: MIT
/*
 * A running vCPU gets another top-level table: by mmuext_op, or its kernel writes CR3. A switch of
 * processes takes the quick way: both tables are in use elsewhere too (pinned, as a rule).
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

static bool is_strict(const struct vcpu *v)
{
	return v->domain->mm.vm_assist >> VMASST_TYPE_m2p_strict & 1;
}

static int take_table(struct vcpu *v, mfn_t m, struct budget *b)
{
	struct frame *f;

	if (likely(!v->pt_pending.table.n) && likely(tables_take_quick(v->domain, m)))
		return 0;
	return tables_take(v->domain, m, 4, &v->pt_pending, b, &f);
}

static void put_table(struct vcpu *v, mfn_t m, struct budget *b)
{
	if (m.n && !tables_put_quick(v->domain, m))
		tables_put(v->domain, frame_of(m), &v->pt_pending, b);
}

/* *at is v->guest_table or v->guest_table_user. */
static bool switch_quick(struct vcpu *v, mfn_t *at, mfn_t new)
{
	return likely(!v->pt_pending.table.n) && likely(!is_strict(v)) &&
	       tables_switch_quick(v, at, new);
}

int vcpu_load_table(struct vcpu *v, mfn_t new, struct budget *b)
{
	mfn_t old = v->guest_table;
	int rc;

	if (mfn_eq(new, old)) {
		tables_load(v);
		return 0;
	}
	if (unlikely(v->ldt_ents))
		vcpu_ldt_unmap(v);	/* it is found through the tables */
	if (switch_quick(v, &v->guest_table, new))
		return 0;
	rc = take_table(v, new, b);
	if (rc)
		return rc;
	if (unlikely(is_strict(v)))
		show_m2p(new, true);
	v->guest_table = new;
	tables_load(v);
	/* Not before the CPU has left it. */
	put_table(v, old, b);
	return 0;
}

int vcpu_set_user_table(struct vcpu *v, mfn_t new, struct budget *b)
{
	mfn_t old = v->guest_table_user;
	int rc;

	if (mfn_eq(new, old) || switch_quick(v, &v->guest_table_user, new))
		return 0;
	rc = new.n ? take_table(v, new, b) : tables_settle(&v->pt_pending, b);
	if (rc)
		return rc;
	if (unlikely(is_strict(v)) && new.n)
		show_m2p(new, false);
	v->guest_table_user = new;
	put_table(v, old, b);
	return 0;
}
