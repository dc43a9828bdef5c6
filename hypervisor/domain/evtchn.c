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
#include <hv/domain.h>
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
	int port = evtchn_core_find_free(e);

	if (port < 0 || !evtchn_core_wants_bucket(e, (unsigned)port))
		return port;
	struct evtchn *bucket = xmalloc(EVTCHN_BUCKET * sizeof(*bucket));

	if (!bucket)
		return -XEN_ENOMEM;
	evtchn_core_add_bucket(e, (unsigned)port, bucket);
	return port;
}

int evtchn_domain_init(struct domain *d)
{
	evtchn_core_init(&d->evtchn, d->id);
	/* Every domain uses some port: the first bucket makes the low ports known. */
	struct evtchn *bucket = xmalloc(EVTCHN_BUCKET * sizeof(*bucket));

	if (!bucket)
		return -XEN_ENOMEM;
	evtchn_core_add_bucket(&d->evtchn, 0, bucket);
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
			evtchn_set_pending(ld, (unsigned)lport, 0);
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
		WRITE_ONCE(v->virq_port[virq], (uint16_t)port);
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

static void clear_pending(struct domain *d, unsigned port)
{
	__atomic_fetch_and(&d->shared_info->evtchn_pending[port / 64], ~(1UL << (port % 64)),
			   __ATOMIC_RELAXED);
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
	evtchn_core_close(&d->evtchn, port);
	/* Whoever gets the port next must not see an event of before. */
	clear_pending(d, port);
}

/* Returns 0 or -XEN_EINVAL when the port is not in use. */
static int close_port(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = &d->evtchn, *far = e;
	int err = -XEN_EINVAL;

	/* The far end's lock may come first: look, lock both, look again. */
	for (;;) {
		lock_both(e, far);
		const struct evtchn *c = evtchn_core_channel(e, port);

		if (!c || c->state == EVTCHN_FREE)
			break;
		struct evtchn_domain *needed = c->remote ? c->remote : e;

		if (needed == far || needed == e) {
			close_locked(d, port);
			err = 0;
			break;
		}
		unlock_both(e, far);
		far = needed;
	}
	unlock_both(e, far);
	return err;
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

/* The lowest port at or above from that is in use, EVTCHN_PORTS when there is none. */
static unsigned next_used(const struct evtchn_domain *e, unsigned from)
{
	for (unsigned b = from / EVTCHN_BUCKET; b < EVTCHN_BUCKETS; b++) {
		uint64_t used = e->used[b];

		if (b == from / EVTCHN_BUCKET)
			used &= ~0ULL << (from % EVTCHN_BUCKET);
		if (used)
			return b * EVTCHN_BUCKET + (unsigned)__builtin_ctzll(used);
	}
	return EVTCHN_PORTS;
}

int evtchn_reset(struct domain *d, struct budget *b)
{
	for (unsigned port = 1; (port = next_used(&d->evtchn, port)) < EVTCHN_PORTS; port++) {
		if (!budget_take(b))
			return -XEN_ERESTART;
		close_port(d, port);
	}
	return 0;
}

void evtchn_domain_destroy(struct domain *d)
{
	struct evtchn_domain *e = &d->evtchn;

	spin_lock(&e->lock);
	e->closed = true;
	spin_unlock(&e->lock);
	evtchn_forget_virq_handler(d);
	for (unsigned port = 1; (port = next_used(e, port)) < EVTCHN_PORTS; port++)
		close_port(d, port);
	for (unsigned b = 0; b < EVTCHN_BUCKETS; b++) {
		spin_lock(&e->lock);	/* dom0 may ask for the status of a port */
		struct evtchn *bucket = e->bucket[b];

		e->bucket[b] = NULL;
		spin_unlock(&e->lock);
		xfree(bucket);
	}
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
	const shared_info_t *s = d->shared_info;

	log_printf("(XEN)   %4u [%lu/%lu] %s vcpu %u", port,
		   s->evtchn_pending[port / 64] >> (port % 64) & 1,
		   s->evtchn_mask[port / 64] >> (port % 64) & 1, state_names[c->state], c->vcpu);
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

	log_printf("(XEN) Event channels of %pd, [pending/masked], %u polling:\n", d, e->pollers);
	spin_lock(&e->lock);
	for (unsigned port = 1; (port = next_used(e, port)) < EVTCHN_PORTS; port++)
		dump_port(d, port);
	spin_unlock(&e->lock);
}
