// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_grant_table_op: the table itself, and the dispatch of operations that
 * come as lists. Errors of an element stand in its status (GNTST_*); the hypercall
 * fails only for arguments that cannot be read or written.
 */
#include <hv/hypercall.h>

#include "grant_table_op.h"

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/usercopy.h>

#define CMD_BITS 12		/* the bits above are for continuations */
#define CMD_MASK ((1u << CMD_BITS) - 1)

/* ---- operations on a list ------------------------------------------------------ */

union element {
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_unmap_and_replace replace;
	struct gnttab_copy copy;
	struct gnttab_swap_grant_ref swap;
};

struct list_op {
	grant_element_fn *fn;
	uint32_t size, words;		/* words 0: not a whole number of quadwords */
	uint32_t out, out_size;		/* what is written back; out_size counts words where words does */
	uint32_t cost;			/* budget of one element */
};

/* From the quadword that the field is in, where the whole is made of quadwords. */
#define OUT_AT(type, field) \
	(sizeof(struct type) % 8 ? offsetof(struct type, field) : offsetof(struct type, field) & ~7UL)
#define OUT_FROM(type, field) \
	.size = sizeof(struct type), .out = OUT_AT(type, field), \
	.words = sizeof(struct type) % 8 ? 0 : sizeof(struct type) / 8, \
	.out_size = (sizeof(struct type) - OUT_AT(type, field)) / (sizeof(struct type) % 8 ? 1 : 8)

static const struct list_op list_ops[] = {
	[GNTTABOP_map_grant_ref] = {
		.fn = grant_map_element, OUT_FROM(gnttab_map_grant_ref, status), .cost = 2 },
	[GNTTABOP_unmap_grant_ref] = {
		.fn = grant_unmap_element, OUT_FROM(gnttab_unmap_grant_ref, status), .cost = 2 },
	[GNTTABOP_unmap_and_replace] = {
		.fn = grant_replace_element, OUT_FROM(gnttab_unmap_and_replace, status),
		.cost = 3 },
	[GNTTABOP_copy] = {
		.fn = grant_copy_element, OUT_FROM(gnttab_copy, status), .cost = 3 },
	[GNTTABOP_swap_grant_ref] = {
		.fn = grant_swap_element, OUT_FROM(gnttab_swap_grant_ref, status), .cost = 1 },
};

static inline int element_in(union element *e, guest_va_t at, const struct list_op *op)
{
	if (likely(op->words))
		return copy_words_from_guest((uint64_t *)e, at, op->words);
	return copy_from_guest(e, at, op->size);
}

static inline int element_out(guest_va_t at, const union element *e, const struct list_op *op)
{
	const char *from = (const char *)e + op->out;

	if (op->out_size == 1)		/* a word: what is counted in bytes has more of them */
		return copy_to_guest(guest_va(at.a + op->out), from, sizeof(uint64_t));
	if (likely(op->words))
		return copy_words_to_guest(guest_va(at.a + op->out), (const uint64_t *)from,
					   op->out_size);
	return copy_to_guest(guest_va(at.a + op->out), from, op->out_size);
}

static long run_list(struct vcpu *v, const struct list_op *op, guest_va_t at, uint32_t count)
{
	struct grant_batch batch;
	long result = 0;

	batch.n = 0;
	batch.flush = false;
	batch.alone = count == 1;
	batch.to.frame = NULL;
	/* One alone is refused by its copy. */
	if (count != 1 && !guest_range_ok(at, (uint64_t)count * op->size))
		return -XEN_EFAULT;
	for (; count; count--, at.a += op->size) {
		union element e;

		if (!budget_take_n(current_budget(), op->cost)) {
			hypercall_set_arg(1, at.a);
			hypercall_set_arg(2, count);
			result = -XEN_ERESTART;
			break;
		}
		if (batch.n == UNMAP_BATCH)
			grant_unmap_finish(v, &batch);
		if (unlikely(element_in(&e, at, op))) {
			result = -XEN_EFAULT;
			break;
		}
		op->fn(v, &e, &batch);
		if (unlikely(element_out(at, &e, op))) {
			result = -XEN_EFAULT;
			break;
		}
	}
	if (batch.n)
		grant_unmap_finish(v, &batch);
	if (batch.to.frame)
		grant_copy_finish(v, &batch);
	return result;
}

void grant_swap_element(struct vcpu *v, void *element, struct grant_batch *batch)
{
	struct gnttab_swap_grant_ref *op = element;
	struct grant_domain *g = &v->domain->grants;

	(void)batch;
	spin_lock(&g->lock);
	op->status = (int16_t)grant_core_swap(g, op->ref_a, op->ref_b);
	spin_unlock(&g->lock);
}

