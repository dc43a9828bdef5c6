// SPDX-License-Identifier: MIT
/*
 * Event channels, run states and timers of several vCPUs: IPIs, ports that move, an upcall on a vCPU that
 * computes, polls across CPUs, the per-vCPU VIRQs. With one vCPU it says so and ends.
 */
#include "../lib/cpu.h"
#include "../lib/port.h"

const char test_name[] = "smpevents";

static volatile unsigned upcalls[TEST_CPUS];
static volatile bool enough, computing;

static void count_upcall(struct trap_frame *f)
{
	unsigned self = cpu_self();
	vcpu_info_t *v = &shared_info->vcpu_info[self];

	(void)f;
	v->evtchn_upcall_pending = 0;
	__atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	upcalls[self]++;
}

/* Computes with events open, without a hypercall, until somebody says that it is enough. */
static uint64_t compute(uint64_t arg)
{
	volatile vcpu_info_t *v = &shared_info->vcpu_info[cpu_self()];
	uint64_t turns = 0;

	(void)arg;
	v->evtchn_upcall_mask = 0;
	computing = true;
	while (!enough)
		turns++;
	v->evtchn_upcall_mask = 1;
	return turns;
}

static void upcall_while_it_computes(void)
{
	uint32_t port = port_bind_ipi(1);
	unsigned got = 0;

	enough = false;
	shared_info->vcpu_info[1].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[1].evtchn_pending_sel = 0;
	cpu_go(1, compute, 0);
	while (!computing)
		cpu_relax();
	for (unsigned i = 0; i < 20; i++) {
		unsigned before = upcalls[1];

		port_take(port);
		port_send(port);
		for (unsigned long n = 0; n < 200000 && upcalls[1] == before; n++)
			cpu_relax();
		got += upcalls[1] == before + 1;
	}
	enough = true;
	cpu_wait(1);
	check_eq(got, 20, "a vCPU that computes gets an upcall for each event");
	check_eq(upcalls[0], 0, "and the sender none");
	port_take(port);
}

static uint32_t ping_port, pong_port;

static uint64_t answer(uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++) {
		port_wait(ping_port);
		port_send(pong_port);
	}
	return rounds;
}

static void ping_pong(void)
{
	struct vcpu_runstate_info r;
	unsigned blocked = 0;

	ping_port = port_bind_ipi(1);
	pong_port = port_bind_ipi(0);
	cpu_go(1, answer, 200);
	for (unsigned i = 0; i < 200; i++) {
		if (i == 100)
			for (unsigned long n = 0; n < 1000000 && !blocked; n++) {
				HC(vcpu_op, VCPUOP_get_runstate_info, 1, &r);
				blocked = r.state == RUNSTATE_blocked;
				cpu_relax();
			}
		port_send(ping_port);
		port_wait(pong_port);
	}
	check_eq(cpu_wait(1), 200, "polls wake each other across vCPUs");
	check_eq(blocked, 1, "a vCPU that polls is blocked to others");
}

static void port_moves(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_bind_vcpu bind = { .vcpu = 1 };
	struct evtchn_status status = { .dom = DOMID_SELF };

	HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
	b.remote_port = a.port;
	HC(event_channel_op, EVTCHNOP_bind_interdomain, &b);
	bind.port = a.port;
	note("an interdomain port moves: %ld", HC(event_channel_op, EVTCHNOP_bind_vcpu, &bind));
	status.port = a.port;
	HC(event_channel_op, EVTCHNOP_status, &status);
	check_eq(status.vcpu, 1, "its status names vCPU 1");
	port_take(a.port);
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	shared_info->vcpu_info[1].evtchn_pending_sel = 0;
	port_send(b.local_port);
	check(shared_info->vcpu_info[1].evtchn_pending_sel && !shared_info->vcpu_info[0].evtchn_pending_sel,
	      "its event is told to vCPU 1");
	bind.vcpu = 31;
	note("to a vCPU that is not there: %ld", HC(event_channel_op, EVTCHNOP_bind_vcpu, &bind));
	bind = (struct evtchn_bind_vcpu){ .port = ping_port, .vcpu = 0 };
	note("an IPI port moves: %ld", HC(event_channel_op, EVTCHNOP_bind_vcpu, &bind));
	port_take(a.port);
	shared_info->vcpu_info[1].evtchn_pending_sel = 0;
}

