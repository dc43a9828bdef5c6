// SPDX-License-Identifier: MIT
/*
 * Event channels in the two-level layout of shared_info. Events stay masked on the
 * virtual CPU except while event_block() sleeps, so event_poll() and the hypervisor are
 * the only ones that touch the pending words, and only with atomic operations.
 *
 * Each port belongs to one CPU, which the hypervisor tells of it and which runs its handler; ports of
 * several CPUs share words.
 */
#include <pvguest/event.h>

#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#include <xen/sched.h>

#define PORTS	EVTCHN_2L_NR_CHANNELS
#define WORD	(8 * sizeof(xen_ulong_t))

static struct {
	event_fn fn;
	void *ctx;
} handlers[PORTS];

static uint8_t port_cpu[PORTS];
static bool timer_bound[PV_CPUS_MAX];

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
	if (port_cpu[port] != pv_cpu_id()) {
		struct evtchn_unmask op = { .port = port };

		hypercall_event_channel_op(EVTCHNOP_unmask, &op);
		return;
	}
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
	if (fn)
		handlers[port].ctx = ctx;
	__atomic_store_n(&handlers[port].fn, fn, __ATOMIC_RELEASE);
	if (fn)
		event_unmask(port);
	return 0;
}

/* A port new to us: what an earlier user of the number left behind is gone. */
static int port_open(evtchn_port_t port, uint32_t cpu)
{
	if (!port_is_valid(port))
		return -XEN_ENOSPC;
	handlers[port].fn = NULL;
	port_cpu[port] = cpu;
	bit_clear(pv_shared_info->evtchn_mask, port);
	return port;
}

int event_alloc_unbound(domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
	long rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? (int)rc : port_open(op.port, 0);
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

	return rc ? (int)rc : port_open(op.local_port, 0);
}

int event_bind_virq_on(uint32_t virq, uint32_t cpu)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = cpu };
	long rc = cpu < PV_CPUS_MAX ? hypercall_event_channel_op(EVTCHNOP_bind_virq, &op) : -XEN_ENOENT;

	return rc ? (int)rc : port_open(op.port, cpu);
}

int event_bind_virq(uint32_t virq)
{
	return event_bind_virq_on(virq, 0);
}

int event_bind_ipi(uint32_t cpu)
{
	struct evtchn_bind_ipi op = { .vcpu = cpu };
	long rc = cpu < PV_CPUS_MAX ? hypercall_event_channel_op(EVTCHNOP_bind_ipi, &op) : -XEN_ENOENT;

	return rc ? (int)rc : port_open(op.port, cpu);
}

int event_bind_cpu(evtchn_port_t port, uint32_t cpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = cpu };
	bool masked;
	long rc;

	if (!port_is_valid(port))
		return -XEN_EINVAL;
	if (cpu >= PV_CPUS_MAX)
		return -XEN_ENOENT;
	masked = bit_test(pv_shared_info->evtchn_mask, port);
	event_mask(port);
	rc = hypercall_event_channel_op(EVTCHNOP_bind_vcpu, &op);
	if (!rc)
		port_cpu[port] = cpu;
	/* What the old CPU was told of and has not looked at is told to the new one. */
	if (!masked)
		event_unmask(port);
	return rc;
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
		event_fn fn = __atomic_load_n(&handlers[port].fn, __ATOMIC_ACQUIRE);

		bits &= bits - 1;
		if (!fn || port_cpu[port] != pv_cpu_id())
			continue;
		bit_clear(s->evtchn_pending, port);
		fn(port, handlers[port].ctx);
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
	unsigned int cpu = pv_cpu_id();

	if (deadline_ns && !timer_bound[cpu]) {
		int port = event_bind_virq_on(VIRQ_TIMER, cpu);

		if (port < 0)
			pv_panic("the timer's VIRQ cannot be bound (%d)", port);
		event_set_handler(port, timer_fired, NULL);
		timer_bound[cpu] = true;
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
	for (unsigned int cpu = 0; cpu < PV_CPUS_MAX; cpu++)
		timer_bound[cpu] = false;
}
