// SPDX-License-Identifier: MIT
/*
 * XENMEM_exchange: frames against others, of another size or place, chunk by chunk. A chunk is
 * one of the larger extents and what it takes of the smaller ones. Its old frames are taken
 * away first, the new ones are allocated, then the old ones are freed; if something
 * is refused meanwhile the domain gets its old frames back.
 *
 * Frames of no owner are chained by frame.next, so that nothing must be allocated for that.
 */
#include "memory_op.h"

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/usercopy.h>

struct exchange {
	struct xen_memory_exchange x;
	struct domain *d;
	unsigned bits;
	unsigned in_per_chunk, out_per_chunk;	/* as orders */
	uint32_t old, fresh;	/* chains, of frames resp. of out extents; 0: end */
};

static void chain_push(uint32_t *chain, mfn_t m)
{
	frame_of(m)->next = *chain;
	*chain = (uint32_t)m.n;
}

static mfn_t chain_pop(uint32_t *chain)
{
	mfn_t m = mfn(*chain);

	*chain = frame_of(m)->next;
	return m;
}

static int take_old(struct exchange *e, uint64_t chunk)
{
	uint64_t first = chunk << e->in_per_chunk;

	for (uint64_t i = first; i < first + (1ULL << e->in_per_chunk); i++) {
		uint64_t m;

		if (copy_from_guest(&m, guest_index(handle_va(e->x.in.extent_start), i, m),
				    sizeof(m)))
			return -XEN_EFAULT;
		for (uint64_t k = 0; k < 1ULL << e->x.in.extent_order; k++) {
			if (!domain_page_steal(e->d, mfn(m + k)))
				return -XEN_EINVAL;
			chain_push(&e->old, mfn(m + k));
		}
	}
	return 0;
}

static int take_fresh(struct exchange *e)
{
	for (uint64_t i = 0; i < 1ULL << e->out_per_chunk; i++) {
		mfn_t first;

		if (!mm_pages_alloc(e->d, e->x.out.extent_order, e->bits, &first))
			return -XEN_ENOMEM;
		chain_push(&e->fresh, first);
	}
	return 0;
}

static void undo(struct exchange *e)
{
	while (e->fresh)
		mm_pages_free(e->d, chain_pop(&e->fresh), e->x.out.extent_order);
	while (e->old) {
		mfn_t m = chain_pop(&e->old);

		if (!domain_pages_assign(e->d, m, 0))
			mm_pages_free(e->d, m, 0);
	}
}

/* The new frames become the domain's. An address that faults loses it the frame's number. */
static int commit(struct exchange *e, uint64_t chunk)
{
	unsigned order = e->x.out.extent_order;
	uint64_t i = chunk << e->out_per_chunk;
	int rc = 0;

	while (e->old)
		mm_pages_free(e->d, chain_pop(&e->old), 0);
	for (; e->fresh; i++) {
		guest_va_t at = guest_index(handle_va(e->x.out.extent_start), i, xen_pfn_t);
		mfn_t first = chain_pop(&e->fresh);
		uint64_t gpfn;

		if (!domain_pages_assign(e->d, first, order)) {
			mm_pages_free(e->d, first, order);
			rc = -XEN_EINVAL;
			continue;
		}
		if (copy_from_guest(&gpfn, at, sizeof(gpfn))) {
			rc = -XEN_EFAULT;
			continue;
		}
		m2p_set_run(first, 1ULL << order, gpfn);
		if (copy_to_guest(at, &first.n, sizeof(first.n)))
			rc = -XEN_EFAULT;
	}
	return rc;
}

static int one_chunk(struct exchange *e, uint64_t chunk)
{
	int rc = take_old(e, chunk);

	if (!rc)
		rc = take_fresh(e);
	if (rc) {
		undo(e);
		return rc;
	}
	return commit(e, chunk);
}

static int all_chunks(struct exchange *e)
{
	unsigned chunk_order = e->x.in.extent_order + e->in_per_chunk;
	uint64_t first = e->x.nr_exchanged >> e->in_per_chunk;
	uint64_t n = e->x.in.nr_extents >> e->in_per_chunk;
	int rc = 0;

	for (uint64_t chunk = first; chunk < n && !rc; chunk++) {
		if (!budget_take_n(current_budget(), 2u << chunk_order) && chunk != first)
			return -XEN_ERESTART;
		rc = one_chunk(e, chunk);
		if (!rc)
			e->x.nr_exchanged = (chunk + 1) << e->in_per_chunk;
	}
	return rc;
}

static int check(struct exchange *e)
{
	const struct xen_memory_reservation *in = &e->x.in, *out = &e->x.out;

	if (MAX(in->extent_order, out->extent_order) >
	    memory_op_max_order(current_vcpu()->domain))
		return -XEN_EPERM;
	if (e->x.nr_exchanged > in->nr_extents || in->domid != out->domid ||
	    (~0UL >> in->extent_order) < in->nr_extents ||
	    (~0UL >> out->extent_order) < out->nr_extents ||
	    in->nr_extents << in->extent_order != out->nr_extents << out->extent_order)
		return -XEN_EINVAL;
	if (in->nr_extents >= 1UL << 40 || out->nr_extents >= 1UL << 40 ||
	    !guest_range_ok(handle_va(in->extent_start), in->nr_extents * sizeof(xen_pfn_t)) ||
	    !guest_range_ok(handle_va(out->extent_start), out->nr_extents * sizeof(xen_pfn_t)))
		return -XEN_EFAULT;
	e->bits = XENMEMF_get_address_bits(out->mem_flags);
	if (!e->bits)
		e->bits = 64;
	if (in->extent_order < out->extent_order)
		e->in_per_chunk = out->extent_order - in->extent_order;
	else
		e->out_per_chunk = in->extent_order - out->extent_order;
	return e->bits > PAGE_SHIFT ? 0 : -XEN_ENOMEM;
}

long memory_op_exchange(const struct memory_call *call)
{
	struct exchange e;
	guest_va_t done_at = guest_va(call->arg.a +
				      offsetof(struct xen_memory_exchange, nr_exchanged));
	int rc;

	if (copy_from_guest(&e.x, call->arg, sizeof(e.x)))
		return -XEN_EFAULT;
	e.in_per_chunk = e.out_per_chunk = 0;
	e.old = e.fresh = 0;
	rc = check(&e);
	if (rc)
		return rc;
	e.d = domain_get_target(e.x.in.domid, &rc);
	if (!e.d)
		return rc;
	rc = all_chunks(&e);
	domain_put(e.d);
	if (copy_to_guest(done_at, &e.x.nr_exchanged, sizeof(e.x.nr_exchanged)))
		return -XEN_EFAULT;
	return rc;
}
