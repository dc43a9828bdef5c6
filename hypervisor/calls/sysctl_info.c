// SPDX-License-Identifier: MIT
/*
 * sysctl: what there is: CPUs, memory, domains, one NUMA node, one pool of CPUs with
 * one scheduler.
 */
#include <hv/domctl.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/time.h>
#include <hv/usercopy.h>

#define NODE_DISTANCE_LOCAL 10
#define US 1000u	/* ns */

/* CPUs that share CPU 0's socket, and its core too. */
static uint32_t count_neighbours(bool same_core)
{
	struct arch_cpu_place first, p;
	uint32_t n = 0;

	arch_cpu_place(0, &first);
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++) {
		arch_cpu_place(cpu, &p);
		n += p.socket == first.socket && (!same_core || p.core == first.core);
	}
	return n;
}

long sysctl_physinfo(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;
	uint64_t free = mm_free_frames(), claimed = mm_claimed_frames();
	uint32_t n = arch_nr_cpus(), features[CPUID_FEATURE_WORDS];

	memset(p, 0, sizeof(*p));
	p->threads_per_core = count_neighbours(true);
	p->cores_per_socket = count_neighbours(false) / p->threads_per_core;
	p->nr_cpus = n;
	p->max_cpu_id = n - 1;
	p->nr_nodes = 1;
	p->cpu_khz = (uint32_t)arch_tsc_khz();
	p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	p->total_pages = mm_total_frames();
	p->free_pages = free;
	p->outstanding_pages = claimed;
	p->max_mfn = arch_max_mfn - 1;
	cpuid_featureset(cpuid_system_policy(XEN_SYSCTL_cpu_policy_host), features);
	memcpy(p->hw_cap, features, sizeof(p->hw_cap));
	*copyback = true;
	return 0;
}

long sysctl_getdomaininfolist(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	guest_va_t to = handle_va(l->buffer);
	uint32_t n = 0, from = l->first_domain;

	while (n < l->max_domains && from < DOMID_FIRST_RESERVED) {
		struct xen_domctl_getdomaininfo info;
		struct domain *d = domain_get_from((domid_t)from);

		if (!d)
			break;
		domain_fill_info(d, &info);
		domain_put(d);
		if (copy_to_guest(guest_index(to, n, info), &info, sizeof(info)))
			return -XEN_EFAULT;
		from = info.domain + 1u;
		n++;
	}
	l->num_domains = n;
	*copyback = true;
	return 0;
}

long sysctl_getcpuinfo(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_getcpuinfo *c = &op->u.getcpuinfo;
	uint32_t n = MIN(c->max_cpus, arch_nr_cpus());

	for (uint32_t i = 0; i < n; i++) {
		xen_sysctl_cpuinfo_t info = { .idletime = vcpu_cpu_time(idle_vcpu[i]) };

		if (copy_to_guest(guest_index(handle_va(c->info), i, info), &info, sizeof(info)))
			return -XEN_EFAULT;
	}
	c->nr_cpus = n;
	*copyback = true;
	return 0;
}

/* Memory is not divided by address width: every free frame may serve. */
long sysctl_availheap(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_availheap *h = &op->u.availheap;

	if (h->node > 0)
		h->avail_bytes = 0;
	else
		h->avail_bytes = mm_free_frames() << PAGE_SHIFT;
	*copyback = true;
	return 0;
}

long sysctl_numainfo(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	uint32_t distance = NODE_DISTANCE_LOCAL;
	xen_sysctl_meminfo_t m = {
		.memsize = mm_total_frames() << PAGE_SHIFT,
		.memfree = mm_free_frames() << PAGE_SHIFT,
	};
	bool asked = !handle_is_null(n->meminfo) || !handle_is_null(n->distance);
	uint32_t nodes = asked ? MIN(n->num_nodes, 1U) : 1;

	if (nodes && !handle_is_null(n->meminfo) &&
	    copy_to_guest(handle_va(n->meminfo), &m, sizeof(m)))
		return -XEN_EFAULT;
	if (nodes && !handle_is_null(n->distance) &&
	    copy_to_guest(handle_va(n->distance), &distance, sizeof(distance)))
		return -XEN_EFAULT;
	n->num_nodes = nodes;
	*copyback = true;
	return 0;
}

