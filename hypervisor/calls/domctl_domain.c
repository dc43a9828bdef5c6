// SPDX-License-Identifier: MIT
/*
 * domctl on a domain as a whole: its life, what is known of it, its limits.
 */
#include <hv/domctl.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/domstate.h>
#include <hv/mem.h>
#include <hv/time.h>

/* ---- creation ------------------------------------------------------------------------- */

/* oos_off says something of shadow tables; tools may set it for any domain. */
#define PV_FLAGS (XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain)

/* What a PV guest can be created with; the defaults filled in. */
static int check_config(struct xen_domctl_createdomain *c)
{
	if (c->flags & ~PV_FLAGS || c->iommu_opts || c->vmtrace_size)
		return -XEN_EINVAL;
	if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS)
		return -XEN_EINVAL;
	if (c->arch.misc_flags & ~XEN_X86_MSR_RELAXED)
		return -XEN_EINVAL;
	if (c->arch.emulation_flags)
		return -XEN_EOPNOTSUPP;
	if (c->grant_opts != XEN_DOMCTL_GRANT_version(1))
		return -XEN_EINVAL;
	if (c->cpupool_id)
		return -XEN_ESRCH;
	if (c->max_grant_frames < 0)
		c->max_grant_frames = GRANT_FRAMES_DEFAULT;
	if (c->max_maptrack_frames < 0)
		c->max_maptrack_frames = MAPTRACK_DEFAULT;
	return 0;
}

static bool id_is_free(domid_t id)
{
	struct domain *d = domain_get(id);

	if (d)
		domain_put(d);
	return !d;
}

/* Ids are given out in turn, so that a new domain does not soon get a dead one's. */
static int choose_id(domid_t wanted, domid_t *id)
{
	static domid_t last;

	if (wanted && wanted < DOMID_FIRST_RESERVED) {
		*id = wanted;
		return id_is_free(wanted) ? 0 : -XEN_EEXIST;
	}
	for (unsigned n = 1; n < DOMID_FIRST_RESERVED; n++) {
		last = last < DOMID_FIRST_RESERVED - 1 ? (domid_t)(last + 1) : 1;
		if (id_is_free(last)) {
			*id = last;
			return 0;
		}
	}
	return -XEN_ENOMEM;
}

long domctl_createdomain(struct domain *none, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_createdomain c = op->u.createdomain;
	struct domain *d;
	domid_t id;
	int rc = check_config(&c);

	(void)none;
	if (!rc)
		rc = choose_id(op->domain, &id);
	if (rc)
		return rc;
	d = domain_create(id, &c, false, &rc);
	if (!d)
		return rc;
	op->domain = id;
	*copyback = true;
	return 0;
}

/* ---- life ----------------------------------------------------------------------------- */

long domctl_destroydomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)op, (void)copyback;
	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	return domain_kill(d, current_budget());
}

long domctl_pausedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)op, (void)copyback;
	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	return domain_hold(d);
}

long domctl_unpausedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)op, (void)copyback;
	return domain_release(d);
}

long domctl_resumedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)op, (void)copyback;
	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	domain_resume(d);
	return 0;
}

/* ---- information ---------------------------------------------------------------------- */

/* A domain counts as blocked when all its vCPUs that are up are, as running when one is. */
static void add_vcpu(struct xen_domctl_getdomaininfo *info, const struct vcpu *v, uint32_t *flags)
{
	uint32_t f = v->pause_flags;

	info->cpu_time += vcpu_cpu_time(v);
	info->max_vcpu_id = v->id;
	if (f & VPF_DOWN)
		return;
	info->nr_online_vcpus++;
	if (!(f & VPF_BLOCKED))
		*flags &= ~XEN_DOMINF_blocked;
	if (v->running)
		*flags |= XEN_DOMINF_running;
}

static uint32_t life_flags(const struct domain *d)
{
	uint32_t flags = d->life.code << XEN_DOMINF_shutdownshift;

	if (d->life.state == LIFE_DEAD)
		flags |= XEN_DOMINF_dying;
	if (d->life.state == LIFE_SHUT || (d->life.state >= LIFE_DYING &&
					   d->life.code != LIFE_NO_CODE))
		flags |= XEN_DOMINF_shutdown;
	if (d->life.holds)
		flags |= XEN_DOMINF_paused;
	if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
		flags |= XEN_DOMINF_xs_domain;
	return flags;
}

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	const shared_info_t *shared = READ_ONCE(d->shared_info);
	uint32_t flags = XEN_DOMINF_blocked;

	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			add_vcpu(info, d->vcpu[i], &flags);
	info->flags = (info->nr_online_vcpus ? flags : 0) | life_flags(d);
	info->tot_pages = d->mm.tot_pages;
	info->max_pages = d->mm.max_pages;
	info->outstanding_pages = d->mm.claimed;
	info->shared_info_frame = shared ? ptr_mfn(shared).n : INVALID_MFN_N;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->gpaddr_bits = (uint8_t)mm_machine()->phys_bits;
	info->arch_config.emulation_flags = d->control ? XEN_X86_EMU_PIT : 0;
}

long domctl_getdomaininfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct domain *next = NULL;

	/* Without a domain of that id it is about the next one. */
	if (!d) {
		if (op->domain >= DOMID_FIRST_RESERVED)
			return -XEN_EINVAL;
		d = next = domain_get_from(op->domain);
		if (!d)
			return -XEN_ESRCH;
	}
	domain_fill_info(d, &op->u.getdomaininfo);
	op->domain = d->id;
	*copyback = true;
	if (next)
		domain_put(next);
	return 0;
}

