/* SPDX-License-Identifier: MIT */
/*
 * Event channels. A domain begins with the 2-level ABI: 4096 ports, a pending and a
 * mask bit for each in shared_info; it may go over to the FIFO ABI (hv/evtchn_fifo.h).
 * A port's life:
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

#define EVTCHN_PORTS	   131072u	/* with the FIFO ABI */
#define EVTCHN_PORTS_2L	   4096u
#define EVTCHN_BUCKET	   64u		/* ports whose state is allocated together */
#define EVTCHN_GROUP	   4096u	/* ports whose buckets are found by one table */
#define EVTCHN_BUCKETS	   (EVTCHN_GROUP / EVTCHN_BUCKET)	/* of a group */
#define EVTCHN_GROUPS	   (EVTCHN_PORTS / EVTCHN_GROUP)
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
	uint8_t priority;		/* FIFO: its queue from the next event on */
	bool waiting;			/* FIFO: raised before its event word was there */
	uint32_t remote_port;		/* INTERDOMAIN */
	uint16_t last_vcpu;		/* FIFO: where it was queued last, kept when it is closed */
	uint8_t last_priority;
	struct evtchn_domain *remote;	/* INTERDOMAIN, else NULL */
};

_Static_assert(sizeof(struct evtchn) == 24, "a bucket is 1.5 KiB");

struct evtchn_group {
	uint64_t used[EVTCHN_BUCKETS];	/* bit p % 64 of word p / 64: port p is not FREE */
	struct evtchn *bucket[EVTCHN_BUCKETS];	/* NULL: no port of it was ever used */
};

struct evtchn_domain {
	spinlock_t lock;		/* guards all but pollers */
	domid_t id;
	bool closed;			/* the domain dies: no new ports */
	uint32_t max_ports;		/* ports below this may be used, if the ABI has them */
	uint32_t full_below;		/* every port below is in use; the first of a bucket */
	uint32_t look_from;		/* where a look for a free port goes on; 1: from the beginning */
	volatile uint32_t pollers;	/* vCPUs in sched_op poll; atomic */
	struct evtchn_fifo *fifo;	/* NULL: the 2-level ABI */
	struct evtchn_group low;
	/* The groups above: NULL until a port of them is needed, there until the domain dies. */
	struct evtchn_group *high[EVTCHN_GROUPS - 1];
};

/* ---- decisions (core/evtchn.c); the caller holds the lock(s) ------------------- */

void evtchn_core_init(struct evtchn_domain *e, domid_t id);
/**
 * Lowest free port, or -XEN_ENOSPC, -XEN_EINVAL when the domain dies; -XEN_ERESTART: the look goes on with
 * the next call. Takes nothing yet.
 */