/* ---- operations on a table -------------------------------------------------------- */

typedef long table_fn(struct domain *self, guest_va_t at, uint32_t count);

/* The domain that an operation names, or NULL and a GNTST_ error. */
static struct domain *target(domid_t id, int16_t *status)
{
	int err;
	struct domain *d = domain_get_target(id, &err);

	*status = GNTST_okay;
	if (!d)
		*status = err == -XEN_EPERM ? GNTST_permission_denied : GNTST_bad_domain;
	return d;
}

#define FRAMES_GIVEN 16	/* for a unit of the budget */

/* The lock is held. GNTST_*, or -XEN_ERESTART (which no GNTST_ is). */
static int set_up(struct domain *d, const struct gnttab_setup_table *op)
{
	guest_va_t list = handle_va(op->frame_list);
	int err = 0;

	if (op->nr_frames > d->grants.max_frames)
		return GNTST_general_error;
	if (op->nr_frames > d->grants.nr_frames)
		err = grant_table_grow(d, op->nr_frames, current_budget());
	if (!err && !budget_take_n(current_budget(), op->nr_frames / FRAMES_GIVEN))
		err = -XEN_ERESTART;
	if (err)
		return err == -XEN_ERESTART ? err : GNTST_general_error;
	for (uint32_t i = 0; i < op->nr_frames; i++) {
		const void *page = d->grants.frame[i]->shared;
		xen_pfn_t mfn_n = page ? ptr_mfn(page).n : 0;

		if (copy_to_guest(guest_index(list, i, xen_pfn_t), &mfn_n, sizeof(mfn_n)))
			return GNTST_bad_virt_addr;
	}
	return GNTST_okay;
}

static long op_setup_table(struct domain *self, guest_va_t at, uint32_t count)
{
	struct gnttab_setup_table op;

	(void)self;
	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&op, at, sizeof(op)))
		return -XEN_EFAULT;
	if (!guest_range_ok(handle_va(op.frame_list), op.nr_frames * sizeof(xen_pfn_t)))
		return -XEN_EFAULT;
	struct domain *d = target(op.dom, &op.status);

	if (d) {
		spin_lock(&d->grants.lock);
		int status = set_up(d, &op);

		spin_unlock(&d->grants.lock);
		domain_put(d);
		if (status == -XEN_ERESTART)	/* with what has grown so far */
			return status;
		op.status = (int16_t)status;
	}
	at.a += offsetof(struct gnttab_setup_table, status);
	return copy_to_guest(at, &op.status, sizeof(op.status));
}

static long op_query_size(struct domain *self, guest_va_t at, uint32_t count)
{
	struct gnttab_query_size op;

	(void)self;
	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&op, at, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *d = target(op.dom, &op.status);

	if (d) {
		op.nr_frames = d->grants.nr_frames;
		op.max_nr_frames = d->grants.max_frames;
		domain_put(d);
	}
	return copy_to_guest(at, &op, sizeof(op));
}

/* Only version 1 is there, as on Xen with gnttab=max-ver:1. */
static long op_set_version(struct domain *self, guest_va_t at, uint32_t count)
{
	struct gnttab_set_version op;
	long result;

	(void)self;
	(void)count;
	if (copy_from_guest(&op, at, sizeof(op)))
		return -XEN_EFAULT;
	if (op.version == 1)
		result = 0;
	else
		result = op.version == 2 ? -XEN_ENOSYS : -XEN_EINVAL;
	op.version = 1;
	return copy_to_guest(at, &op, sizeof(op)) ? -XEN_EFAULT : result;
}