static uint16_t domain_state(const struct domain *d)
{
	uint16_t state = DOMSTATE_EXIST;

	if (life_flags(d) & XEN_DOMINF_shutdown)
		state |= DOMSTATE_SHUTDOWN;
	if (d->life.state >= LIFE_DYING)
		state |= DOMSTATE_DYING;
	if (d->life.state == LIFE_DEAD)
		state |= DOMSTATE_DEAD;
	return state;
}

/*
 * Of the domain, or of one that has changed: then it may be gone altogether. What was told of is not
 * told again, so that only who is sent VIRQ_DOM_EXC may ask that: another would take the news away.
 */
long domctl_get_domain_state(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct domctl_get_domain_state *s = (struct domctl_get_domain_state *)&op->u;
	struct domain *changed = NULL;

	_Static_assert(sizeof(*s) <= sizeof(op->u), "ABI");
	if (s->zero0 || s->zero1)
		return -XEN_EINVAL;
	if (!d) {
		if (!evtchn_is_virq_handler(current_vcpu()->domain, VIRQ_DOM_EXC))
			return -XEN_EACCES;
		op->domain = domstate_take();
		if (op->domain == DOMID_INVALID)
			return -XEN_ENOENT;
		d = changed = domain_get(op->domain);
	}
	s->state = d ? domain_state(d) : 0;
	s->unique_id = d ? d->unique_id : 0;
	if (changed)
		domain_put(changed);
	*copyback = true;
	return 0;
}

/* ---- limits and marks ----------------------------------------------------------------- */

long domctl_max_mem(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

	(void)copyback;
	spin_lock(&d->mm.page_lock);
	d->mm.max_pages = (uint32_t)MIN(pages, (uint64_t)UINT32_MAX);
	spin_unlock(&d->mm.page_lock);
	return 0;
}

long domctl_setdomainhandle(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)copyback;
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

/* There is no debugger to stop for. */
long domctl_setdebugging(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)copyback;
	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	return op->u.setdebugging.enable ? -XEN_EOPNOTSUPP : 0;
}

long domctl_settimeoffset(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)copyback;
	d->time_offset_s = (uint64_t)op->u.settimeoffset.time_offset_seconds;
	time_update_wallclock(d);
	return 0;
}

long domctl_set_virq_handler(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)copyback;
	if (d->life.state >= LIFE_DYING)
		return -XEN_EINVAL;
	return evtchn_set_virq_handler(d, op->u.set_virq_handler.virq);
}

/* ---- NUMA: one node ------------------------------------------------------------------- */

long domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	uint64_t nodes;
	int rc = ctl_bitmap_get(&op->u.nodeaffinity.nodemap, &nodes, 1);

	(void)d, (void)copyback;
	if (rc)
		return rc;
	return nodes & 1 ? 0 : -XEN_EINVAL;
}

long domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	static const uint64_t node0 = 1;

	(void)d, (void)copyback;
	return ctl_bitmap_put(&op->u.nodeaffinity.nodemap, &node0, 1);
}

/* ---- scheduling: in the terms of Xen's credit2 ---------------------------------------- */

static int put_weight(struct domain *d, unsigned weight, unsigned cap)
{
	unsigned vcpus = 0;

	for (unsigned i = 0; i < d->max_vcpus; i++)
		vcpus += d->vcpu[i] != NULL;
	if (cap > 100 * vcpus)
		return -XEN_EINVAL;
	if (weight)
		sched_set_weight(d, weight);
	sched_set_cap(d, cap);
	return 0;
}

long domctl_scheduler_op(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	*copyback = true;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EINVAL;
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return put_weight(d, s->u.credit2.weight, s->u.credit2.cap);
	case XEN_DOMCTL_SCHEDOP_getinfo:
		s->u.credit2.weight = (uint16_t)sched_weight(d);
		s->u.credit2.cap = (uint16_t)sched_cap(d);
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

/* ---- TSC: the guest has the machine's ------------------------------------------------- */

enum { TSC_DEFAULT, TSC_ALWAYS_EMULATE, TSC_NEVER_EMULATE };

/* What would need each RDTSC to be emulated is refused. */
long domctl_settscinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_tsc_info *t = &op->u.tsc_info;

	(void)copyback;
	if (d == current_vcpu()->domain || t->tsc_mode > TSC_NEVER_EMULATE)
		return -XEN_EINVAL;
	if (t->tsc_mode == TSC_ALWAYS_EMULATE)
		return -XEN_EOPNOTSUPP;
	if (t->tsc_mode == TSC_DEFAULT && t->gtsc_khz && t->gtsc_khz != arch_tsc_khz())
		return -XEN_EOPNOTSUPP;
	d->tsc_mode = t->tsc_mode;
	d->tsc_incarnation = t->incarnation + 1;
	return 0;
}

static uint64_t tsc_to_ns(uint64_t tsc)
{
	uint32_t mul;
	int8_t shift;

	arch_tsc_scale(&mul, &shift);
	tsc = shift < 0 ? tsc >> -shift : tsc << shift;
	return (uint64_t)(((unsigned __int128)tsc * mul) >> 32);
}

long domctl_gettscinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_tsc_info *t = &op->u.tsc_info;

	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	memset(t, 0, sizeof(*t));
	t->tsc_mode = d->tsc_mode;
	t->incarnation = d->tsc_incarnation;
	if (t->tsc_mode == TSC_DEFAULT) {
		t->elapsed_nsec = tsc_to_ns(arch_tsc());
		t->gtsc_khz = (uint32_t)arch_tsc_khz();
	}
	*copyback = true;
	return 0;
}