int evtchn_core_find_free(struct evtchn_domain *e, struct budget *b);
/** The lowest port at or above from that is in use, EVTCHN_PORTS when there is none. */
unsigned evtchn_core_next_used(const struct evtchn_domain *e, unsigned from);
/** How many bytes evtchn_core_add() wants next before port can be taken; 0: port is ready. */
size_t evtchn_core_wants(const struct evtchn_domain *e, unsigned port);
/** Gives what evtchn_core_wants() asked for, zeroed: a group's table, or a bucket. */
void evtchn_core_add(struct evtchn_domain *e, unsigned port, void *zeroed);
/** The group that holds port < EVTCHN_PORTS, or NULL when none of its ports was ever used. */
static inline struct evtchn_group *evtchn_core_group(const struct evtchn_domain *e, unsigned port)
{
	if (likely(port < EVTCHN_GROUP))
		return (struct evtchn_group *)&e->low;
	return e->high[index_clamp(port / EVTCHN_GROUP - 1, EVTCHN_GROUPS - 1)];
}
/** The channel, or NULL for a port that was never used or is out of range. */
static inline struct evtchn *evtchn_core_channel(const struct evtchn_domain *e, uint64_t port)
{
	const struct evtchn_group *g = &e->low;
	struct evtchn *bucket;

	if (unlikely(port >= EVTCHN_GROUP)) {
		if (port >= EVTCHN_PORTS)
			return NULL;
		g = evtchn_core_group(e, (unsigned)port);
		if (!g)
			return NULL;
		port %= EVTCHN_GROUP;
	}
	port = index_clamp(port, EVTCHN_GROUP);
	bucket = g->bucket[port / EVTCHN_BUCKET];
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
/** No port above max_port may be used (createdomain's max_evtchn_port); default: all. */
void evtchn_set_limit(struct domain *d, uint32_t max_port);
/** Closes every port; the far ends become unbound. When the domain dies, in steps: 0 or -XEN_ERESTART. */
int evtchn_domain_destroy(struct domain *d, struct budget *b);
/**
 * These return a port or -XEN_Exxx; -XEN_ERESTART when the hypercall's budget is spent. The first
 * is for ports that others will bind.
 */
int evtchn_alloc_unbound(struct domain *ld, domid_t remote);
int evtchn_bind_interdomain(struct domain *ld, struct domain *rd, uint32_t rport);
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu);
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int evtchn_close(struct domain *d, uint32_t port);
int evtchn_send(struct domain *d, uint32_t port);
int evtchn_unmask(struct domain *d, uint32_t port);
int evtchn_status(struct domain *d, struct evtchn_status *s);
/**
 * Closes all ports of d, which has the 2-level ABI again; 0, -XEN_ERESTART when the
 * budget is spent, -XEN_EAGAIN when a port was bound meanwhile.
 */
int evtchn_reset(struct domain *d, struct budget *b);
/** Sends a global VIRQ to d from now on (domctl set_virq_handler), instead of to dom0. */
int evtchn_set_virq_handler(struct domain *d, uint32_t virq);
/** Whether d is who a global VIRQ is sent to. */
bool evtchn_is_virq_handler(const struct domain *d, unsigned virq);
/** d dies: its global VIRQs go to dom0 again. */
void evtchn_forget_virq_handler(struct domain *d);
/** Prints d's ports (debug key e). */
void evtchn_dump(struct domain *d);

/* ---- delivery (domain/upcall.c) ---------------------------------------------------- */

/** Raises a per-vCPU virtual interrupt (VIRQ_TIMER, VIRQ_DEBUG) if it is bound. */
void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq);
/** Raises a global one (VIRQ_DOM_EXC, VIRQ_CONSOLE) at the domain that bound it (dom0). */
void evtchn_send_global_virq(unsigned virq);
/** True when the port's bit of the 2-level ABI is set, whichever ABI the domain has. */
bool evtchn_2l_pending(const struct domain *d, unsigned port);
/** True when port of d is pending (sched_op poll); false for a port out of range. */
bool evtchn_is_pending(struct domain *d, unsigned port);
/** The same under the domain's lock. */
bool evtchn_port_pending(const struct domain *d, unsigned port);
/** Wakes the vCPUs of d that poll for port. */
void evtchn_wake_pollers(struct domain *d, unsigned port);
/** Sets a port in use pending, and tells its vCPU unless it is masked. */
void evtchn_set_pending(struct domain *d, unsigned port);
/** An event of before is forgotten: whoever gets the port next must not see it. Locked. */
void evtchn_clear_pending(struct domain *d, unsigned port);
/** Sets evtchn_upcall_pending of v and wakes it when it blocks or polls. */
void vcpu_mark_events_pending(struct vcpu *v);
/**
 * sched_op poll: v waits for port (0: for any of several). After begin, look at the
 * ports once more before blocking; an event on one calls vcpu_wake(). end is harmless
 * when v does not poll, and must be called when v runs again for whatever reason.
 */
void vcpu_poll_begin(struct vcpu *v, unsigned port);
void vcpu_poll_end(struct vcpu *v);
