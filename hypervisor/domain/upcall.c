// SPDX-License-Identifier: MIT
/*
 * How an event reaches a vCPU: a bit in shared_info's pending map, a bit in the
 * vCPU's selector (or, with the FIFO ABI, an entry in one of its queues), its upcall
 * flag, and then the scheduler. The maps are memory that the guest writes too: every
 * access is atomic, and nothing read from there is used as more than a bit.
 */
#include <hv/evtchn.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/evtchn_fifo.h>

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

void evtchn_wake_pollers(struct domain *d, unsigned port)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (v && v->polling && (v->poll_port == 0 || v->poll_port == port))
			vcpu_wake(v);
	}
}

/* 2-level: a pending event that is not masked shows in its vCPU's selector. */
static inline void select_word(struct domain *d, unsigned vcpu, unsigned word)
{
	struct vcpu *v = vcpu < d->max_vcpus ? d->vcpu[vcpu] : NULL;

	/* No vCPU yet: vcpu_register_info() makes all pending known to it. */
	if (likely(v) && !test_and_set(&v->info->evtchn_pending_sel, word))
		vcpu_mark_events_pending(v);
}

static inline void set_pending(struct domain *d, unsigned port, struct evtchn *c)
{
	shared_info_t *s = d->shared_info;
	unsigned word = port / 64, bit = port % 64;

	if (unlikely(d->evtchn.fifo)) {
		evtchn_fifo_set_pending(d, port, c);
		return;
	}
	if (test_and_set(&s->evtchn_pending[word], bit))
		return;
	/* The domain may go over to the other ABI, under a lock that is not the sender's. */
	if (unlikely(READ_ONCE(d->evtchn.fifo)))
		evtchn_fifo_set_pending(d, port, c);
	if (!(READ_ONCE(s->evtchn_mask[word]) >> bit & 1))
		select_word(d, READ_ONCE(c->vcpu), word);
	if (unlikely(d->evtchn.pollers))
		evtchn_wake_pollers(d, port);
}

void evtchn_set_pending(struct domain *d, unsigned port)
{
	set_pending(d, port, evtchn_core_channel(&d->evtchn, port));
}

void evtchn_clear_pending(struct domain *d, unsigned port)
{
	struct evtchn_fifo *f = d->evtchn.fifo;

	if (f) {
		spin_lock(&f->lock);
		evtchn_fifo_clear(f, port, evtchn_core_channel(&d->evtchn, port));
		spin_unlock(&f->lock);
		return;
	}
	__atomic_fetch_and(&d->shared_info->evtchn_pending[port / 64], ~(1UL << (port % 64)),
			   __ATOMIC_RELAXED);
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = &d->evtchn;
	int err = 0;

	spin_lock(&e->lock);
	struct evtchn *c = evtchn_core_channel(e, port);

	if (likely(c && c->state == EVTCHN_INTERDOMAIN)) {
		/* Our lock keeps the pair, and with it the other domain, as it is. */
		set_pending(container_of(c->remote, struct domain, evtchn), c->remote_port,
			    evtchn_core_channel(c->remote, c->remote_port));
	} else if (c && c->state == EVTCHN_IPI) {
		set_pending(d, port, c);
	} else if (!c || c->state != EVTCHN_UNBOUND) {
		err = -XEN_EINVAL;
	}
	spin_unlock(&e->lock);
	return err;
}

static void unmask_2l(struct domain *d, unsigned port, unsigned vcpu)
{
	shared_info_t *s = d->shared_info;
	unsigned word = port / 64;
	xen_ulong_t mask = 1UL << (port % 64);

	if ((__atomic_fetch_and(&s->evtchn_mask[word], ~mask, __ATOMIC_SEQ_CST) & mask) &&
	    (READ_ONCE(s->evtchn_pending[word]) & mask))
		select_word(d, vcpu, word);
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = &d->evtchn;
	int err = 0;

	spin_lock(&e->lock);
	struct evtchn *c = evtchn_core_channel(e, port);

	if (!c)
		err = -XEN_EINVAL;
	else if (c->state == EVTCHN_FREE)
		;		/* nobody is told of it */
	else if (e->fifo)
		evtchn_fifo_clear_mask(d, port, c);
	else
		unmask_2l(d, port, c->vcpu);
	spin_unlock(&e->lock);
	return err;
}

bool evtchn_2l_pending(const struct domain *d, unsigned port)
{
	if (port >= EVTCHN_PORTS_2L)
		return false;
	port = (unsigned)index_clamp(port, EVTCHN_PORTS_2L);
	return READ_ONCE(d->shared_info->evtchn_pending[port / 64]) >> (port % 64) & 1;
}

bool evtchn_port_pending(const struct domain *d, unsigned port)
{
	const struct evtchn_fifo *f = d->evtchn.fifo;

	return f ? evtchn_fifo_is_pending(f, port) : evtchn_2l_pending(d, port);
}

bool evtchn_is_pending(struct domain *d, unsigned port)
{
	bool pending;

	/* Looked at once: another vCPU may change the ABI meanwhile, and back. */
	if (likely(!READ_ONCE(d->evtchn.fifo)))
		return evtchn_2l_pending(d, port);
	spin_lock(&d->evtchn.lock);
	pending = evtchn_port_pending(d, port);
	spin_unlock(&d->evtchn.lock);
	return pending;
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
		set_pending(d, port, evtchn_core_channel(e, port));
	spin_unlock(&e->lock);
}

void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq)
{
	CHECK(virq < EVTCHN_VIRQS && !virq_is_global(virq));
	send_virq(v->domain, v, virq);
}

/* The lock is held. */
static struct domain *handler_of(unsigned virq)
{
	return virq_handler[virq] ? virq_handler[virq] : dom0;
}

bool evtchn_is_virq_handler(const struct domain *d, unsigned virq)
{
	bool is;

	CHECK(virq < EVTCHN_VIRQS && virq_is_global(virq));
	spin_lock(&virq_handler_lock);
	is = handler_of(virq) == d;
	spin_unlock(&virq_handler_lock);
	return is;
}

void evtchn_send_global_virq(unsigned virq)
{
	CHECK(virq < EVTCHN_VIRQS && virq_is_global(virq));
	spin_lock(&virq_handler_lock);
	struct domain *d = handler_of(virq);

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