long sysctl_cputopoinfo(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	uint32_t n = arch_nr_cpus();

	if (!handle_is_null(t->cputopo)) {
		n = MIN(n, t->num_cpus);
		for (uint32_t i = 0; i < n; i++) {
			xen_sysctl_cputopo_t c = { .node = 0 };
			struct arch_cpu_place place;

			arch_cpu_place(i, &place);
			c.core = place.core;
			c.socket = place.socket;
			if (copy_to_guest(guest_index(handle_va(t->cputopo), i, c), &c, sizeof(c)))
				return -XEN_EFAULT;
		}
	}
	t->num_cpus = n;
	*copyback = true;
	return 0;
}

/* No device is known here: none stands at a node. Of a long list a part is answered. */
long sysctl_pcitopoinfo(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
	static const uint32_t unknown = XEN_INVALID_DEV;
	uint32_t n = MIN(t->num_devs, (uint32_t)HYPERCALL_BUDGET);

	if (handle_is_null(t->devs) || handle_is_null(t->nodes))
		return -XEN_EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		physdev_pci_device_t dev;

		if (copy_from_guest(&dev, guest_index(handle_va(t->devs), i, dev), sizeof(dev)) ||
		    copy_to_guest(guest_index(handle_va(t->nodes), i, unknown), &unknown,
				  sizeof(unknown)))
			return -XEN_EFAULT;
	}
	t->num_devs = n;
	*copyback = true;
	return 0;
}

/* ---- the scheduler, in the terms of Xen's credit2 ------------------------------------- */

long sysctl_sched_id(struct xen_sysctl *op, bool *copyback)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	*copyback = true;
	return 0;
}

long sysctl_scheduler_op(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
	uint32_t us = s->u.sched_credit2.ratelimit_us;

	if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo && s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	if (s->cpupool_id)
		return -XEN_ESRCH;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EINVAL;
	if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		if (us && (us > XEN_SYSCTL_SCHED_RATELIMIT_MAX ||
			   us < XEN_SYSCTL_SCHED_RATELIMIT_MIN))
			return -XEN_EINVAL;
		sched_set_ratelimit(us * US);
	}
	s->u.sched_credit2.ratelimit_us = sched_ratelimit() / US;
	*copyback = true;
	return 0;
}

/* ---- the pool of CPUs: number 0, all CPUs, all domains -------------------------------- */

static uint32_t count_domains(void)
{
	uint32_t n = 0;

	spin_lock(&domlist_lock);
	for (struct domain *d = domain_list; d; d = d->next)
		n++;
	spin_unlock(&domlist_lock);
	return n;
}

static long pool_info(struct xen_sysctl_cpupool_op *p)
{
	cpumask_t online = sched_online_cpus();

	/* It is asked for the next pool from this number on. */
	if (p->cpupool_id)
		return -XEN_ENOENT;
	p->sched_id = XEN_SCHEDULER_CREDIT2;
	p->n_dom = count_domains();
	return ctl_bitmap_put(&p->cpumap, online.word, CPUMASK_WORDS);
}

static long pool_move_domain(const struct xen_sysctl_cpupool_op *p)
{
	struct domain *d = p->domid < DOMID_FIRST_RESERVED ? domain_get((domid_t)p->domid) : NULL;

	if (!d)
		return -XEN_ESRCH;
	domain_put(d);
	if (d == current_vcpu()->domain)
		return -XEN_EPERM;
	return p->cpupool_id ? -XEN_ENOENT : 0;
}

long sysctl_cpupool_op(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

	*copyback = true;
	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(p);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return ctl_bitmap_put(&p->cpumap, NULL, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return pool_move_domain(p);
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return p->cpupool_id ? -XEN_EOPNOTSUPP : -XEN_EEXIST;
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return p->cpupool_id ? -XEN_ENOENT : -XEN_EBUSY;
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		return p->cpupool_id ? -XEN_ENOENT : -XEN_ENODEV;
	default:
		return -XEN_ENOSYS;
	}
}
