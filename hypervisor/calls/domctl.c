// SPDX-License-Identifier: MIT
/*
 * domctl: the control of other domains. What is common to all operations: the copy
 * in, the version, the domain, the right to do it, the copy back.
 */
#include <hv/domctl.h>

#include <hv/domain.h>
#include <hv/domstate.h>
#include <hv/hypercall.h>
#include <hv/mem.h>
#include <hv/usercopy.h>

/*
 * Operations that Xen has and that need hardware or parts that are not here. They answer
 * what Xen answers for a PV domain on a machine without those, as far as it refuses them.
 */
static const int16_t absent[] = {
	[XEN_DOMCTL_subscribe] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_gethvmcontext] = -XEN_EINVAL,
	[XEN_DOMCTL_sethvmcontext] = -XEN_EINVAL,
	[XEN_DOMCTL_assign_device] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_bind_pt_irq] = -XEN_EINVAL,
	[XEN_DOMCTL_memory_mapping] = -XEN_EINVAL,
	[XEN_DOMCTL_ioport_mapping] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_test_assign_device] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_set_target] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_deassign_device] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_unbind_pt_irq] = -XEN_EINVAL,
	[XEN_DOMCTL_get_device_group] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_debug_op] = -XEN_EINVAL,
	[XEN_DOMCTL_gethvmcontext_partial] = -XEN_EINVAL,
	[XEN_DOMCTL_vm_event_op] = -XEN_ENOSYS,
	[XEN_DOMCTL_mem_sharing_op] = -XEN_ENOSYS,
	[XEN_DOMCTL_set_access_required] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_set_broken_page_p2m] = -XEN_EINVAL,
	[XEN_DOMCTL_setvnumainfo] = -XEN_EINVAL,
	[XEN_DOMCTL_psr_cmt_op] = -XEN_ENODEV,
	[XEN_DOMCTL_monitor_op] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_psr_alloc] = -XEN_ENODEV,
	[XEN_DOMCTL_soft_reset] = -XEN_EINVAL,
	[XEN_DOMCTL_vmtrace_op] = -XEN_EINVAL,
	[XEN_DOMCTL_get_paging_mempool_size] = -XEN_EOPNOTSUPP,
	[XEN_DOMCTL_set_paging_mempool_size] = -XEN_EOPNOTSUPP,
};

static domctl_fn *const domctl_table[] = {
	[XEN_DOMCTL_createdomain] = domctl_createdomain,
	[XEN_DOMCTL_destroydomain] = domctl_destroydomain,
	[XEN_DOMCTL_pausedomain] = domctl_pausedomain,
	[XEN_DOMCTL_unpausedomain] = domctl_unpausedomain,
	[XEN_DOMCTL_getdomaininfo] = domctl_getdomaininfo,
	[XEN_DOMCTL_setvcpuaffinity] = domctl_setvcpuaffinity,
	[XEN_DOMCTL_shadow_op] = domctl_shadow_op,
	[XEN_DOMCTL_max_mem] = domctl_max_mem,
	[XEN_DOMCTL_setvcpucontext] = domctl_setvcpucontext,
	[XEN_DOMCTL_getvcpucontext] = domctl_getvcpucontext,
	[XEN_DOMCTL_getvcpuinfo] = domctl_getvcpuinfo,
	[XEN_DOMCTL_max_vcpus] = domctl_max_vcpus,
	[XEN_DOMCTL_scheduler_op] = domctl_scheduler_op,
	[XEN_DOMCTL_setdomainhandle] = domctl_setdomainhandle,
	[XEN_DOMCTL_setdebugging] = domctl_setdebugging,
	[XEN_DOMCTL_irq_permission] = domctl_irq_permission,
	[XEN_DOMCTL_iomem_permission] = domctl_iomem_permission,
	[XEN_DOMCTL_ioport_permission] = domctl_ioport_permission,
	[XEN_DOMCTL_hypercall_init] = domctl_hypercall_init,
	[XEN_DOMCTL_settimeoffset] = domctl_settimeoffset,
	[XEN_DOMCTL_getvcpuaffinity] = domctl_getvcpuaffinity,
	[XEN_DOMCTL_resumedomain] = domctl_resumedomain,
	[XEN_DOMCTL_sendtrigger] = domctl_sendtrigger,
	[XEN_DOMCTL_set_address_size] = domctl_set_address_size,
	[XEN_DOMCTL_get_address_size] = domctl_get_address_size,
	[XEN_DOMCTL_set_ext_vcpucontext] = domctl_set_ext_vcpucontext,
	[XEN_DOMCTL_get_ext_vcpucontext] = domctl_get_ext_vcpucontext,
	[XEN_DOMCTL_gettscinfo] = domctl_gettscinfo,
	[XEN_DOMCTL_settscinfo] = domctl_settscinfo,
	[XEN_DOMCTL_getpageframeinfo3] = domctl_getpageframeinfo3,
	[XEN_DOMCTL_setvcpuextstate] = domctl_setvcpuextstate,
	[XEN_DOMCTL_getvcpuextstate] = domctl_getvcpuextstate,
	[XEN_DOMCTL_set_virq_handler] = domctl_set_virq_handler,
	[XEN_DOMCTL_setnodeaffinity] = domctl_setnodeaffinity,
	[XEN_DOMCTL_getnodeaffinity] = domctl_getnodeaffinity,
	[XEN_DOMCTL_get_vcpu_msrs] = domctl_get_vcpu_msrs,
	[XEN_DOMCTL_set_vcpu_msrs] = domctl_set_vcpu_msrs,
	[XEN_DOMCTL_get_cpu_policy] = domctl_get_cpu_policy,
	[XEN_DOMCTL_set_cpu_policy] = domctl_set_cpu_policy,
	[DOMCTL_get_domain_state] = domctl_get_domain_state,
};

