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

/* Tells those of the CPUs that are running. */
static int put_running(const struct xenctl_bitmap *map, cpumask_t cpus)
{
	cpumask_t online = sched_online_cpus();

	for (unsigned i = 0; i < CPUMASK_WORDS; i++)
		cpus.word[i] &= online.word[i];
	return ctl_bitmap_put(map, cpus.word, CPUMASK_WORDS);
}

static int set_hard(struct vcpu *v, const struct xenctl_bitmap *map)
{
	cpumask_t cpus;
	int rc = ctl_bitmap_get(map, cpus.word, CPUMASK_WORDS);

	if (!rc)
		rc = sched_set_affinity(v, &cpus);
	if (!rc)	/* what has come of it: those of them that are running */
		rc = put_running(map, v->sched.hard_affinity);
	return rc;
}

static int set_soft(struct vcpu *v, const struct xenctl_bitmap *map)
{
	cpumask_t cpus, both;
	int rc = ctl_bitmap_get(map, cpus.word, CPUMASK_WORDS);

	if (rc)
		return rc;
	v->sched.soft_affinity = cpus;
	for (unsigned i = 0; i < CPUMASK_WORDS; i++)
		both.word[i] = cpus.word[i] & v->sched.hard_affinity.word[i];
	return put_running(map, both);
}

long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	cpumask_t hard, soft;
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
	if (!cpumask_equal(&v->sched.hard_affinity, &hard))
		sched_set_affinity(v, &hard);
	return rc;
}

long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, a->vcpu, -XEN_EINVAL, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (!affinity_args_ok(a))
		return -XEN_EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = put_running(&a->cpumap_hard, v->sched.hard_affinity);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = put_running(&a->cpumap_soft, v->sched.soft_affinity);
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
