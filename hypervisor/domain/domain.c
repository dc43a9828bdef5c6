/* SPDX-License-Identifier: MIT */
/*
 * Domains: creation, shutdown, and the end in steps. What a module keeps for a domain it makes and
 * takes back itself; the order stands here.
 */
#include "domlist.h"

#include <stdarg.h>

#include <xen/domctl.h>
#include <xen/sched.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/cpuid.h>
#include <hv/diag.h>
#include <hv/domstate.h>
#include <hv/hypercall.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/time.h>
#include <hv/traps.h>

struct domain *dom0;
struct domain dom_xen = { .id = DOMID_XEN, .refs = 1 };
struct domain dom_io = { .id = DOMID_IO, .refs = 1 };

void domain_free(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		vcpu_free(d->vcpu[i]);
	cpuid_domain_free(d);
	xfree(d->memory_map);
	xfree(d->vcpu);
	xfree(d);
}

static void init_fields(struct domain *d, domid_t id, const struct xen_domctl_createdomain *cfg,
			bool control)
{
	static uint64_t last_unique_id;

	d->id = id;
	d->unique_id = __atomic_add_fetch(&last_unique_id, 1, __ATOMIC_RELAXED);
	d->control = control;
	d->io_all_ports = control;
	d->refs = 1;
	d->max_vcpus = cfg->max_vcpus;
	d->create_flags = cfg->flags;
	d->iommu_opts = cfg->iommu_opts;
	memcpy(d->handle, cfg->handle, sizeof(d->handle));
	spin_init(&d->shutdown_lock, "shutdown");
	life_init(&d->life);
	d->pause_count = 1;
}

struct domain *domain_create(domid_t id, const struct xen_domctl_createdomain *cfg, bool control,
			     int *err)
{
	struct domain *d = xmalloc(sizeof(*d));
	struct budget b = { HYPERCALL_BUDGET };

	*err = -XEN_ENOMEM;
	if (!d)
		return NULL;
	init_fields(d, id, cfg, control);
	d->vcpu = xmalloc(cfg->max_vcpus * sizeof(*d->vcpu));
	d->shared_info = hv_pages_alloc(0);
	if (!d->vcpu || !d->shared_info)
		goto free_parts;
	domain_mm_init(d);
	sched_domain_init(d);
	*err = domlist_take_id(d);
	if (*err)
		goto free_parts;
	*err = evtchn_domain_init(d);
	if (*err)
		goto free_id;
	if (cfg->max_evtchn_port)
		evtchn_set_limit(d, cfg->max_evtchn_port);
	*err = grant_domain_init(d, cfg->max_grant_frames, cfg->max_maptrack_frames);
	if (*err)
		goto destroy_evtchn;

	/* Nothing below can fail. */
	frame_share(d, d->shared_info, false);
	time_update_wallclock(d);
	domlist_add(d);
	domstate_changed(id);
	return d;

destroy_evtchn:
	evtchn_domain_destroy(d, &b);	/* no port is in use: that takes little */
free_id:
	domlist_give_back_id(d);
free_parts:
	if (d->shared_info)
		hv_pages_free(d->shared_info, 0);
	xfree(d->vcpu);
	xfree(d);
	return NULL;
}

/* ---- holds, shutdown ----------------------------------------------------------------- */

int domain_hold(struct domain *d)
{
	int rc;

	spin_lock(&d->shutdown_lock);
	rc = life_hold(&d->life);
	spin_unlock(&d->shutdown_lock);
	if (!rc)
		domain_pause(d);
	return rc;
}

int domain_release(struct domain *d)
{
	int rc;

	spin_lock(&d->shutdown_lock);
	rc = life_release(&d->life);
	spin_unlock(&d->shutdown_lock);
	if (!rc)
		domain_unpause(d);
	return rc;
}

/* dom0's end is the machine's. */
static void machine_end(unsigned code) __noreturn;
static void machine_end(unsigned code)
{
	switch (code) {
	case SHUTDOWN_poweroff:
		log_info("Hardware Dom0 halted: halting machine");
		arch_machine_poweroff();
	case SHUTDOWN_crash:
		log_err("Hardware Dom0 crashed: rebooting machine in 5 seconds");
		panic("Dom0 crashed");
	case SHUTDOWN_reboot:
		log_info("Hardware Dom0 shutdown: rebooting machine");
		break;
	case SHUTDOWN_watchdog:
		log_info("Hardware Dom0 shutdown: watchdog rebooting machine");
		break;
	default:
		log_info("Hardware Dom0 shutdown (unknown reason %u): rebooting machine", code);
		break;
	}
	arch_machine_reboot();
}

