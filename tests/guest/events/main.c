// SPDX-License-Identifier: MIT
/* event_channel_op: every operation with good and bad arguments; masks, upcalls, polling. */
#include "../lib/test.h"
#include "../lib/port.h"

const char test_name[] = "events";

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define OP(cmd, arg) ((int)HC(event_channel_op, EVTCHNOP_##cmd, arg))

/* The ends of what is known, and beyond: port 0, a free one, outside the buckets, none. */
static const evtchn_port_t odd_ports[] = { 0, 60, 1000, 4095, 4096, ~0U };

static volatile vcpu_info_t *me;
static unsigned upcalls;

static evtchn_port_t unbound(void)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

	check_eq(OP(alloc_unbound, &op), 0, "alloc_unbound");
	return op.port;
}

static evtchn_port_t joined(evtchn_port_t to)
{
	struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF, .remote_port = to };

	check_eq(OP(bind_interdomain, &op), 0, "bind_interdomain");
	return op.local_port;
}

static int close(evtchn_port_t port)
{
	struct evtchn_close op = { port };

	return OP(close, &op);
}

static void show(evtchn_port_t port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };
	int rc = OP(status, &s);

	if (rc)
		note("status of %u: %d", port, rc);
	else
		note("status of %u: %u vcpu %u %x %u", port, s.status, s.vcpu,
		     s.status == EVTCHNSTAT_closed ? 0 : s.u.interdomain.dom,
		     s.status == EVTCHNSTAT_interdomain ? s.u.interdomain.port : 0);
}

static bool pending(evtchn_port_t port)
{
	return shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

static void settle(void)
{
	for (unsigned i = 0; i < 64; i++)
		shared_info->evtchn_pending[i] = 0;
	me->evtchn_pending_sel = 0;
	me->evtchn_upcall_pending = 0;
}

static void ports(void)
{
	evtchn_port_t a = unbound(), b = joined(a);
	struct evtchn_bind_interdomain bad = { .remote_dom = DOMID_SELF };

	note("first ports %u %u", a, b);
	show(a);
	show(b);
	for (unsigned i = 0; i < N(odd_ports); i++) {
		struct evtchn_unmask u = { odd_ports[i] };
		struct evtchn_bind_vcpu v = { odd_ports[i], 0 };
		struct evtchn_set_priority p = { odd_ports[i], 7 };

		show(odd_ports[i]);
		bad.remote_port = odd_ports[i];
		note("port %#x: send %d close %d unmask %d bind_vcpu %d set_priority %d bind %d",
		     odd_ports[i], port_send(odd_ports[i]), close(odd_ports[i]), OP(unmask, &u),
		     OP(bind_vcpu, &v), OP(set_priority, &p), OP(bind_interdomain, &bad));
	}
	bad.remote_port = b;
	note("bind to a bound port: %d", OP(bind_interdomain, &bad));
	note("close one end: %d", close(b));
	show(a);
	show(b);
	note("send from the end that is left: %d, close %d, again %d", port_send(a), close(a), close(a));
	note("the lowest port comes back: %d", unbound() == a);
}

static void domains(void)
{
	static const domid_t ids[] = { 77, DOMID_IO, DOMID_XEN, DOMID_INVALID };

	for (unsigned i = 0; i < N(ids); i++) {
		struct evtchn_alloc_unbound a = { .dom = ids[i], .remote_dom = DOMID_SELF };
		struct evtchn_bind_interdomain b = { .remote_dom = ids[i], .remote_port = 1 };
		struct evtchn_status s = { .dom = ids[i], .port = 1 };
		struct evtchn_reset r = { ids[i] };

		note("domain %#x: alloc %d bind %d status %d reset %d", ids[i],
		     OP(alloc_unbound, &a), OP(bind_interdomain, &b), OP(status, &s),
		     OP(reset, &r));
	}
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = 77 };

	note("alloc for a domain that is not there: %d", OP(alloc_unbound, &a));
	close(a.port);
}

static void virqs(void)
{
	static const uint32_t numbers[] = { VIRQ_TIMER, VIRQ_TIMER, VIRQ_DEBUG, VIRQ_CONSOLE,
					    VIRQ_DOM_EXC, VIRQ_PCPU_STATE, 14, VIRQ_ARCH_0,
					    24, ~0U };

	evtchn_port_t timer = 0;

	for (unsigned i = 0; i < N(numbers); i++) {
		struct evtchn_bind_virq v = { .virq = numbers[i] }, other = { numbers[i], 1, 0 };
		int rc = OP(bind_virq, &v), elsewhere = OP(bind_virq, &other);
		struct evtchn_bind_vcpu b = { v.port, 0 };

		note("virq %u: %d, on vCPU 1 %d", numbers[i], rc, elsewhere);
		if (!rc) {
			note(" bind_vcpu %d send %d", OP(bind_vcpu, &b), port_send(v.port));
			show(v.port);
		}
		if (!rc && numbers[i] == VIRQ_TIMER)
			timer = v.port;		/* stays bound for the next turn */
		else if (!rc)
			note(" close %d", close(v.port));
	}
	note("close the timer: %d", close(timer));
}