static uint64_t set_timer(uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = { .flags = 0 };
	struct vcpu_runstate_info r;

	/* The state's entry time is on the clock that the timer wants. */
	HC(vcpu_op, VCPUOP_get_runstate_info, cpu_self(), &r);
	t.timeout_abs_ns = r.state_entry_time + ns;
	return (uint64_t)HC(vcpu_op, VCPUOP_set_singleshot_timer, cpu_self(), &t);
}

static void timers_of_others(void)
{
	struct evtchn_bind_virq op = { .virq = VIRQ_TIMER, .vcpu = 1 };
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };

	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_bind_virq, &op), 0, "vCPU 1 has its own VIRQ_TIMER");
	note("bound twice: %ld", HC(event_channel_op, EVTCHNOP_bind_virq, &op));
	note("a timer of another is not set: %ld", HC(vcpu_op, VCPUOP_set_singleshot_timer, 1, &t));
	check_eq(cpu_run(1, set_timer, 0), 0, "vCPU 1 sets its timer");
	for (unsigned long n = 0; n < 1000000 && !(shared_info->evtchn_pending[op.port / 64] >>
						  (op.port & 63) & 1); n++)
		cpu_relax();
	check(port_take(op.port), "and it fires on the port of vCPU 1");
	check(shared_info->vcpu_info[1].evtchn_pending_sel && !shared_info->vcpu_info[0].evtchn_pending_sel,
	      "which only vCPU 1 is told of");
	op.vcpu = 31;
	note("a VIRQ for a vCPU that is not there: %ld", HC(event_channel_op, EVTCHNOP_bind_virq, &op));
}

static uint64_t spin_until_enough(uint64_t arg)
{
	(void)arg;
	while (!enough)
		__asm__ volatile("pause");
	return 0;
}

static void run_states(void)
{
	struct vcpu_runstate_info a, b;
	bool seen = false;

	enough = false;
	cpu_go(1, spin_until_enough, 0);
	for (unsigned long n = 0; n < 1000000 && !seen; n++) {
		HC(vcpu_op, VCPUOP_get_runstate_info, 1, &a);
		seen = a.state == RUNSTATE_running || a.state == RUNSTATE_runnable;
		cpu_relax();
	}
	check(seen, "a vCPU that computes is running or runnable");
	for (unsigned long n = 0; n < 20000; n++)
		cpu_relax();
	HC(vcpu_op, VCPUOP_get_runstate_info, 1, &b);
	check(b.time[0] + b.time[1] > a.time[0] + a.time[1], "its time grows");
	check(b.time[RUNSTATE_blocked] == a.time[RUNSTATE_blocked] &&
	      b.time[RUNSTATE_offline] == a.time[RUNSTATE_offline], "but not that of being blocked or offline");
	enough = true;
	cpu_wait(1);
	cpu_stop(1);
	do {
		HC(sched_op, SCHEDOP_yield, 0);
		HC(vcpu_op, VCPUOP_get_runstate_info, 1, &a);
	} while (a.state == RUNSTATE_running || a.state == RUNSTATE_runnable);
	check_eq(a.state, RUNSTATE_offline, "a vCPU that is down is offline");
	note("a vCPU that is not there: %ld", HC(vcpu_op, VCPUOP_get_runstate_info, 31, &a));
}

void test_main(void)
{
	if (cpu_count() < 2) {
		print("# one vCPU: nothing to do");
		return;
	}
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	event_handler = count_upcall;
	check_eq((uint64_t)cpu_start(1), 0, "vCPU 1 runs");
	upcall_while_it_computes();
	ping_pong();
	port_moves();
	timers_of_others();
	run_states();
}
