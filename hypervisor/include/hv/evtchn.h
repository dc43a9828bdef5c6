/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level ABI: 4096 ports a domain, a pending and a mask bit for
 * each in shared_info. A port's life:
 *
 *            alloc_unbound            the other end binds
 *      FREE ---------------> UNBOUND <-------------------> INTERDOMAIN
 *       ^ \                     |    the other end closes       |
 *       |  \ bind_virq, _ipi    |                               |
 *       |   `-> VIRQ, IPI       |                               |
 *       `----------- close -----+-------------------------------'
 *
 * Two layers: core/evtchn.c decides on struct evtchn_domain alone, the caller holds
 * its lock; domain/evtchn.c takes locks, allocates, and delivers (domain/upcall.c).
 * Both ends of an INTERDOMAIN pair change only with both domains' locks held, the
 * lower id's first; so the lock of either is enough to follow it. Port 0 is never used.
 */
#pragma once

#include <hv/lock.h>
#include <hv/types.h>
#include <xen/event_channel.h>

struct budget;
struct domain;
struct vcpu;

#define EVTCHN_PORTS	   4096u
#define EVTCHN_BUCKET	   64u		/* ports whose state is allocated together */
#define EVTCHN_BUCKETS	   (EVTCHN_PORTS / EVTCHN_BUCKET)
#define EVTCHN_VIRQS	   24u		/* as many as the ABI has (NR_VIRQS) */

enum evtchn_state {		/* values as EVTCHNSTAT_* */
	EVTCHN_FREE = EVTCHNSTAT_closed,
	EVTCHN_UNBOUND = EVTCHNSTAT_unbound,
	EVTCHN_INTERDOMAIN = EVTCHNSTAT_interdomain,
	EVTCHN_VIRQ = EVTCHNSTAT_virq,
	EVTCHN_IPI = EVTCHNSTAT_ipi,
};

struct evtchn {
	uint8_t state;			/* enum evtchn_state */
	uint8_t virq;			/* VIRQ */
	uint16_t vcpu;			/* who is told; read without lock by senders */
	domid_t remote_dom;		/* UNBOUND: who may bind; INTERDOMAIN: the other end */
	uint16_t remote_port;		/* INTERDOMAIN */
	struct evtchn_domain *remote;	/* INTERDOMAIN, else NULL */
};

_Static_assert(sizeof(struct evtchn) == 16, "a bucket is 1 KiB");

struct evtchn_domain {
	spinlock_t lock;		/* guards all but pollers */
	domid_t id;
	bool closed;			/* the domain dies: no new ports */
	uint32_t max_ports;		/* ports below this may be used */
	volatile uint32_t pollers;	/* vCPUs in sched_op poll; atomic */
	uint64_t full;			/* bit b: every port of bucket b is taken */
	uint64_t used[EVTCHN_BUCKETS];	/* bit p % 64 of word p / 64: port p is not FREE */
	struct evtchn *bucket[EVTCHN_BUCKETS];	/* NULL: no port of it was ever used */
};

/* ---- decisions (core/evtchn.c); the caller holds the lock(s) ------------------- */

void evtchn_core_init(struct evtchn_domain *e, domid_t id);
/** Lowest free port, or -XEN_ENOSPC, -XEN_EINVAL when the domain dies. Takes nothing yet. */
int evtchn_core_find_free(const struct evtchn_domain *e);
/** True when evtchn_core_add_bucket() must come before port is taken. */
bool evtchn_core_wants_bucket(const struct evtchn_domain *e, unsigned port);
/** bucket: EVTCHN_BUCKET zeroed entries. */
void evtchn_core_add_bucket(struct evtchn_domain *e, unsigned port, struct evtchn *bucket);
/** The channel, or NULL for a port that was never used or is out of range. */
static inline struct evtchn *evtchn_core_channel(const struct evtchn_domain *e, uint64_t port)
{
	if (unlikely(port >= EVTCHN_PORTS))
		return NULL;
	port = index_clamp(port, EVTCHN_PORTS);
	struct evtchn *bucket = e->bucket[port / EVTCHN_BUCKET];

	return bucket ? &bucket[port % EVTCHN_BUCKET] : NULL;
}