static void ipis(void)
{
	static const uint32_t ids[] = { 1, 5000, ~0U };
	struct evtchn_bind_ipi good = { .vcpu = 0 };

	for (unsigned i = 0; i < N(ids); i++) {
		struct evtchn_bind_ipi op = { .vcpu = ids[i] };

		note("IPI to vCPU %u: %d", ids[i], OP(bind_ipi, &op));
	}
	note("IPI: %d", OP(bind_ipi, &good));
	struct evtchn_bind_vcpu v = { good.port, 0 };

	note("bind_vcpu of an IPI: %d", OP(bind_vcpu, &v));
	v.vcpu = 1;
	note("bind_vcpu to none: %d", OP(bind_vcpu, &v));
	note("close: %d", close(good.port));
}

static void on_event(struct trap_frame *f)
{
	(void)f;
	upcalls++;
	me->evtchn_upcall_pending = 0;
	me->evtchn_pending_sel = 0;
}

static void delivery(void)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };

	check_eq(OP(bind_ipi, &ipi), 0, "bind_ipi");
	struct evtchn_unmask unmask = { ipi.port };
	uint64_t word = ipi.port / 64, bit = 1UL << ipi.port % 64;

	/* A domU's console and xenstore send when they like. */
	for (unsigned i = 0; i < 64; i++)
		shared_info->evtchn_mask[i] = ~0UL;
	settle();
	me->evtchn_upcall_mask = 1;
	note("send while the port is masked: %d", port_send(ipi.port));
	check(pending(ipi.port), "the port is pending");
	check(!me->evtchn_upcall_pending, "no upcall is asked for");
	note("unmask: %d", OP(unmask, &unmask));
	check(me->evtchn_upcall_pending == 1, "an upcall is asked for");
	check(me->evtchn_pending_sel & 1UL << word, "the selector names the word");
	check(!(shared_info->evtchn_mask[word] & bit), "the mask bit has gone");
	check_eq(upcalls, 0, "no upcall with events masked");

	/* A pending upcall comes on the way out of any hypercall. */
	me->evtchn_upcall_mask = 0;
	HC(xen_version, XENVER_version, 0);
	check_eq(upcalls, 1, "an upcall after the next hypercall");
	port_send(ipi.port);
	check_eq(upcalls, 1, "none for a port that is pending already");
	settle();
	port_send(ipi.port);
	check_eq(upcalls, 2, "an upcall from the send itself");
	me->evtchn_upcall_mask = 1;
	settle();
	port_send(ipi.port);
	check(me->evtchn_upcall_pending, "the next is pending");
	note("close: %d", close(ipi.port));
	check(!pending(ipi.port), "close clears what was pending");
	settle();
}

static void polls(void)
{
	evtchn_port_t port = unbound(), other = joined(port);
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &port);
	shared_info->evtchn_mask[0] = ~0UL;
	port_send(other);
	note("poll with the port pending: %ld", HC(sched_op, SCHEDOP_poll, &poll));
	settle();
	/* A time in the past ends it at once. */
	poll.timeout = 1;
	note("poll with a time that is over: %ld", HC(sched_op, SCHEDOP_poll, &poll));
	check(!pending(port), "and still nothing is pending");
	close(other);
	close(port);
	shared_info->evtchn_mask[0] = 0;
}

static void strange(void)
{
	struct evtchn_bind_pirq pirq = { .pirq = 100000 };
	struct evtchn_expand_array array = { 0 };
	static const unsigned none[] = { 15, 16, 1000, ~0U };

	note("bind_pirq of %u: %d", pirq.pirq, OP(bind_pirq, &pirq));
	pirq.pirq = 4;		/* the hypervisor's own */
	note("bind_pirq of %u: %d", pirq.pirq, OP(bind_pirq, &pirq));
	note("expand_array: %d", OP(expand_array, &array));
	for (unsigned i = 0; i < N(none); i++)
		note("operation %u: %ld", none[i], HC(event_channel_op, none[i], &array));
	for (unsigned i = 0; i <= EVTCHNOP_reset; i++)
		note("operation %u at 0: %ld, in the hypervisor %ld", i,
		     HC(event_channel_op, i, 0), HC(event_channel_op, i, 0xffff830000000000));
}

static void all_ports(void)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };
	struct evtchn_reset reset = { DOMID_SELF };
	unsigned n = 0;
	int rc;

	while (!(rc = OP(bind_ipi, &op)))
		n++;
	note("ports in all: %u, the last %u, then %d", n, op.port, rc);
	note("reset: %d", OP(reset, &reset));
	show(1);
	note("the first again: %d %u", OP(bind_ipi, &op), op.port);
	close(op.port);
}

void test_main(void)
{
	traps_init();
	me = &shared_info->vcpu_info[0];
	event_handler = on_event;
	me->evtchn_upcall_mask = 1;
	ports();
	domains();
	virqs();
	ipis();
	delivery();
	polls();
	strange();
	all_ports();
}
