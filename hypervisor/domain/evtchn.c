// SPDX-License-Identifier: MIT
/*
 * Operations on event channels: locks around the decisions of core/evtchn.c,
 * buckets on demand, and the bits in shared_info that go with a port.
 *
 * Locks: the domain's evtchn.lock; two of them, the lower domain id first. Under it
 * only the heap's and the scheduler's locks are taken.
 */
#include <hv/evtchn.h>

#include <hv/alloc.h>
#include <hv/budget.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/evtchn_fifo.h>
#include <hv/log.h>

static struct vcpu *vcpu_of(const struct domain *d, uint32_t id)
{
	return id < d->max_vcpus ? d->vcpu[index_clamp(id, d->max_vcpus)] : NULL;
}

static void lock_both(struct evtchn_domain *a, struct evtchn_domain *b)
{
	if (b->id < a->id) {
		struct evtchn_domain *swap = a;

		a = b;
		b = swap;
	}
	spin_lock(&a->lock);
	if (a != b)
		spin_lock(&b->lock);
}

static void unlock_both(struct evtchn_domain *a, struct evtchn_domain *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* A free port with its bucket, or -XEN_Exxx. The lock is held. */
static int new_port(struct evtchn_domain *e)
{
	int port = evtchn_core_find_free(e, current_budget());

	while (port >= 0 && unlikely(!evtchn_core_channel(e, (unsigned)port))) {
		void *more = xmalloc(evtchn_core_wants(e, (unsigned)port));

		if (!more)
			return -XEN_ENOMEM;
		evtchn_core_add(e, (unsigned)port, more);
	}
	return port;
}

int evtchn_domain_init(struct domain *d)
{
	evtchn_core_init(&d->evtchn, d->id);
	/* Every domain uses some port: the first bucket makes the low ports known. */
	void *bucket = xmalloc(evtchn_core_wants(&d->evtchn, 1));

	if (!bucket)
		return -XEN_ENOMEM;
	evtchn_core_add(&d->evtchn, 1, bucket);
	return 0;
}

void evtchn_set_limit(struct domain *d, uint32_t max_port)
{
	d->evtchn.max_ports = max_port < EVTCHN_PORTS ? max_port + 1 : EVTCHN_PORTS;
}

int evtchn_alloc_unbound(struct domain *ld, domid_t remote)
{
	struct evtchn_domain *e = &ld->evtchn;

	spin_lock(&e->lock);
	int port = new_port(e);

	if (port >= 0)
		evtchn_core_take_unbound(e, (unsigned)port, remote);
	spin_unlock(&e->lock);
	return port;
}

int evtchn_bind_interdomain(struct domain *ld, struct domain *rd, uint32_t rport)
{
	lock_both(&ld->evtchn, &rd->evtchn);
	int lport = new_port(&ld->evtchn);

	if (lport >= 0) {
		int err = evtchn_core_take_interdomain(&ld->evtchn, (unsigned)lport,
						       &rd->evtchn, rport);

		if (err)
			lport = err;
		else	/* what was sent while the port was unbound went nowhere */
			evtchn_set_pending(ld, (unsigned)lport);
	}
	unlock_both(&ld->evtchn, &rd->evtchn);
	return lport;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu)
{
	struct evtchn_domain *e = &d->evtchn;

	if (virq >= EVTCHN_VIRQS)
		return -XEN_EINVAL;
	virq = (uint32_t)index_clamp(virq, EVTCHN_VIRQS);
	if (virq_is_global(virq) && vcpu != 0)
		return -XEN_EINVAL;
	struct vcpu *v = vcpu_of(d, vcpu);

	if (!v)
		return -XEN_ENOENT;

	spin_lock(&e->lock);
	int port = v->virq_port[virq] ? -XEN_EEXIST : new_port(e);

	if (port >= 0) {
		evtchn_core_take_virq(e, (unsigned)port, virq, vcpu);
		WRITE_ONCE(v->virq_port[virq], (uint32_t)port);
	}
	spin_unlock(&e->lock);
	return port;
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu)
{
	struct evtchn_domain *e = &d->evtchn;

	if (!vcpu_of(d, vcpu))
		return -XEN_ENOENT;
	spin_lock(&e->lock);
	int port = new_port(e);

	if (port >= 0)
		evtchn_core_take_ipi(e, (unsigned)port, vcpu);
	spin_unlock(&e->lock);
	return port;
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	if (!vcpu_of(d, vcpu))
		return -XEN_ENOENT;
	spin_lock(&d->evtchn.lock);
	int err = evtchn_core_bind_vcpu(&d->evtchn, port, vcpu);

	spin_unlock(&d->evtchn.lock);
	return err;
}

/* The port is not FREE; its lock is held, and the far end's if it has one. */
static void close_locked(struct domain *d, unsigned port)
{
	const struct evtchn *c = evtchn_core_channel(&d->evtchn, port);

	if (c->state == EVTCHN_VIRQ) {
		struct vcpu *v = vcpu_of(d, virq_is_global(c->virq) ? 0 : c->vcpu);

		if (v)
			WRITE_ONCE(v->virq_port[c->virq], 0);
	}
	evtchn_clear_pending(d, port);
	evtchn_core_close(&d->evtchn, port);
}

#define OTHER_LOCK_TOO 1

/*
 * The lock of e is held, and far's. 0; -XEN_EINVAL when the port is not in use; or OTHER_LOCK_TOO and
 * the domain at the other end, with a reference: the pair keeps it only as long as we hold the lock.
 */
static inline int close_if_held(struct domain *d, const struct evtchn_domain *far, uint32_t port,
				struct domain **other)
{
	struct evtchn_domain *e = &d->evtchn;
	const struct evtchn *c = evtchn_core_channel(e, port);

	if (unlikely(!c || c->state == EVTCHN_FREE))
		return -XEN_EINVAL;
	if (unlikely(c->remote && c->remote != e && c->remote != far)) {
		*other = domain_ref(container_of(c->remote, struct domain, evtchn));
		return OTHER_LOCK_TOO;
	}
	close_locked(d, port);
	return 0;
}

/* The far end's lock may come first: lock both and look again, which may find yet another there. */
static __attribute__((noinline)) int close_pair(struct domain *d, uint32_t port, struct domain *other)
{
	int err;

	do {
		struct domain *held = other;

		lock_both(&d->evtchn, &held->evtchn);
		err = close_if_held(d, &held->evtchn, port, &other);
		unlock_both(&d->evtchn, &held->evtchn);
		domain_put(held);
	} while (err == OTHER_LOCK_TOO);
	return err;
}

/* Returns 0 or -XEN_EINVAL when the port is not in use. */
static int close_port(struct domain *d, uint32_t port)
{
	struct domain *other;
	int err;

	spin_lock(&d->evtchn.lock);
	err = close_if_held(d, &d->evtchn, port, &other);
	spin_unlock(&d->evtchn.lock);
	return likely(err != OTHER_LOCK_TOO) ? err : close_pair(d, port, other);
}

int evtchn_close(struct domain *d, uint32_t port)
{
	return close_port(d, port);
}

int evtchn_status(struct domain *d, struct evtchn_status *s)
{
	spin_lock(&d->evtchn.lock);
	int err = evtchn_core_status(&d->evtchn, s);

	spin_unlock(&d->evtchn.lock);
	return err;
}

/* The FIFO ABI ends, with no port in use. */
static int leave_fifo(struct domain *d)
{
	struct evtchn_domain *e = &d->evtchn;
	struct evtchn_fifo *f = NULL;
	int err = 0;

	spin_lock(&e->lock);
	if (evtchn_core_next_used(e, 1) < EVTCHN_PORTS) {
		err = -XEN_EAGAIN;
	} else {
		f = e->fifo;
		e->fifo = NULL;
	}
	spin_unlock(&e->lock);
	if (f)
		evtchn_fifo_free(f);
	return err;
}

/* With the lock: the domain may end meanwhile, and give its groups of ports back. */
static unsigned next_used(struct evtchn_domain *e, unsigned from)
{
	unsigned port;

	spin_lock(&e->lock);
	port = evtchn_core_next_used(e, from);
	spin_unlock(&e->lock);
	return port;
}

int evtchn_reset(struct domain *d, struct budget *b)
{
	struct evtchn_domain *e = &d->evtchn;

	for (unsigned port = 1; (port = next_used(e, port)) < EVTCHN_PORTS; port++) {
		if (!budget_take(b))
			return -XEN_ERESTART;
		close_port(d, port);
	}
	return leave_fifo(d);
}

#define GROUP_COST 8

static int free_group(struct evtchn_domain *e, unsigned first, struct budget *budget)
{
	struct evtchn_group *g = evtchn_core_group(e, first);

	if (!g)
		return 0;
	if (!budget_take_n(budget, GROUP_COST))
		return -XEN_ERESTART;
	for (unsigned b = 0; b < EVTCHN_BUCKETS; b++) {
		spin_lock(&e->lock);	/* dom0 may ask for the status of a port */
		struct evtchn *bucket = g->bucket[b];

		g->bucket[b] = NULL;
		spin_unlock(&e->lock);
		xfree(bucket);
	}
	if (g == &e->low)
		return 0;
	spin_lock(&e->lock);
	e->high[first / EVTCHN_GROUP - 1] = NULL;
	spin_unlock(&e->lock);
	xfree(g);
	return 0;
}

int evtchn_domain_destroy(struct domain *d, struct budget *b)
{
	struct evtchn_domain *e = &d->evtchn;
	int rc = 0;

	spin_lock(&e->lock);
	e->closed = true;
	spin_unlock(&e->lock);
	evtchn_forget_virq_handler(d);
	for (unsigned port = 1; (port = next_used(e, port)) < EVTCHN_PORTS; port++) {
		if (!budget_take(b))
			return -XEN_ERESTART;
		close_port(d, port);
	}
	leave_fifo(d);
	for (unsigned port = 0; port < EVTCHN_PORTS && !rc; port += EVTCHN_GROUP)
		rc = free_group(e, port, b);
	return rc;
}

static const char *const state_names[] = {
	[EVTCHN_FREE] = "free",
	[EVTCHN_UNBOUND] = "unbound",
	[EVTCHN_INTERDOMAIN] = "interdomain",
	[EVTCHN_VIRQ] = "virq",
	[EVTCHN_IPI] = "ipi",
};

static void dump_port(struct domain *d, unsigned port)
{
	const struct evtchn *c = evtchn_core_channel(&d->evtchn, port);
	const struct evtchn_fifo *f = d->evtchn.fifo;
	bool masked = f ? evtchn_fifo_is_masked(f, port)
			: d->shared_info->evtchn_mask[port / 64] >> (port % 64) & 1;

	log_printf("(XEN)   %4u [%u/%u] %s vcpu %u", port, evtchn_port_pending(d, port), masked,
		   state_names[c->state], c->vcpu);
	if (f)
		log_printf(" priority %u%s", c->priority,
			   evtchn_fifo_is_linked(f, port) ? " linked" : "");
	if (c->state == EVTCHN_UNBOUND)
		log_printf(" for d%u\n", c->remote_dom);
	else if (c->state == EVTCHN_INTERDOMAIN)
		log_printf(" to d%u port %u\n", c->remote_dom, c->remote_port);
	else if (c->state == EVTCHN_VIRQ)
		log_printf(" %u\n", c->virq);
	else
		log_printf("\n");
}

void evtchn_dump(struct domain *d)
{
	struct evtchn_domain *e = &d->evtchn;

	log_printf("(XEN) Event channels of %pd%s, [pending/masked], %u polling:\n", d,
		   e->fifo ? " (FIFO)" : "", e->pollers);
	spin_lock(&e->lock);
	for (unsigned port = 1; (port = evtchn_core_next_used(e, port)) < EVTCHN_PORTS; port++)
		dump_port(d, port);
	spin_unlock(&e->lock);
}