static long op_get_version(struct domain *self, guest_va_t at, uint32_t count)
{
	struct gnttab_get_version op;
	int err;

	(void)self;
	(void)count;
	if (copy_from_guest(&op, at, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *d = domain_get_target(op.dom, &err);

	if (!d)
		return err;
	domain_put(d);
	op.version = 1;
	at.a += offsetof(struct gnttab_get_version, version);
	return copy_to_guest(at, &op.version, sizeof(op.version));
}

/* Status frames are version 2's. */
static long op_get_status_frames(struct domain *self, guest_va_t at, uint32_t count)
{
	struct gnttab_get_status_frames op;

	(void)self;
	if (count != 1)
		return -XEN_EINVAL;
	if (copy_from_guest(&op, at, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *d = target(op.dom, &op.status);

	if (d) {
		domain_put(d);
		if (op.nr_frames)
			op.status = GNTST_general_error;
	}
	at.a += offsetof(struct gnttab_get_status_frames, status);
	return copy_to_guest(at, &op.status, sizeof(op.status));
}

#define FLUSH_COST  64
#define LOOK_COST   10	/* of the look through a page of handles */

/* Does one of the handles of a page map the frame, which another domain owns? */
static bool page_maps(struct grant_domain *g, uint32_t page, uint64_t mfn_n)
{
	bool found = false;

	spin_lock(&g->map_lock);
	for (uint32_t i = 0; i < MAPTRACK_PER_PAGE && !found; i++) {
		const struct grant_map *e = maptrack_entry(g, page * MAPTRACK_PER_PAGE + i);

		/* What is being unmapped may have lost its pin already, and with it its granter's table. */
		found = e->flags && !(e->flags & GRANT_MAP_BUSY) &&
			grant_pinned_mfn(e->granter, e->ref) == mfn_n;
	}
	spin_unlock(&g->map_lock);
	return found;
}

/* Does the domain map the frame by a grant? 0, -XEN_EPERM, -XEN_ERESTART; *page: where the look stands. */
static long maps_frame(struct grant_domain *g, uint64_t mfn_n, uint32_t *page)
{
	for (; *page < g->map_pages; ++*page) {
		if (!budget_take_n(current_budget(), LOOK_COST))
			return -XEN_ERESTART;
		if (page_maps(g, *page, mfn_n))
			return 0;
	}
	return -XEN_EPERM;
}

static long flush_one(struct domain *self, const struct gnttab_cache_flush *op, uint32_t *page)
{
	if (op->offset >= PAGE_SIZE || op->offset + op->length > PAGE_SIZE ||
	    (op->op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN)))
		return -XEN_EINVAL;
	if (op->length == 0 || op->op == 0)
		return 0;
	uint64_t mfn_n = op->a.dev_bus_addr >> PAGE_SHIFT;

	if (mfn_n >= arch_max_mfn)
		return -XEN_EINVAL;
	struct frame *f = frame_get(mfn(mfn_n), self);
	long rc = 0;

	if (f)
		frame_put(f);
	else
		rc = maps_frame(&self->grants, mfn_n, page);
	if (rc)
		return rc;
	if (!(op->op & GNTTAB_CACHE_CLEAN))	/* to drop what was written is not for guests */
		return -XEN_EOPNOTSUPP;
	/* Without a device a domain cannot tell whether its caches were written back. */
	if (domain_is_control(self))
		arch_wbinvd(false);
	return 0;
}

/* page: where the look for the first one stands, in the command's upper bits when it is continued. */
static __attribute__((noinline)) long op_cache_flush(struct domain *self, guest_va_t at, uint32_t count,
						     uint32_t page)
{
	for (; count; count--, at.a += sizeof(struct gnttab_cache_flush), page = 0) {
		struct gnttab_cache_flush op;
		long rc = -XEN_ERESTART;

		if (copy_from_guest(&op, at, sizeof(op)))
			return -XEN_EFAULT;
		if (budget_take_n(current_budget(), FLUSH_COST))
			rc = flush_one(self, &op, &page);
		if (rc == -XEN_ERESTART) {
			hypercall_set_arg(0, GNTTABOP_cache_flush | (uint64_t)page << CMD_BITS);
			hypercall_set_arg(1, at.a);
			hypercall_set_arg(2, count);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static table_fn *const table_ops[] = {
	[GNTTABOP_setup_table] = op_setup_table,
	[GNTTABOP_query_size] = op_query_size,
	[GNTTABOP_set_version] = op_set_version,
	[GNTTABOP_get_status_frames] = op_get_status_frames,
	[GNTTABOP_get_version] = op_get_version,
};

/* dump_table (never there in Xen either) and transfer are -ENOSYS. */
long do_grant_table_op(uint64_t cmd, uint64_t list, uint64_t n, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	uint32_t count = (uint32_t)n;

	(void)a4;
	(void)a5;
	cmd = (uint32_t)cmd;
	if ((int32_t)count < 0)
		return -XEN_EINVAL;
	if ((cmd & CMD_MASK) == GNTTABOP_cache_flush)
		return op_cache_flush(v->domain, guest_va(list), count, (uint32_t)cmd >> CMD_BITS);
	if (cmd & ~CMD_MASK)
		return -XEN_EINVAL;
	if (cmd < ARRAY_SIZE(list_ops)) {
		const struct list_op *op = &list_ops[index_clamp(cmd, ARRAY_SIZE(list_ops))];

		if (op->fn)
			return run_list(v, op, guest_va(list), count);
	}
	if (cmd < ARRAY_SIZE(table_ops)) {
		table_fn *fn = table_ops[index_clamp(cmd, ARRAY_SIZE(table_ops))];

		if (fn)
			return fn(v->domain, guest_va(list), count);
	}
	return -XEN_ENOSYS;
}