void domain_shutdown(struct domain *d, unsigned code)
{
	bool begun, done = false;

	spin_lock(&d->shutdown_lock);
	begun = life_shutdown(&d->life, code);
	spin_unlock(&d->shutdown_lock);
	if (!begun)
		return;
	if (d == dom0)
		machine_end(d->life.code);
	/* A vCPU on another CPU may still be on its way out: who looks at it waits for that. */
	domain_pause_nowait(d);

	spin_lock(&d->shutdown_lock);
	done = life_stopped(&d->life);
	spin_unlock(&d->shutdown_lock);
	if (done) {
		domstate_changed(d->id);
		evtchn_send_global_virq(VIRQ_DOM_EXC);
	}
}

void domain_resume(struct domain *d)
{
	bool undone;

	spin_lock(&d->shutdown_lock);
	undone = life_resume(&d->life);
	spin_unlock(&d->shutdown_lock);
	if (undone)
		domain_unpause(d);
}

int domain_crash(struct domain *d, const char *fmt, ...)
{
	(void)fmt;
	if (d->life.state == LIFE_ALIVE) {
		va_list args;

		va_start(args, fmt);
		log_domain_crash(d, fmt, args);
		va_end(args);
	}
	domain_shutdown(d, SHUTDOWN_crash);
	return -XEN_EFAULT;
}

/* ---- the end ---------------------------------------------------------------------------- */

enum destroy_stage {
	DESTROY_BEGIN,
	DESTROY_PORTS,
	DESTROY_MAPS,		/* what it has mapped of others */
	DESTROY_VCPUS,
	DESTROY_GRANTS,
	DESTROY_SHARED_INFO,
	DESTROY_MEMORY,
	DESTROY_END,
};

static int destroy_vcpus(struct domain *d, struct budget *b)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		int rc = d->vcpu[i] ? vcpu_kill(d->vcpu[i], b) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Who goes through all domains under the lock sees it or does not. It goes before the domain's memory
 * does: then whoever maps it last frees it, and nobody else.
 */
static void forget_shared_info(struct domain *d)
{
	shared_info_t *page;

	spin_lock(&domlist_lock);
	page = d->shared_info;
	d->shared_info = NULL;
	spin_unlock(&domlist_lock);
	frame_unshare(page);
}

static int destroy_step(struct domain *d, struct budget *b)
{
	switch ((enum destroy_stage)d->destroy_stage) {
	case DESTROY_BEGIN:
		domain_pause(d);
		sched_domain_destroy(d);
		return 0;
	case DESTROY_PORTS:
		return evtchn_domain_destroy(d, b);
	case DESTROY_MAPS:
		return grant_domain_release_maps(d, b);
	case DESTROY_VCPUS:
		return destroy_vcpus(d, b);
	case DESTROY_GRANTS:
		return grant_domain_destroy(d, b);
	case DESTROY_SHARED_INFO:
		forget_shared_info(d);
		return 0;
	case DESTROY_MEMORY:
		return domain_mm_relinquish(d, b);
	case DESTROY_END:
		break;
	}
	return 0;
}

int domain_kill(struct domain *d, struct budget *b)
{
	bool gone;

	if (d == dom0 || d == current_vcpu()->domain)
		return -XEN_EINVAL;
	spin_lock(&d->shutdown_lock);
	life_kill(&d->life);
	gone = d->life.state == LIFE_DEAD;
	spin_unlock(&d->shutdown_lock);
	if (gone)
		return 0;
	while (d->destroy_stage < DESTROY_END) {
		int rc = destroy_step(d, b);

		if (rc)
			return rc;
		d->destroy_stage++;
	}
	spin_lock(&d->shutdown_lock);
	life_gone(&d->life);
	spin_unlock(&d->shutdown_lock);
	domstate_changed(d->id);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	domain_put(d);		/* the reference that it was created with */
	return 0;
}
