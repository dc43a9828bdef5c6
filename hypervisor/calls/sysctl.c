// SPDX-License-Identifier: MIT
/*
 * sysctl: what dom0 asks of the machine as a whole. Here what is common to all
 * operations, and those that are about the hypervisor's console.
 */
#include <hv/domctl.h>

#include <hv/console.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/keys.h>
#include <hv/usercopy.h>

/* ---- console -------------------------------------------------------------------------- */

static long sysctl_readconsole(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	guest_va_t to = handle_va(r->buffer);
	uint32_t at = r->index, done = 0;
	bool oldest = !r->incremental;
	char chunk[256];

	while (done < r->count) {
		size_t n = console_ring_get(&at, oldest, chunk,
					    MIN(sizeof(chunk), (size_t)(r->count - done)));

		oldest = false;
		if (!n)
			break;
		if (copy_to_guest(guest_va(to.a + done), chunk, n))
			return -XEN_EFAULT;
		done += (uint32_t)n;
	}
	if (r->clear)
		console_ring_clear();
	r->count = done;
	r->index = at;
	*copyback = true;
	return 0;
}

static long sysctl_debug_keys(struct xen_sysctl *op, bool *copyback)
{
	guest_va_t keys = handle_va(op->u.debug_keys.keys);

	(void)copyback;
	for (uint32_t i = 0; i < op->u.debug_keys.nr_keys; i++) {
		char c;

		if (copy_from_guest(&c, guest_va(keys.a + i), 1))
			return -XEN_EFAULT;
		/* A key may print pages of text: a hundred is more than anybody types. */
		if (!budget_take_n(current_budget(), HYPERCALL_BUDGET / 128))
			return -XEN_E2BIG;
		debug_key(c);
	}
	return 0;
}

/* ---- power management: the hypervisor does none --------------------------------------- */

static bool cpu_is_online(uint32_t cpu)
{
	return cpu < arch_nr_cpus();
}

static long sysctl_get_pmstat(struct xen_sysctl *op, bool *copyback)
{
	(void)copyback;
	return cpu_is_online(op->u.get_pmstat.cpuid) ? -XEN_ENODEV : -XEN_EINVAL;
}

static long sysctl_pm_op(struct xen_sysctl *op, bool *copyback)
{
	(void)copyback;
	if (!cpu_is_online(op->u.pm_op.cpuid))
		return -XEN_EINVAL;
	return (op->u.pm_op.cmd & PM_PARA_CATEGORY_MASK) == CPUFREQ_PARA ? -XEN_ENODEV
									 : -XEN_ENOSYS;
}

/* ---- dispatch ------------------------------------------------------------------------- */

static sysctl_fn *const sysctl_table[] = {
	[XEN_SYSCTL_readconsole] = sysctl_readconsole,
	[XEN_SYSCTL_physinfo] = sysctl_physinfo,
	[XEN_SYSCTL_sched_id] = sysctl_sched_id,
	[XEN_SYSCTL_getdomaininfolist] = sysctl_getdomaininfolist,
	[XEN_SYSCTL_debug_keys] = sysctl_debug_keys,
	[XEN_SYSCTL_getcpuinfo] = sysctl_getcpuinfo,
	[XEN_SYSCTL_availheap] = sysctl_availheap,
	[XEN_SYSCTL_get_pmstat] = sysctl_get_pmstat,
	[XEN_SYSCTL_pm_op] = sysctl_pm_op,
	[XEN_SYSCTL_cputopoinfo] = sysctl_cputopoinfo,
	[XEN_SYSCTL_numainfo] = sysctl_numainfo,
	[XEN_SYSCTL_pcitopoinfo] = sysctl_pcitopoinfo,
	[XEN_SYSCTL_cpupool_op] = sysctl_cpupool_op,
	[XEN_SYSCTL_scheduler_op] = sysctl_scheduler_op,
	[XEN_SYSCTL_get_cpu_levelling_caps] = sysctl_get_cpu_levelling_caps,
	[XEN_SYSCTL_get_cpu_featureset] = sysctl_get_cpu_featureset,
	[XEN_SYSCTL_get_cpu_policy] = sysctl_get_cpu_policy,
};

/* What Xen has and needs hardware or parts that are not here; -ENOSYS where it is not named. */
static const int16_t absent[] = {
	[XEN_SYSCTL_cpu_hotplug] = -XEN_EOPNOTSUPP,
	[XEN_SYSCTL_page_offline_op] = -XEN_EOPNOTSUPP,
	[XEN_SYSCTL_coverage_op] = -XEN_EOPNOTSUPP,
	[XEN_SYSCTL_psr_cmt_op] = -XEN_ENODEV,
	[XEN_SYSCTL_psr_alloc] = -XEN_ENODEV,
};

static long run(struct xen_sysctl *op, bool *copyback)
{
	sysctl_fn *fn = NULL;
	long rc = 0;

	if (op->cmd < ARRAY_SIZE(sysctl_table))
		fn = sysctl_table[index_clamp(op->cmd, ARRAY_SIZE(sysctl_table))];
	if (fn)
		return fn(op, copyback);
	if (op->cmd < ARRAY_SIZE(absent))
		rc = absent[index_clamp(op->cmd, ARRAY_SIZE(absent))];
	return rc ? rc : -XEN_ENOSYS;
}

long do_sysctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_sysctl op;
	bool copyback = false;
	long rc;

	(void)a2, (void)a3, (void)a4, (void)a5;
	if (copy_from_guest(&op, guest_va(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	rc = run(&op, &copyback);
	if (copyback && copy_to_guest(guest_va(arg), &op, sizeof(op)))
		rc = -XEN_EFAULT;
	return rc;
}
