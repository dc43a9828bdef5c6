// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_mmuext_op: a list of operations on whole tables, on the TLB, on frames. Lists and
 * preemption are as in mmu_update.c.
 */
#include <hv/hypercall.h>

#include <hv/mem.h>
#include <hv/mm.h>
#include <hv/segments.h>
#include <hv/usercopy.h>

#include "mmulist.h"
#include "pgowner.h"

struct ext {
	struct vcpu *v;
	struct domain *self;
	struct domain *owner;		/* of the frames that operations name */
	struct mmuext_op op;
};

static bool guest_address(uint64_t va)
{
	return guest_range_ok(guest_va(va), 1);
}

/* ---- pins ------------------------------------------------------------------------------- */

static int ext_pin(struct ext *x)
{
	return tables_pin(x->owner, mfn(x->op.arg1.mfn), x->op.cmd - MMUEXT_PIN_L1_TABLE + 1,
			  &x->v->pt_pending, current_budget());
}

static int ext_unpin(struct ext *x)
{
	struct frame *f;
	bool was;
	int rc = tables_settle(&x->v->pt_pending, current_budget());

	if (rc)
		return rc;
	f = frame_get(mfn(x->op.arg1.mfn), x->owner);
	if (!f)
		return -XEN_EINVAL;
	was = tables_unpin(x->owner, f, &x->v->pt_pending, current_budget());
	frame_put(f);
	return was ? 0 : -XEN_EINVAL;
}

/* ---- top-level tables ------------------------------------------------------------------------ */

static int ext_new_baseptr(struct ext *x)
{
	return vcpu_load_table(x->v, mfn(x->op.arg1.mfn), current_budget());
}

static int ext_new_user_baseptr(struct ext *x)
{
	return vcpu_set_user_table(x->v, mfn(x->op.arg1.mfn), current_budget());
}

/* ---- translations and caches -------------------------------------------------------------------- */

static int ext_flush_local(struct ext *x)
{
	(void)x;
	tlb_flush_local();
	return 0;
}

static int ext_invlpg_local(struct ext *x)
{
	if (guest_address(x->op.arg1.linear_addr))
		arch_invlpg(x->op.arg1.linear_addr);
	return 0;
}

static int flush_some(const cpumask_t *cpus)
{
	if (!cpumask_is_empty(cpus))
		tlb_flush(cpus);
	return 0;
}

static int invlpg_some(const cpumask_t *cpus, uint64_t va)
{
	if (!cpumask_is_empty(cpus) && guest_address(va))
		arch_invlpg_cpus(cpus, va);
	return 0;
}

static int ext_flush_multi(struct ext *x)
{
	cpumask_t cpus;

	if (pgowner_cpus(x->self, handle_va(x->op.arg2.vcpumask), &cpus))
		return -XEN_EINVAL;
	return flush_some(&cpus);
}

static int ext_invlpg_multi(struct ext *x)
{
	cpumask_t cpus;

	if (pgowner_cpus(x->self, handle_va(x->op.arg2.vcpumask), &cpus))
		return -XEN_EINVAL;
	return invlpg_some(&cpus, x->op.arg1.linear_addr);
}

static int ext_flush_all(struct ext *x)
{
	domain_flush(x->self);
	return 0;
}

static int ext_invlpg_all(struct ext *x)
{
	cpumask_t cpus;

	domain_cpus(x->self, &cpus);
	return invlpg_some(&cpus, x->op.arg1.linear_addr);
}

static int ext_flush_cache(struct ext *x)
{
	if (!x->self->mm.io_memory)
		return x->op.cmd == MMUEXT_FLUSH_CACHE ? -XEN_EACCES : -XEN_EINVAL;
	arch_wbinvd(x->op.cmd == MMUEXT_FLUSH_CACHE_GLOBAL);
	return 0;
}

static int ext_set_ldt(struct ext *x)
{
	return vcpu_set_ldt(x->v, x->op.arg1.linear_addr, x->op.arg2.nr_ents);
}

/* ---- frames --------------------------------------------------------------------------------------- */