static bool names_a_domain(const struct xen_domctl *op)
{
	return op->cmd != XEN_DOMCTL_createdomain;
}

static bool version_is_ours(const struct xen_domctl *op)
{
	return op->interface_version == (op->cmd == DOMCTL_get_domain_state ?
					 DOMCTL_STATE_VERSION : XEN_DOMCTL_INTERFACE_VERSION);
}

/* Those that have a meaning without. */
static bool may_be_without_domain(const struct xen_domctl *op)
{
	return op->cmd == XEN_DOMCTL_getdomaininfo ||
	       (op->cmd == DOMCTL_get_domain_state && op->domain == DOMID_INVALID);
}

static long run(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	domctl_fn *fn = NULL;
	long rc = 0;

	if (op->cmd < ARRAY_SIZE(domctl_table))
		fn = domctl_table[index_clamp(op->cmd, ARRAY_SIZE(domctl_table))];
	if (fn)
		return fn(d, op, copyback);
	if (op->cmd < ARRAY_SIZE(absent))
		rc = absent[index_clamp(op->cmd, ARRAY_SIZE(absent))];
	return rc ? rc : -XEN_ENOSYS;
}

/* One at a time: they may wait for vCPUs to leave their CPUs, two of dom0's for each other. Who finds
 * it taken tries again from its guest, where it can be interrupted. */
static spinlock_t control_lock = SPINLOCK("control");

static long run_alone(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	long rc;

	if (!spin_trylock(&control_lock))
		return -XEN_ERESTART;
	rc = run(d, op, copyback);
	spin_unlock(&control_lock);
	return rc;
}

long do_domctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct domain *d = NULL;
	struct xen_domctl op;
	bool copyback = false;
	long rc;

	(void)a2, (void)a3, (void)a4, (void)a5;
	if (copy_from_guest(&op, guest_va(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (!version_is_ours(&op))
		return -XEN_EACCES;
	if (names_a_domain(&op)) {
		d = domain_get(op.domain);
		if (!d && !may_be_without_domain(&op))
			return -XEN_ESRCH;
	}
	rc = -XEN_EPERM;
	if (domain_is_control(current_vcpu()->domain))
		rc = run_alone(d, &op, &copyback);
	if (d)
		domain_put(d);
	if (copyback && copy_to_guest(guest_va(arg), &op, sizeof(op)))
		rc = -XEN_EFAULT;
	return rc;
}

struct vcpu *domctl_vcpu(struct domain *d, uint32_t id, int bad_id, int absent, int *err)
{
	struct vcpu *v;

	*err = bad_id;
	if (id >= d->max_vcpus)
		return NULL;
	v = d->vcpu[index_clamp(id, d->max_vcpus)];
	*err = v ? 0 : absent;
	return v;
}

/* ---- bitmaps of the two interfaces ---------------------------------------------------- */

#define BITMAP_BITS_MAX 65536u

int ctl_bitmap_get(const struct xenctl_bitmap *from, uint64_t *words, unsigned count)
{
	uint32_t n = MIN(from->nr_bits, count * 64);

	memset(words, 0, count * sizeof(*words));
	if (n && copy_from_guest(words, handle_va(from->bitmap), DIV_ROUND_UP(n, 8)))
		return -XEN_EFAULT;
	if (n % 64)
		words[n / 64] &= (1ULL << n % 64) - 1;
	return 0;
}

int ctl_bitmap_put(const struct xenctl_bitmap *to, const uint64_t *words, unsigned count)
{
	static const uint8_t last_bits[8] = { 0xff, 1, 3, 7, 15, 31, 63, 127 };
	guest_va_t va = handle_va(to->bitmap);
	uint32_t bytes, n;

	if (to->nr_bits > BITMAP_BITS_MAX)
		return -XEN_EINVAL;
	bytes = DIV_ROUND_UP(to->nr_bits, 8);
	n = MIN(bytes, count * (uint32_t)sizeof(*words));
	if (n && copy_to_guest(va, words, n))
		return -XEN_EFAULT;
	if (n == bytes && to->nr_bits % 8) {
		uint8_t last = ((const uint8_t *)words)[n - 1] & last_bits[to->nr_bits % 8];

		if (copy_to_guest(guest_va(va.a + n - 1), &last, 1))
			return -XEN_EFAULT;
	}
	if (bytes > n && clear_guest(guest_va(va.a + n), bytes - n))
		return -XEN_EFAULT;
	return 0;
}