/* These take a port that evtchn_core_find_free() returned and that has its bucket. */
void evtchn_core_take_unbound(struct evtchn_domain *e, unsigned port, domid_t remote);
void evtchn_core_take_ipi(struct evtchn_domain *e, unsigned port, unsigned vcpu);
void evtchn_core_take_virq(struct evtchn_domain *e, unsigned port, unsigned virq, unsigned vcpu);
/** Joins lport to rport of r: 0, or -XEN_EINVAL when that does not wait for e's domain. */
int evtchn_core_take_interdomain(struct evtchn_domain *e, unsigned lport,
				 struct evtchn_domain *r, uint64_t rport);
/** Frees the port, which is not FREE; the other end of a pair becomes UNBOUND, for e's domain. */
void evtchn_core_close(struct evtchn_domain *e, unsigned port);
/** Changes who is told: 0, or -XEN_EINVAL for a port that is bound to its vCPU for good. */
int evtchn_core_bind_vcpu(struct evtchn_domain *e, uint64_t port, unsigned vcpu);
/** Fills all but dom and port of a status request: 0, or -XEN_EINVAL. */
int evtchn_core_status(const struct evtchn_domain *e, struct evtchn_status *s);
/** True for a VIRQ that a domain has once, not once for each vCPU. */
bool virq_is_global(unsigned virq);
/** Whole-state check of one domain: NULL, or what is wrong. */
const char *evtchn_core_check(const struct evtchn_domain *e);

/* ---- operations (domain/evtchn.c) ------------------------------------------------ */

int evtchn_domain_init(struct domain *d);
/** No port above max_port may be used (createdomain's max_evtchn_port); default: all 4096. */
void evtchn_set_limit(struct domain *d, uint32_t max_port);
/** Closes every port; the far ends become unbound. Called when the domain dies. */
void evtchn_domain_destroy(struct domain *d);
/** Allocates an unbound port in ld for rd (domctl paths); port or -XEN_Exxx. */
int evtchn_alloc_unbound(struct domain *ld, domid_t remote);
int evtchn_bind_interdomain(struct domain *ld, struct domain *rd, uint32_t rport);
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu);
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int evtchn_close(struct domain *d, uint32_t port);
int evtchn_send(struct domain *d, uint32_t port);
int evtchn_unmask(struct domain *d, uint32_t port);
int evtchn_status(struct domain *d, struct evtchn_status *s);
/** Closes all ports of d; 0 or -XEN_ERESTART when the budget is spent. */
int evtchn_reset(struct domain *d, struct budget *b);
/** Sends a global VIRQ to d from now on (domctl set_virq_handler), instead of to dom0. */
int evtchn_set_virq_handler(struct domain *d, uint32_t virq);
/** d dies: its global VIRQs go to dom0 again. */
void evtchn_forget_virq_handler(struct domain *d);
/** Prints d's ports (debug key e). */
void evtchn_dump(struct domain *d);

/* ---- delivery (domain/upcall.c) ---------------------------------------------------- */

/** Raises a per-vCPU virtual interrupt (VIRQ_TIMER, VIRQ_DEBUG) if it is bound. */
void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq);
/** Raises a global one (VIRQ_DOM_EXC, VIRQ_CONSOLE) at the domain that bound it (dom0). */
void evtchn_send_global_virq(unsigned virq);
/** True when port of d is pending (sched_op poll); false for a port out of range. */
bool evtchn_is_pending(struct domain *d, unsigned port);
/** Sets a port pending, and tells vCPU `vcpu` of it unless it is masked. */
void evtchn_set_pending(struct domain *d, unsigned port, unsigned vcpu);
/** Sets evtchn_upcall_pending of v and wakes it when it blocks or polls. */
void vcpu_mark_events_pending(struct vcpu *v);
/**
 * sched_op poll: v waits for port (0: for any of several). After begin, look at the
 * ports once more before blocking; an event on one calls vcpu_wake(). end is harmless
 * when v does not poll, and must be called when v runs again for whatever reason.
 */
void vcpu_poll_begin(struct vcpu *v, unsigned port);
void vcpu_poll_end(struct vcpu *v);
