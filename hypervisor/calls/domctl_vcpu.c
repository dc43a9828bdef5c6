// SPDX-License-Identifier: MIT
/*
 * domctl on a domain's vCPUs: how many, their contexts, where they run.
 */
#include <hv/domctl.h>

#include <hv/alloc.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mem.h>
#include <hv/time.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

long domctl_max_vcpus(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	int rc = 0;

	(void)copyback;
	if (d == current_vcpu()->domain || op->u.max_vcpus.max != d->max_vcpus)
		return -XEN_EINVAL;
	if (d->life.state >= LIFE_DYING)
		return -XEN_EINVAL;
	for (unsigned i = 0; i < d->max_vcpus && !rc; i++)
		rc = vcpu_create(d, i);
	return rc;
}

/* ---- contexts: 5 KiB, too much for the stack ------------------------------------------ */

long domctl_setvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_vcpucontext *a = &op->u.vcpucontext;
	struct vcpu_guest_context *c;
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, a->vcpu, -XEN_EINVAL, -XEN_EINVAL, &rc);
	if (d == current_vcpu()->domain || !v || d->life.state >= LIFE_DYING)
		return -XEN_EINVAL;
	if (handle_is_null(a->ctxt))	/* back to the state before any context */
		return v->initialised ? -XEN_EOPNOTSUPP : 0;
	c = xmalloc(sizeof(*c));
	if (!c)
		return -XEN_ENOMEM;
	rc = copy_from_guest(c, handle_va(a->ctxt), sizeof(*c));
	if (!rc) {
		domain_pause(d);
		rc = vcpu_set_context(v, c, current_budget());
		domain_unpause(d);
	}
	xfree(c);
	return rc;
}

long domctl_getvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_vcpucontext *a = &op->u.vcpucontext;
	struct vcpu_guest_context *c;
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, a->vcpu, -XEN_EINVAL, -XEN_EINVAL, &rc);
	if (d == current_vcpu()->domain || !v)
		return -XEN_EINVAL;
	if (!v->initialised || d->life.state >= LIFE_DYING)
		return -XEN_ENODATA;
	c = xmalloc(sizeof(*c));
	if (!c)
		return -XEN_ENOMEM;
	vcpu_pause(v);
	vcpu_get_context(v, c);
	vcpu_unpause(v);
	rc = copy_to_guest(handle_va(a->ctxt), c, sizeof(*c));
	xfree(c);
	*copyback = true;
	return rc;
}

long domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_getvcpuinfo *i = &op->u.getvcpuinfo;
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, i->vcpu, -XEN_EINVAL, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	i->online = !(v->pause_flags & VPF_DOWN);
	i->blocked = !!(v->pause_flags & VPF_BLOCKED);
	i->running = v->running;
	i->cpu_time = vcpu_cpu_time(v);
	i->cpu = v->processor;
	*copyback = true;
	return 0;
}

/* ---- affinity ------------------------------------------------------------------------- */

static bool affinity_args_ok(const struct xen_domctl_vcpuaffinity *a)
{
	return a->flags &&
	       (!(a->flags & XEN_VCPUAFFINITY_HARD) || !handle_is_null(a->cpumap_hard.bitmap)) &&
	       (!(a->flags & XEN_VCPUAFFINITY_SOFT) || !handle_is_null(a->cpumap_soft.bitmap));
}

static int set_hard(struct vcpu *v, const struct xenctl_bitmap *map)
{
	uint64_t cpus;
	int rc = ctl_bitmap_get(map, &cpus);

	if (!rc)
		rc = sched_set_affinity(v, cpus);
	if (!rc)	/* what has come of it: those of them that are running */
		rc = ctl_bitmap_put(map, v->sched.hard_affinity & sched_online_cpus());
	return rc;
}

static int set_soft(struct vcpu *v, const struct xenctl_bitmap *map)
{
	uint64_t cpus;
	int rc = ctl_bitmap_get(map, &cpus);

	if (rc)
		return rc;
	v->sched.soft_affinity = cpus;
	return ctl_bitmap_put(map, cpus & v->sched.hard_affinity & sched_online_cpus());
}

long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	uint64_t hard, soft;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, a->vcpu, -XEN_EINVAL, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (!affinity_args_ok(a))
		return -XEN_EINVAL;
	hard = v->sched.hard_affinity;
	soft = v->sched.soft_affinity;
	if (a->flags & XEN_VCPUAFFINITY_FORCE)
		sched_pin_override(v, -1);
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = set_hard(v, &a->cpumap_hard);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = set_soft(v, &a->cpumap_soft);
	if (!rc)
		return 0;
	v->sched.soft_affinity = soft;
	if (v->sched.hard_affinity != hard)
		sched_set_affinity(v, hard);
	return rc;
}

long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	uint64_t all = sched_online_cpus();
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, a->vcpu, -XEN_EINVAL, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (!affinity_args_ok(a))
		return -XEN_EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = ctl_bitmap_put(&a->cpumap_hard, v->sched.hard_affinity & all);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = ctl_bitmap_put(&a->cpumap_soft, v->sched.soft_affinity & all);
	return rc;
}

/* ---- triggers ------------------------------------------------------------------------- */

long domctl_sendtrigger(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, op->u.sendtrigger.vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	switch (op->u.sendtrigger.trigger) {
	case XEN_DOMCTL_SENDTRIGGER_NMI:
		vcpu_send_nmi(v);
		return 0;
	case XEN_DOMCTL_SENDTRIGGER_POWER:
	case XEN_DOMCTL_SENDTRIGGER_SLEEP:
		return -XEN_EINVAL;		/* buttons of machines that PV guests do not have */
	default:
		return -XEN_ENOSYS;
	}
}
