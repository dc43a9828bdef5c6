/* SPDX-License-Identifier: MIT */
/*
 * A domain: a guest and all it owns.
 *
 * Its life is drawn in hv/lifecycle.h. Whoever looks one up holds a reference until
 * domain_put(); a dying domain keeps its structure until the last reference, and its id is not
 * used again before.
 */
#pragma once

#include <hv/evtchn.h>
#include <hv/grant.h>
#include <hv/lifecycle.h>
#include <hv/lock.h>
#include <hv/mm.h>
#include <hv/tlb.h>
#include <hv/types.h>
#include <hv/vcpu.h>

struct xen_domctl_createdomain;
struct memmap_entry;

#define MAX_VCPUS 128

/* What vm_assist() may switch on for a 64-bit PV guest. */
#define VM_ASSIST_VALID                                                                  \
	(1u << VMASST_TYPE_4gb_segments | 1u << VMASST_TYPE_4gb_segments_notify |         \
	 1u << VMASST_TYPE_writable_pagetables | 1u << VMASST_TYPE_pae_extended_cr3 |     \
	 1u << VMASST_TYPE_runstate_update_flag)

struct domain {
	domid_t id;
	bool control;			/* may issue domctl and sysctl: dom0 */
	bool listed;			/* domain_get() finds it; domlist lock */
	uint32_t refs;			/* atomic; found, and gone, with the domlist lock */
	struct domain *next;		/* list of all, by id; domlist lock */
	xen_domain_handle_t handle;	/* UUID */
	uint64_t unique_id;		/* unlike id, never given out again */
	shared_info_t *shared_info;	/* a page of the hypervisor's, shared with the guest */
	struct vcpu **vcpu;		/* max_vcpus entries, NULL: not allocated */
	uint32_t max_vcpus;

	struct domain_mm mm;
	struct evtchn_domain evtchn;
	struct grant_domain grants;

	/* shutdown lock must be held for these */
	spinlock_t shutdown_lock;
	struct life life;		/* alive, shut down with a code, dying, dead; holds */
	uint32_t destroy_stage;		/* how far domain_kill() has come */

	/* the control domain's */
	volatile uint32_t pause_count;	/* by the hypervisor and by control */
	uint32_t create_flags;		/* XEN_DOMCTL_CDF_* */
	uint32_t iommu_opts;
	uint64_t time_offset_s;
	uint32_t tsc_mode, tsc_incarnation;
	bool log_dirty;			/* it is asked which pages were written to */
	struct memmap_entry *memory_map;	/* memory_op set_memory_map; NULL: a default */
	uint32_t memory_map_n;
	void *cpu_policy;		/* CPUID leaves set by the toolstack; NULL: default */
	struct sched_domain sched;
	struct timer watchdog_timer[2];
	uint32_t watchdog_inuse;
	/* I/O ports: dom0 is granted all but those in use by the hypervisor */
	bool io_all_ports;
};

/** True when nothing keeps it from running. */
static inline bool vcpu_runnable(const struct vcpu *v)
{
	return !(v->pause_flags | v->pause_count | v->domain->pause_count);
}

/** True for the vCPU that a CPU runs when it has nothing to run. */
static inline bool vcpu_is_idle(const struct vcpu *v)
{
	return v->domain->id == DOMID_IDLE;
}

/** True for a domain that may issue control operations (dom0). */
static inline bool domain_is_control(const struct domain *d)
{
	return d->control;
}

/** The domain with this id, with a reference; NULL when there is none (or it is dead). */
struct domain *domain_get(domid_t id);
/** The domain with the lowest id from `from` on, with a reference; NULL when there is none. */
struct domain *domain_get_from(domid_t from);
void domain_put(struct domain *d);
/** One more reference of a domain that stays meanwhile: it is the caller, or there is one. */
static inline struct domain *domain_ref(struct domain *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}
/** The domain that frames with this owner belong to: they keep it, so no lock and no reference. */
struct domain *domain_by_owner(domid_t id);
/** For hypercalls: DOMID_SELF or an id, control needed for others; NULL: no such domain
 *  or not allowed (*err = -XEN_ESRCH / -XEN_EPERM). */
