// SPDX-License-Identifier: MIT
/*
 * XENMEM_acquire_resource: the frames of another domain's grant table, for the toolstack, which
 * maps them with that domain as foreign domain and fills in the first grants.
 */
#include "memory_op.h"

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/usercopy.h>

/* How many frames the resource has at most; 0: there is no such resource. */
static uint32_t resource_frames(const struct domain *d, uint16_t type, uint32_t id)
{
	if (type != XENMEM_resource_grant_table || id != XENMEM_resource_grant_table_id_shared)
		return 0;
	return d->grants.max_frames;
}

static long give_size(const struct memory_call *call, const struct xen_mem_acquire_resource *ask,
		      uint32_t frames)
{
	guest_va_t at = guest_va(call->arg.a + offsetof(struct xen_mem_acquire_resource, nr_frames));

	if (ask->nr_frames)
		return -XEN_EINVAL;
	return copy_to_guest(at, &frames, sizeof(frames)) ? -XEN_EFAULT : 0;
}

static long give_frames(const struct memory_call *call, struct domain *d,
			const struct xen_mem_acquire_resource *ask)
{
	guest_va_t list = handle_va(ask->frame_list);

	for (uint32_t i = call->start; i < ask->nr_frames; i++) {
		uint64_t n = ask->frame + i, m;
		void *page;
		int err;

		if (i != call->start && !budget_take(current_budget()))
			return memory_op_continue(call, i);
		if (n < i || n >= d->grants.max_frames)
			return -XEN_EINVAL;
		page = grant_shared_page(d, (unsigned)n, current_budget(), &err);
		if (!page)
			return err == -XEN_ERESTART ? memory_op_continue(call, i) : err;
		m = ptr_mfn(page).n;
		if (copy_to_guest(guest_index(list, i, m), &m, sizeof(m)))
			return -XEN_EFAULT;
	}
	return 0;
}

long memory_op_acquire_resource(const struct memory_call *call)
{
	struct xen_mem_acquire_resource ask;
	struct domain *self = current_vcpu()->domain, *d;
	uint32_t frames;
	long rc;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	if (ask.pad)
		return -XEN_EINVAL;
	if (ask.domid == self->id)
		return -XEN_EPERM;
	d = domain_get(ask.domid);
	if (!d)
		return -XEN_ESRCH;
	frames = resource_frames(d, ask.type, ask.id);
	if (!domain_is_control(self))
		rc = -XEN_EPERM;
	else if (ask.nr_frames > MEMORY_OP_MAX)
		rc = -XEN_E2BIG;
	else if (!frames)
		rc = -XEN_EINVAL;
	else if (!handle_va(ask.frame_list).a)
		rc = give_size(call, &ask, frames);
	else
		rc = give_frames(call, d, &ask);
	domain_put(d);
	return rc;
}
