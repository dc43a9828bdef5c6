/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level ABI. First version: the names that other parts rely on. */
#pragma once

#include <hv/lock.h>
#include <hv/types.h>

struct domain;
struct vcpu;

struct evtchn_domain {
	spinlock_t lock;
	void *opaque;
};

int evtchn_domain_init(struct domain *d);
/** Closes every port; the far ends become unbound. Called when the domain dies. */
void evtchn_domain_destroy(struct domain *d);
/** Raises a per-vCPU virtual interrupt (VIRQ_TIMER, VIRQ_DEBUG) if it is bound. */
void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq);
/** Raises a global one (VIRQ_DOM_EXC, VIRQ_CONSOLE) at the domain that bound it (dom0). */
void evtchn_send_global_virq(unsigned virq);
/** Allocates an unbound port in ld for rd (domctl paths); port or -XEN_Exxx. */
int evtchn_alloc_unbound(struct domain *ld, domid_t remote);
/** True when port of d is pending (sched_op poll). */
bool evtchn_is_pending(struct domain *d, unsigned port);
/** Sets evtchn_upcall_pending of v and wakes it when it may run. */
void vcpu_mark_events_pending(struct vcpu *v);
/** Prints d's ports (debug key e). */
void evtchn_dump(struct domain *d);
