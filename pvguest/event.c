// SPDX-License-Identifier: MIT
/*
 * Event channels in the two-level layout of shared_info. Events stay masked on the
 * virtual CPU except while event_block() sleeps, so event_poll() and the hypervisor are
 * the only ones that touch the pending words, and only with atomic operations.
 */
#include <pvguest/event.h>

#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#include <xen/sched.h>

#define PORTS	EVTCHN_2L_NR_CHANNELS
#define WORD	(8 * sizeof(xen_ulong_t))

static struct {
	event_fn fn;
	void *ctx;
} handlers[PORTS];

static bool timer_bound;

static bool port_is_valid(evtchn_port_t port)
{
	return port > 0 && port < PORTS;
}

static void bit_set(xen_ulong_t *words, evtchn_port_t port)
{
	__atomic_fetch_or(&words[port / WORD], 1UL << port % WORD, __ATOMIC_SEQ_CST);
}

static void bit_clear(xen_ulong_t *words, evtchn_port_t port)
{
	__atomic_fetch_and(&words[port / WORD], ~(1UL << port % WORD), __ATOMIC_SEQ_CST);
}

static bool bit_test(const xen_ulong_t *words, evtchn_port_t port)
{
	return __atomic_load_n(&words[port / WORD], __ATOMIC_SEQ_CST) >> port % WORD & 1;
}

/* Makes event_poll() look at the port again, as the hypervisor does for a new event. */
static void port_raise(evtchn_port_t port)
{
	struct vcpu_info *v = pv_vcpu_info();

	__atomic_fetch_or(&v->evtchn_pending_sel, 1UL << port / WORD, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

void event_mask(evtchn_port_t port)
{
	if (port_is_valid(port))
		bit_set(pv_shared_info->evtchn_mask, port);
}

void event_unmask(evtchn_port_t port)
{
	if (!port_is_valid(port))
		return;
	bit_clear(pv_shared_info->evtchn_mask, port);
	if (bit_test(pv_shared_info->evtchn_pending, port))
		port_raise(port);
}

bool event_test_and_clear(evtchn_port_t port)
{
	if (!port_is_valid(port) || !bit_test(pv_shared_info->evtchn_pending, port))
		return false;
	bit_clear(pv_shared_info->evtchn_pending, port);
	return true;
}

int event_set_handler(evtchn_port_t port, event_fn fn, void *ctx)
{
	if (!port_is_valid(port))
		return -XEN_EINVAL;
	handlers[port].fn = fn;
	handlers[port].ctx = ctx;
	if (fn)
		event_unmask(port);
	return 0;
}

/* A port new to us: what an earlier user of the number left behind is gone. */
static int port_open(evtchn_port_t port)
{
	if (!port_is_valid(port))
		return -XEN_ENOSPC;
	handlers[port].fn = NULL;
	bit_clear(pv_shared_info->evtchn_mask, port);
	return port;
}

int event_alloc_unbound(domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
	long rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? (int)rc : port_open(op.port);
}

int event_alloc_unbound_for(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
	long rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? (int)rc : (int)op.port;
}

int event_bind_interdomain(domid_t dom, evtchn_port_t remote_port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = dom, .remote_port = remote_port };
	long rc = hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	return rc ? (int)rc : port_open(op.local_port);
}

int event_bind_virq(uint32_t virq)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = 0 };
	long rc = hypercall_event_channel_op(EVTCHNOP_bind_virq, &op);

	return rc ? (int)rc : port_open(op.port);
}

int event_bind_ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = hypercall_event_channel_op(EVTCHNOP_bind_ipi, &op);

	return rc ? (int)rc : port_open(op.port);
}

int event_notify(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return hypercall_event_channel_op(EVTCHNOP_send, &op);
}

int event_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	if (!port_is_valid(port))
		return -XEN_EINVAL;
	handlers[port].fn = NULL;
	event_mask(port);
	bit_clear(pv_shared_info->evtchn_pending, port);
	return hypercall_event_channel_op(EVTCHNOP_close, &op);
}

/* Runs the handlers of one word of ports. */
static bool poll_word(unsigned int word)
{
	struct shared_info *s = pv_shared_info;
	xen_ulong_t bits = __atomic_load_n(&s->evtchn_pending[word], __ATOMIC_SEQ_CST) &
			   ~__atomic_load_n(&s->evtchn_mask[word], __ATOMIC_SEQ_CST);
	bool any = false;

	while (bits) {
		evtchn_port_t port = word * WORD + __builtin_ctzl(bits);

		bits &= bits - 1;
		if (!handlers[port].fn)
			continue;
		bit_clear(s->evtchn_pending, port);
		handlers[port].fn(port, handlers[port].ctx);
		any = true;
	}
	return any;
}

bool event_poll(void)
{
	struct vcpu_info *v = pv_vcpu_info();
	bool any = false;
	xen_ulong_t words;

	if (!__atomic_load_n(&v->evtchn_upcall_pending, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&v->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	while (words) {
		any |= poll_word(__builtin_ctzl(words));
		words &= words - 1;
	}
	return any;
}

static void timer_fired(evtchn_port_t port, void *ctx)
{
	(void)port;
	(void)ctx;
}

void event_block(uint64_t deadline_ns)
{
	if (deadline_ns && !timer_bound) {
		int port = event_bind_virq(VIRQ_TIMER);

		if (port < 0)
			pv_panic("the timer's VIRQ cannot be bound (%d)", port);
		event_set_handler(port, timer_fired, NULL);
		timer_bound = true;
	}
	if (deadline_ns)
		hypercall_set_timer_op(deadline_ns);
	hypercall_sched_op(SCHEDOP_block, NULL);
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

void event_init(void)
{
	for (unsigned int port = 0; port < PORTS; port++)
		handlers[port].fn = NULL;
	timer_bound = false;
}
