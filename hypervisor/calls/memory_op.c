// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_memory_op: the table of operations, and those that only ask or are not for
 * PV guests. The upper bits of the command count the extents that are done.
 */
#include "memory_op.h"

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/usercopy.h>

long memory_op_continue(const struct memory_call *call, uint32_t done)
{
	hypercall_set_arg(0, call->op | (uint64_t)done << MEMORY_OP_SHIFT);
	return -XEN_ERESTART;
}

static long op_maximum_ram_page(const struct memory_call *call)
{
	(void)call;
	return (long)arch_max_mfn;
}

/* The highest frame number that the guest says it uses: in its own shared_info. */
static long maximum_gpfn(const struct domain *d)
{
	uint64_t max = 0;

	spin_lock(&domlist_lock);	/* a domain that dies forgets it */
	if (d->shared_info)
		max = READ_ONCE(d->shared_info->arch.max_pfn);
	spin_unlock(&domlist_lock);
	return max ? (long)(max - 1) : 0;
}

static long op_ask_domain(const struct memory_call *call)
{
	struct xen_memory_domain ask;
	struct domain *d;
	long rc;
	int err;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	d = domain_get_target(ask.domid, &err);
	if (!d)
		return err;
	switch (call->op) {
	case XENMEM_current_reservation:
		rc = d->mm.tot_pages;
		break;
	case XENMEM_maximum_reservation:
		rc = d->mm.max_pages;
		break;
	default:
		rc = maximum_gpfn(d);
		break;
	}
	domain_put(d);
	return rc;
}

/* Whether the caller may ask about the domain: 0, or the refusal. */
static int check_domain(domid_t id)
{
	int err;
	struct domain *d = domain_get_target(id, &err);

	if (!d)
		return err;
	domain_put(d);
	return 0;
}

/* Only guests with translated memory have a physmap to add to. */
static long op_add_to_physmap(const struct memory_call *call)
{
	domid_t id;
	int err;

	if (copy_from_guest(&id, call->arg, sizeof(id)))
		return -XEN_EFAULT;
	err = check_domain(id);
	return err ? err : -XEN_EACCES;
}

static long op_remove_from_physmap(const struct memory_call *call)
{
	return call->start ? -XEN_EINVAL : op_add_to_physmap(call);
}

/* "Populate on demand" is for translated guests too, and for the control domain to ask about. */
static long op_pod_target(const struct memory_call *call)
{
	struct xen_pod_target ask;
	int err;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	err = check_domain(ask.domid);
	if (err)
		return err;
	return domain_is_control(current_vcpu()->domain) ? -XEN_EINVAL : -XEN_EPERM;
}

/* No page is ever shared by content: none, and none saved. */
static long op_sharing_pages(const struct memory_call *call)
{
	(void)call;
	return 0;
}

static long op_no_32_bit(const struct memory_call *call)
{
	(void)call;
	return -XEN_EOPNOTSUPP;
}

static long op_vnumainfo(const struct memory_call *call)
{
	struct xen_vnuma_topology_info ask;
	int err;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	if (ask.pad)
		return -XEN_EINVAL;
	err = check_domain(ask.domid);
	return err ? err : -XEN_EOPNOTSUPP;	/* no domain has more than one node */
}

/* There is no IOMMU for which firmware could have reserved any: none. */
static long op_reserved_device_memory(const struct memory_call *call)
{
	struct xen_reserved_device_memory_map ask;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	if (!guest_range_ok(handle_va(ask.buffer),
			    ask.nr_entries * sizeof(struct xen_reserved_device_memory)))
		return -XEN_EFAULT;
	if (ask.flags & ~(uint32_t)XENMEM_RDM_ALL)
		return -XEN_EINVAL;
	ask.nr_entries = 0;
	return copy_to_guest(call->arg, &ask, sizeof(ask)) ? -XEN_EFAULT : 0;
}

static memory_op_fn *const ops[] = {
	[XENMEM_increase_reservation] = memory_op_reserve,
	[XENMEM_decrease_reservation] = memory_op_reserve,
	[XENMEM_populate_physmap] = memory_op_reserve,
	[XENMEM_claim_pages] = memory_op_claim,
	[XENMEM_exchange] = memory_op_exchange,
	[XENMEM_maximum_ram_page] = op_maximum_ram_page,
	[XENMEM_current_reservation] = op_ask_domain,
	[XENMEM_maximum_reservation] = op_ask_domain,
	[XENMEM_maximum_gpfn] = op_ask_domain,
	[XENMEM_add_to_physmap] = op_add_to_physmap,
	[XENMEM_add_to_physmap_batch] = op_add_to_physmap,
	[XENMEM_remove_from_physmap] = op_remove_from_physmap,
	[XENMEM_set_pod_target] = op_pod_target,
	[XENMEM_get_pod_target] = op_pod_target,
	[XENMEM_get_sharing_freed_pages] = op_sharing_pages,
	[XENMEM_get_sharing_shared_pages] = op_sharing_pages,
	[XENMEM_machphys_compat_mfn_list] = op_no_32_bit,
	[XENMEM_memory_map] = memory_op_memory_map,
	[XENMEM_set_memory_map] = memory_op_set_memory_map,
	[XENMEM_machine_memory_map] = memory_op_machine_memory_map,
	[XENMEM_machphys_mapping] = memory_op_machphys_mapping,
	[XENMEM_machphys_mfn_list] = memory_op_machphys_mfn_list,
	[XENMEM_acquire_resource] = memory_op_acquire_resource,
	[XENMEM_get_vnumainfo] = op_vnumainfo,
	[XENMEM_reserved_device_memory_map] = op_reserved_device_memory,
};

long do_memory_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct memory_call call = { (uint32_t)cmd & MEMORY_OP_MASK,
				    (uint32_t)cmd >> MEMORY_OP_SHIFT, guest_va(arg) };
	memory_op_fn *fn;

	(void)a3, (void)a4, (void)a5;
	if (call.op >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	fn = ops[index_clamp(call.op, ARRAY_SIZE(ops))];
	return fn ? fn(&call) : -XEN_ENOSYS;
}