struct domain *domain_get_target(domid_t id, int *err);

/** Creates a domain with no vCPU, paused once. NULL and *err: -XEN_ENOMEM, -XEN_EEXIST. */
struct domain *domain_create(domid_t id, const struct xen_domctl_createdomain *cfg,
			     bool control, int *err);
/** Allocates vCPU id of d: 0 or -XEN_Exxx. */
int vcpu_create(struct domain *d, unsigned id);
/** Gives back what a vCPU's own frames and timers hold: 0, or -XEN_ERESTART. */
int vcpu_kill(struct vcpu *v, struct budget *b);
/** Gives back the structure itself; v may be NULL. */
void vcpu_free(struct vcpu *v);
/** Starts a domain's end; 0 when all is given back, -XEN_ERESTART: call again. */
int domain_kill(struct domain *d, struct budget *b);

/** Pauses until domain_unpause(); counts. Waits until none of its vCPUs is on a CPU, but for the
 *  caller's own, which goes on its way out. No lock may be held that anybody waits for. */
void domain_pause(struct domain *d);
/** The same without waiting. */
void domain_pause_nowait(struct domain *d);
void domain_unpause(struct domain *d);
/** The same of one vCPU. */
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/** Waits until no CPU looks at v any more that has run it; v may not run, and its domain ends. */
void vcpu_wait_let_go(const struct vcpu *v);

/** The guest shut down, with a SHUTDOWN_* code: all vCPUs stop, VIRQ_DOM_EXC. */
void domain_shutdown(struct domain *d, unsigned code);
/** Undoes a shutdown (cancelled suspend, resumedomain). */
void domain_resume(struct domain *d);
/** The control domain holds it once more, or releases it: 0 or -XEN_Exxx (life_hold()). */
int domain_hold(struct domain *d);
int domain_release(struct domain *d);
/** The guest is past saving: says why in the log and shuts it down as crashed.
 *  Returns -XEN_EFAULT for use in `return domain_crash(...)`. */
int domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

/** Sets the context of a vCPU from the ABI's structure (setvcpucontext, VCPUOP_initialise).
 *  0, -XEN_EINVAL, -XEN_ERESTART. */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c, struct budget *b);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);
/** Registers the guest's own vcpu_info area (VCPUOP_register_vcpu_info). */
int vcpu_register_info(struct vcpu *v, mfn_t m, uint32_t offset);

/** Adds the CPU that runs v, if it runs. */
static inline void vcpu_add_cpu(const struct vcpu *v, cpumask_t *cpus)
{
	if (v->running)
		cpumask_add(cpus, READ_ONCE(v->processor));
}

/** The CPUs that run vCPUs of d: those that may use translations that were changed before the call.
 *  Any other flushes before it runs one. */
static inline void domain_cpus(const struct domain *d, cpumask_t *cpus)
{
	cpumask_clear(cpus);
	/* An entry is written, then this is read; a CPU is set to run, then reads entries. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_add_cpu(d->vcpu[i], cpus);
}

/** Flushes the whole TLB of those; d is the caller's own domain. */
static inline void domain_flush(const struct domain *d)
{
	cpumask_t cpus;

	if (likely(d->max_vcpus == 1)) {
		tlb_flush_local();
		return;
	}
	domain_cpus(d, &cpus);
	tlb_flush(&cpus);
}

extern struct domain *domain_list;	/* by id; domlist_lock */
extern spinlock_t domlist_lock;
extern struct domain *dom0;
/** Owners that are no domains, for frames: the hypervisor's (M2P) and I/O memory. */
extern struct domain dom_xen, dom_io;
extern struct vcpu *idle_vcpu[];
