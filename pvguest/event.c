// SPDX-License-Identifier: MIT
/*
 * Event channels: ports, their handlers, and whose they are. How the hypervisor tells of events is
 * event2l.c's and eventfifo.c's. Events stay masked on the virtual CPU except while event_block()
 * sleeps, so event_poll() and the hypervisor are the only ones that touch what is pending, and only
 * with atomic operations.
 *
 * Each port belongs to one CPU, which the hypervisor tells of it and which runs its handler. What is
 * known of ports comes in pages, which only CPU 0 can make: it keeps one ahead for the others.
 */
#include <pvguest/event.h>

#include <string.h>

#include <pvguest/cpu.h>
#include <pvguest/eventabi.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>

#include <xen/errno.h>
#include <xen/sched.h>

struct port {
	event_fn fn;
	void *ctx;
	uint32_t cpu;
	uint32_t unused[3];
};

#define PORTS	(PAGE_SIZE / sizeof(struct port))
#define PAGES	(EVTCHN_FIFO_NR_CHANNELS / PORTS)
_Static_assert(PAGE_SIZE % sizeof(struct port) == 0, "pages are full");

static struct port *pages[PAGES];		/* atomic */
static const struct event_abi *abi = &event_2l;
static bool other_cpus;
static bool timer_bound[PV_CPUS_MAX];

static bool port_is_valid(evtchn_port_t port)
{
	return port > 0 && port < abi->ports;
}

/* NULL: nobody has ever wanted it. */
static struct port *port_find(evtchn_port_t port)
{
	struct port *page = port_is_valid(port) ?
			    __atomic_load_n(&pages[port / PORTS], __ATOMIC_ACQUIRE) : NULL;

	return page ? &page[port % PORTS] : NULL;
}

static int page_prepare(unsigned int page)
{
	evtchn_port_t first = page * PORTS;
	struct port *ports;
	int rc;

	if (first >= abi->ports)
		return -XEN_ENOSPC;
	if (pages[page])
		return 0;
	ports = pv_cpu_id() ? NULL : page_alloc_zero(0);
	if (!ports)
		return -XEN_ENOMEM;
	rc = abi->prepare(first);
	if (rc) {
		page_free(ports, 0);
		return rc;
	}
	__atomic_store_n(&pages[page], ports, __ATOMIC_RELEASE);
	return 0;
}

/* What is known of a port, made if need be; *rc when it cannot. */
static struct port *port_get(evtchn_port_t port, int *rc)
{
	*rc = port_is_valid(port) ? page_prepare(port / PORTS) : -XEN_EINVAL;
	if (*rc)
		return NULL;
	if (!pv_cpu_id())
		page_prepare(port / PORTS + 1);
	return port_find(port);
}

void event_mask(evtchn_port_t port)
{
	if (port_is_valid(port))
		abi->mask(port);
}

void event_unmask(evtchn_port_t port)
{
	const struct port *p = port_find(port);

	if (p)
		abi->unmask(port, p->cpu == pv_cpu_id());
}

bool event_test_and_clear(evtchn_port_t port)
{
	if (!port_is_valid(port) || !abi->is_pending(port))
		return false;
	abi->clear(port);
	return true;
}

int event_set_handler(evtchn_port_t port, event_fn fn, void *ctx)
{
	int rc;
	struct port *p = port_get(port, &rc);

	if (!p)
		return rc;
	if (fn)
		p->ctx = ctx;
	__atomic_store_n(&p->fn, fn, __ATOMIC_RELEASE);
	if (fn)
		event_unmask(port);
	return 0;
}

static int port_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	return hypercall_event_channel_op(EVTCHNOP_close, &op);
}

/* A port new to us: what an earlier user of the number left behind is gone. */
static int port_open(evtchn_port_t port, uint32_t cpu)
{
	int rc;
	struct port *p = port_get(port, &rc);

	if (!p) {
		port_close(port);
		return rc == -XEN_EINVAL ? -XEN_ENOSPC : rc;
	}
	p->fn = NULL;
	p->cpu = cpu;
	abi->unmask(port, true);
	return port;
}

int event_alloc_unbound(domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
	long rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? (int)rc : port_open(op.port, 0);
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
	struct port *p = port_find(port);
	bool masked;
	long rc;

	if (cpu >= PV_CPUS_MAX)
		return -XEN_ENOENT;
	if (!p)
		return -XEN_EINVAL;
	masked = abi->is_masked(port);
	event_mask(port);
	rc = hypercall_event_channel_op(EVTCHNOP_bind_vcpu, &op);
	if (!rc)
		p->cpu = cpu;
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

int event_set_priority(evtchn_port_t port, uint32_t priority)
{
	struct evtchn_set_priority op = { .port = port, .priority = priority };

	return hypercall_event_channel_op(EVTCHNOP_set_priority, &op);
}

int event_close(evtchn_port_t port)
{
	struct port *p = port_find(port);

	if (!port_is_valid(port))
		return -XEN_EINVAL;
	if (p)
		p->fn = NULL;
	event_mask(port);
	abi->clear(port);
	return port_close(port);
}

enum event_ran event_run(evtchn_port_t port)
{
	struct port *p = port_find(port);
	event_fn fn = p ? __atomic_load_n(&p->fn, __ATOMIC_ACQUIRE) : NULL;

	if (!fn)
		return EVENT_LEFT;
	if (p->cpu != pv_cpu_id())
		return EVENT_ELSEWHERE;
	abi->clear(port);
	fn(port, p->ctx);
	return EVENT_RAN;
}

bool event_poll(void)
{
	struct vcpu_info *v = pv_vcpu_info();

	if (!__atomic_load_n(&v->evtchn_upcall_pending, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&v->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	return abi->poll();
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

int event_cpu_init(struct pv_cpu *c)
{
	other_cpus = true;
	return abi->cpu_init(c);
}

static evtchn_port_t highest_prepared(void)
{
	unsigned int page = event_2l.ports / PORTS;

	while (page && !pages[page - 1])
		page--;
	return page ? page * PORTS - 1 : 0;
}

int event_use_fifo(void)
{
	int rc;

	if (abi == &event_fifo)
		return 0;
	if (other_cpus)
		return -XEN_EBUSY;
	rc = event_fifo_start(highest_prepared());
	if (!rc)
		abi = &event_fifo;
	return rc;
}

void event_init(void)
{
	abi = &event_2l;
	other_cpus = false;
	for (unsigned int i = 0; i < PAGES; i++) {
		if (pages[i])
			page_free(pages[i], 0);
		pages[i] = NULL;
	}
	memset(timer_bound, 0, sizeof(timer_bound));
}