static int ext_clear_page(struct ext *x)
{
	struct frame *f = frame_get_writable(mfn(x->op.arg1.mfn), x->owner);

	if (!f)
		return -XEN_EINVAL;
	arch_clear(frame_ptr(frame_mfn(f)), PAGE_SIZE);
	frame_put_typed(f);
	return 0;
}

static int ext_copy_page(struct ext *x)
{
	struct frame *to, *from = frame_get(mfn(x->op.arg2.src_mfn), x->owner);

	if (!from)
		return -XEN_EINVAL;
	to = frame_get_writable(mfn(x->op.arg1.mfn), x->owner);
	if (to) {
		if (to != from)
			arch_copy(frame_ptr(frame_mfn(to)), frame_ptr(frame_mfn(from)), PAGE_SIZE);
		frame_put_typed(to);
	}
	frame_put(from);
	return to ? 0 : -XEN_EINVAL;
}

static int ext_superpage(struct ext *x)
{
	(void)x;
	return -XEN_EOPNOTSUPP;
}

static const struct ext_op {
	int (*fn)(struct ext *x);
	bool own;		/* only for the caller's own memory */
} ops[] = {
	[MMUEXT_PIN_L1_TABLE] = { ext_pin, false },
	[MMUEXT_PIN_L2_TABLE] = { ext_pin, false },
	[MMUEXT_PIN_L3_TABLE] = { ext_pin, false },
	[MMUEXT_PIN_L4_TABLE] = { ext_pin, false },
	[MMUEXT_UNPIN_TABLE] = { ext_unpin, false },
	[MMUEXT_NEW_BASEPTR] = { ext_new_baseptr, true },
	[MMUEXT_NEW_USER_BASEPTR] = { ext_new_user_baseptr, true },
	[MMUEXT_TLB_FLUSH_LOCAL] = { ext_flush_local, true },
	[MMUEXT_INVLPG_LOCAL] = { ext_invlpg_local, true },
	[MMUEXT_TLB_FLUSH_MULTI] = { ext_flush_multi, true },
	[MMUEXT_INVLPG_MULTI] = { ext_invlpg_multi, true },
	[MMUEXT_TLB_FLUSH_ALL] = { ext_flush_all, true },
	[MMUEXT_INVLPG_ALL] = { ext_invlpg_all, true },
	[MMUEXT_FLUSH_CACHE] = { ext_flush_cache, true },
	[MMUEXT_FLUSH_CACHE_GLOBAL] = { ext_flush_cache, true },
	[MMUEXT_SET_LDT] = { ext_set_ldt, true },
	[MMUEXT_CLEAR_PAGE] = { ext_clear_page, false },
	[MMUEXT_COPY_PAGE] = { ext_copy_page, false },
	[MMUEXT_MARK_SUPER] = { ext_superpage, false },
	[MMUEXT_UNMARK_SUPER] = { ext_superpage, false },
};

