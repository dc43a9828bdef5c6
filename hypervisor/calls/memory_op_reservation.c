// SPDX-License-Identifier: MIT
/*
 * Frames for a domain and back: increase_reservation, decrease_reservation, populate_physmap,
 * claim_pages. The result of the first three is the number of extents done, never an error.
 */
#include "memory_op.h"

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/usercopy.h>

#define GUEST_MAX_ORDER   9	/* 2 MiB */
#define CONTROL_MAX_ORDER 11

struct extents {
	struct domain *d;
	guest_va_t list;	/* 0: none */
	uint32_t n;
	unsigned order;
	unsigned bits;		/* of the physical addresses; 64: any */
};

unsigned memory_op_max_order(const struct domain *d)
{
	return domain_is_control(d) ? CONTROL_MAX_ORDER : GUEST_MAX_ORDER;
}

static guest_va_t nth(const struct extents *e, uint32_t i)
{
	return guest_index(e->list, i, xen_pfn_t);
}

static bool increase_one(const struct extents *e, uint32_t i)
{
	mfn_t first;

	if (!domain_pages_alloc_below(e->d, e->order, e->bits, &first))
		return false;
	return !e->list.a || !copy_to_guest(nth(e, i), &first.n, sizeof(first.n));
}

static bool populate_one(const struct extents *e, uint32_t i)
{
	uint64_t gpfn;
	mfn_t first;

	if (copy_from_guest(&gpfn, nth(e, i), sizeof(gpfn)) ||
	    !domain_pages_alloc_below(e->d, e->order, e->bits, &first))
		return false;
	m2p_set_run(first, 1ULL << e->order, gpfn);
	return !copy_to_guest(nth(e, i), &first.n, sizeof(first.n));
}

/* The owner's reference goes; a frame that is in use somewhere stays until that ends. */
static bool give_back(struct domain *d, uint64_t m)
{
	struct frame *f = frame_get(mfn(m), d);
	bool its_own;

	if (!f)
		return false;
	its_own = !(f->count_info & FC_HV);
	if (its_own)
		frame_drop_allocated(f);
	frame_put(f);
	return its_own;
}

static bool decrease_one(const struct extents *e, uint32_t i)
{
	uint64_t m;

	if (copy_from_guest(&m, nth(e, i), sizeof(m)))
		return false;
	for (uint64_t k = 0; k < 1ULL << e->order; k++)
		if (!give_back(e->d, m + k))
			return false;
	return true;
}

static bool one(const struct extents *e, uint32_t op, uint32_t i)
{
	switch (op) {
	case XENMEM_increase_reservation:
		return increase_one(e, i);
	case XENMEM_populate_physmap:
		return populate_one(e, i);
	default:
		return decrease_one(e, i);
	}
}

static long all(const struct extents *e, const struct memory_call *call)
{
	uint32_t i = call->start;

	for (; i < e->n; i++) {
		if (!budget_take_n(current_budget(), 1u << e->order) && i != call->start)
			return memory_op_continue(call, i);
		if (!one(e, call->op, i))
			break;
	}
	return i;
}

/* Which addresses an allocation may have; false: none at all. */
static bool address_bits(uint32_t flags, unsigned *bits)
{
	*bits = XENMEMF_get_address_bits(flags);
	if (!*bits)
		*bits = 64;
	return *bits > PAGE_SHIFT;
}

long memory_op_reserve(const struct memory_call *call)
{
	struct xen_memory_reservation r;
	struct extents e;
	long rc = call->start;
	int err;

	if (copy_from_guest(&r, call->arg, sizeof(r)) || r.nr_extents > MEMORY_OP_MAX ||
	    call->start >= r.nr_extents)
		return rc;
	e.list = handle_va(r.extent_start);
	e.n = (uint32_t)r.nr_extents;
	e.order = r.extent_order;
	if (e.order > memory_op_max_order(current_vcpu()->domain) ||
	    !address_bits(r.mem_flags, &e.bits) ||
	    (call->op == XENMEM_populate_physmap && (r.mem_flags & XENMEMF_populate_on_demand)) ||
	    !guest_range_ok(e.list, e.n * sizeof(xen_pfn_t)))
		return rc;
	e.d = domain_get_target(r.domid, &err);
	if (!e.d)
		return rc;
	rc = all(&e, call);
	domain_put(e.d);
	return rc;
}

long memory_op_claim(const struct memory_call *call)
{
	struct xen_memory_reservation r;
	struct domain *d;
	long rc = -XEN_EPERM;

	if (call->start)
		return -XEN_EINVAL;
	if (copy_from_guest(&r, call->arg, sizeof(r)))
		return -XEN_EFAULT;
	if (handle_va(r.extent_start).a || r.extent_order || r.mem_flags)
		return -XEN_EINVAL;
	d = domain_get(r.domid);
	if (!d)
		return -XEN_EINVAL;
	if (domain_is_control(current_vcpu()->domain))
		rc = domain_pages_claim(d, r.nr_extents);
	domain_put(d);
	return rc;
}
