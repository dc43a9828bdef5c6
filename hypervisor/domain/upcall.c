// SPDX-License-Identifier: MIT
/*
 * How an event reaches a vCPU: a bit in shared_info's pending map, a bit in the
 * vCPU's selector, its upcall flag, and then the scheduler. The maps are memory
 * that the guest writes too: every access is atomic, and nothing read from there
 * is used as more than a bit.
 */
#include <hv/evtchn.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>

/* Who gets a global VIRQ instead of dom0, with a reference; virq_handler_lock. */
static struct domain *virq_handler[EVTCHN_VIRQS];
static spinlock_t virq_handler_lock = SPINLOCK("virq handler");

static inline bool test_and_set(volatile xen_ulong_t *word, unsigned bit)
{
	xen_ulong_t mask = 1UL << bit;

	return __atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST) & mask;
}

void vcpu_mark_events_pending(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	/* A vCPU blocks only after it saw the flag clear, and we set it first. */
	if (v->pause_flags & VPF_BLOCKED)
		vcpu_wake(v);
	else if (v->running && v != current_vcpu())
		arch_kick_cpu(v->processor);
}

/* Wakes the vCPUs of d that poll for port. */
static void wake_pollers(struct domain *d, unsigned port)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (v && v->polling && (v->poll_port == 0 || v->poll_port == port))
			vcpu_wake(v);
	}
}

static inline void set_pending(struct domain *d, unsigned port, unsigned vcpu)
{
	shared_info_t *s = d->shared_info;
	unsigned word = port / 64, bit = port % 64;

	if (test_and_set(&s->evtchn_pending[word], bit))
		return;
	if (!(READ_ONCE(s->evtchn_mask[word]) >> bit & 1)) {
		struct vcpu *v = vcpu < d->max_vcpus ? d->vcpu[vcpu] : NULL;

		/* No vCPU yet: vcpu_register_info() makes all pending known to it. */
		if (likely(v) && !test_and_set(&v->info->evtchn_pending_sel, word))
			vcpu_mark_events_pending(v);
	}
	if (unlikely(d->evtchn.pollers))
		wake_pollers(d, port);
}

void evtchn_set_pending(struct domain *d, unsigned port, unsigned vcpu)
{
	set_pending(d, port, vcpu);
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = &d->evtchn;
	int err = 0;

	spin_lock(&e->lock);
	const struct evtchn *c = evtchn_core_channel(e, port);

	if (likely(c && c->state == EVTCHN_INTERDOMAIN)) {
		/* Our lock keeps the pair, and with it the other domain, as it is. */
		const struct evtchn *far = evtchn_core_channel(c->remote, c->remote_port);

		set_pending(container_of(c->remote, struct domain, evtchn), c->remote_port,
			    READ_ONCE(far->vcpu));
	} else if (c && c->state == EVTCHN_IPI) {
		set_pending(d, port, c->vcpu);
	} else if (!c || c->state != EVTCHN_UNBOUND) {
		err = -XEN_EINVAL;
	}
	spin_unlock(&e->lock);
	return err;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = &d->evtchn;
	shared_info_t *s = d->shared_info;
	int err = -XEN_EINVAL;

	spin_lock(&e->lock);
	const struct evtchn *c = evtchn_core_channel(e, port);

	if (c) {		/* also a free one: only bits of the guest's change */
		unsigned word = port / 64, bit = port % 64;
		xen_ulong_t mask = 1UL << bit;
		struct vcpu *v = c->vcpu < d->max_vcpus ? d->vcpu[c->vcpu] : NULL;

		if ((__atomic_fetch_and(&s->evtchn_mask[word], ~mask, __ATOMIC_SEQ_CST) & mask) &&
		    (READ_ONCE(s->evtchn_pending[word]) & mask) &&
		    v && !test_and_set(&v->info->evtchn_pending_sel, word))
			vcpu_mark_events_pending(v);
		err = 0;
	}
	spin_unlock(&e->lock);
	return err;
}

bool evtchn_is_pending(struct domain *d, unsigned port)
{
	if (port >= EVTCHN_PORTS)
		return false;
	port = (unsigned)index_clamp(port, EVTCHN_PORTS);
	return READ_ONCE(d->shared_info->evtchn_pending[port / 64]) >> (port % 64) & 1;
}

/* Raises the VIRQ bound at v's entry, at the vCPU that its port tells. */
static void send_virq(struct domain *d, struct vcpu *v, unsigned virq)
{
	struct evtchn_domain *e = &d->evtchn;

	if (!READ_ONCE(v->virq_port[virq]))
		return;
	spin_lock(&e->lock);
	unsigned port = v->virq_port[virq];

	if (port)
		set_pending(d, port, evtchn_core_channel(e, port)->vcpu);
	spin_unlock(&e->lock);
}

void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq)
{
	CHECK(virq < EVTCHN_VIRQS && !virq_is_global(virq));
	send_virq(v->domain, v, virq);
}

void evtchn_send_global_virq(unsigned virq)
{
	CHECK(virq < EVTCHN_VIRQS && virq_is_global(virq));
	spin_lock(&virq_handler_lock);
	struct domain *d = virq_handler[virq] ? virq_handler[virq] : dom0;

	if (d && d->vcpu && d->vcpu[0])
		send_virq(d, d->vcpu[0], virq);
	spin_unlock(&virq_handler_lock);
}

int evtchn_set_virq_handler(struct domain *d, uint32_t virq)
{
	if (virq >= EVTCHN_VIRQS || !virq_is_global(virq))
		return -XEN_EINVAL;
	struct domain *mine = domain_get(d->id), *old;

	if (!mine)
		return -XEN_EINVAL;
	spin_lock(&virq_handler_lock);
	old = virq_handler[virq];
	virq_handler[virq] = mine;
	spin_unlock(&virq_handler_lock);
	if (old)
		domain_put(old);
	return 0;
}

void evtchn_forget_virq_handler(struct domain *d)
{
	for (unsigned virq = 0; virq < EVTCHN_VIRQS; virq++) {
		bool was = false;

		spin_lock(&virq_handler_lock);
		if (virq_handler[virq] == d) {
			virq_handler[virq] = NULL;
			was = true;
		}
		spin_unlock(&virq_handler_lock);
		if (was)
			domain_put(d);
	}
}

void vcpu_poll_begin(struct vcpu *v, unsigned port)
{
	v->poll_port = port;
	if (!__atomic_exchange_n(&v->polling, true, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&v->domain->evtchn.pollers, 1, __ATOMIC_SEQ_CST);
}

void vcpu_poll_end(struct vcpu *v)
{
	if (v->polling && __atomic_exchange_n(&v->polling, false, __ATOMIC_SEQ_CST))
		__atomic_fetch_sub(&v->domain->evtchn.pollers, 1, __ATOMIC_SEQ_CST);
}