static inline int ext_one(struct ext *x)
{
	uint64_t cmd = x->op.cmd;
	const struct ext_op *op;

	if (cmd >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	op = &ops[index_clamp(cmd, ARRAY_SIZE(ops))];
	if (!op->fn)
		return -XEN_ENOSYS;
	if (op->own && x->owner != x->self)
		return -XEN_EPERM;
	return op->fn(x);
}

static int ext_list(struct ext *x, struct mmu_list *list)
{
	for (; list->i < list->count; list->i++) {
		int rc = mmu_list_step(list, &x->v->pt_pending);

		if (rc)
			return rc;
		if (copy_from_guest(&x->op, guest_index(list->at, list->i, x->op), sizeof(x->op)))
			return -XEN_EFAULT;
		rc = ext_one(x);
		if (rc)
			return rc;
	}
	return 0;
}

/* Any list: of another's memory, half done, or with a wish to know how much is. */
static __attribute__((noinline)) long ext_any(struct ext *x, const uint64_t args[4])
{
	struct mmu_list list;
	long rc;

	if (mmu_list_begin(&list, &x->v->pt_pending, args, sizeof(struct mmuext_op), &rc))
		return rc;
	x->owner = pgowner_get((domid_t)args[3]);
	if (!x->owner)
		return -XEN_ESRCH;
	rc = -XEN_EPERM;
	if (pgowner_allowed(x->owner))
		rc = mmu_list_end(&list, &x->v->pt_pending, ext_list(x, &list));
	pgowner_put(x->owner);
	return rc;
}

/* A member has left something, or has to go on: the rest of the list takes the long way. */
static __attribute__((noinline)) long ext_unfinished(struct ext *x, uint64_t at, uint32_t count,
						     uint32_t i, int rc)
{
	struct mmu_list list = { .at = guest_va(at), .count = count, .i = i,
				 .member = sizeof(struct mmuext_op) };

	if (!rc) {
		list.i++;
		rc = ext_list(x, &list);
	}
	return mmu_list_end(&list, &x->v->pt_pending, rc);
}

/* The caller's own memory, and nothing left over from before: two members are a switch of processes. */
static __attribute__((noinline)) long ext_own(struct ext *x, uint64_t at, uint32_t count)
{
	x->owner = x->self;
	if (unlikely(!guest_range_ok(guest_va(at), (uint64_t)count * sizeof(x->op))))
		return -XEN_EFAULT;
	for (uint32_t i = 0; i < count; i++) {
		int rc = -XEN_ERESTART;

		if (unlikely(copy_from_guest(&x->op, guest_index(guest_va(at), i, x->op),
					     sizeof(x->op))))
			return -XEN_EFAULT;
		if (!i || likely(budget_take(current_budget())))
			rc = ext_one(x);
		if (unlikely(x->v->pt_pending.table.n || rc == -XEN_ERESTART))
			return ext_unfinished(x, at, count, i, rc);
		if (unlikely(rc))
			return rc;
	}
	return 0;
}

/* One operation, as most lists have. */
static inline long ext_single(struct ext *x, uint64_t at)
{
	int rc;

	if (unlikely(copy_from_guest(&x->op, guest_va(at), sizeof(x->op))))
		return -XEN_EFAULT;
	x->owner = x->self;
	rc = ext_one(x);
	if (likely(!x->v->pt_pending.table.n && rc != -XEN_ERESTART))
		return rc;
	return ext_unfinished(x, at, 1, 0, rc);
}

static __attribute__((noinline)) long ext_many(uint64_t at, uint64_t count, uint64_t done,
					       uint64_t foreigndom)
{
	struct ext x;

	x.v = current_vcpu();
	x.self = x.v->domain;
	if (likely((int32_t)count > 0 && (domid_t)foreigndom == DOMID_SELF && !done) &&
	    likely(!x.v->pt_pending.table.n))
		return ext_own(&x, at, (uint32_t)count);
	return ext_any(&x, (const uint64_t[]){ at, count, done, foreigndom });
}

/* A change of processes, as it mostly is. What is something else is read anew. */
static inline bool ext_switch(uint64_t at)
{
	struct {
		uint64_t kernel_cmd, kernel, unused, user_cmd, user;
	} two;

	_Static_assert(offsetof(struct mmuext_op, arg1.mfn) == 8 && sizeof(struct mmuext_op) == 24, "ABI");
	return !copy_from_guest(&two, guest_va(at), sizeof(two)) &&
	       likely((uint32_t)two.kernel_cmd == MMUEXT_NEW_BASEPTR) &&
	       likely((uint32_t)two.user_cmd == MMUEXT_NEW_USER_BASEPTR) &&
	       tables_switch(current_vcpu(), mfn(two.kernel), mfn(two.user));
}

static __attribute__((noinline)) long ext_pair(uint64_t at, uint64_t count, uint64_t done,
					       uint64_t foreigndom)
{
	if (likely((domid_t)foreigndom == DOMID_SELF && !done) && likely(ext_switch(at)))
		return 0;
	return ext_many(at, count, done, foreigndom);
}

long do_mmuext_op(uint64_t at, uint64_t count, uint64_t done, uint64_t foreigndom, uint64_t a5)
{
	struct ext x;

	(void)a5;
	if ((uint32_t)count == 2)
		return ext_pair(at, count, done, foreigndom);
	x.v = current_vcpu();
	x.self = x.v->domain;
	if (likely((uint32_t)count == 1 && (domid_t)foreigndom == DOMID_SELF && !done) &&
	    likely(!x.v->pt_pending.table.n))
		return ext_single(&x, at);
	return ext_many(at, count, done, foreigndom);
}
