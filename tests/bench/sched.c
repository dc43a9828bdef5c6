// SPDX-License-Identifier: MIT
/*
 * What it costs to change from one vCPU to another, on one CPU: two vCPUs that yield to each other, and two
 * that wait for each other's events. Under QEMU's -icount shift=0 a TSC tick is an instruction; each row is the
 * least of several batches. Lines: "bench NAME COUNT".
 */
#include "../guest/lib/cpu.h"

const char test_name[] = "bench-sched";

#define BATCHES 7
#define N       200

static volatile bool stop;
static uint32_t ping_port, pong_port;

static inline uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static uint64_t yield_all_the_time(uint64_t arg)
{
	(void)arg;
	while (!stop)
		HC(sched_op, SCHEDOP_yield, 0);
	return 0;
}

static void report(const char *name, uint64_t best)
{
	print("bench %s %lu", name, (unsigned long)(best / N));
}

/* Two switches a turn, and two hypercalls. */
static void yields(void)
{
	uint64_t best = ~0UL;

	stop = false;
	cpu_go(1, yield_all_the_time, 0);
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t start = ticks();

		for (unsigned i = 0; i < N; i++)
			HC(sched_op, SCHEDOP_yield, 0);
		if (ticks() - start < best)
			best = ticks() - start;
	}
	stop = true;
	cpu_wait(1);
	report("a switch to another vCPU by yield", best / 2);
}

static bool take(uint32_t port)
{
	uint64_t bit = 1UL << (port & 63);

	return __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

static void poll_for(uint32_t port)
{
	struct sched_poll op = { .nr_ports = 1 };
	evtchn_port_t p = port;

	set_xen_guest_handle(op.ports, &p);
	while (!take(port))
		HC(sched_op, SCHEDOP_poll, &op);
}

static void send(uint32_t port)
{
	struct evtchn_send op = { port };

	HC(event_channel_op, EVTCHNOP_send, &op);
}

static uint64_t answer(uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++) {
		poll_for(ping_port);
		send(pong_port);
	}
	return 0;
}

static uint32_t bind_ipi(unsigned vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };

	HC(event_channel_op, EVTCHNOP_bind_ipi, &op);
	return op.port;
}

static void events(void)
{
	uint64_t best = ~0UL;

	ping_port = bind_ipi(1);
	pong_port = bind_ipi(0);
	cpu_go(1, answer, BATCHES * N);
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t start = ticks();

		for (unsigned i = 0; i < N; i++) {
			send(ping_port);
			poll_for(pong_port);
		}
		if (ticks() - start < best)
			best = ticks() - start;
	}
	cpu_wait(1);
	report("event to another vCPU, block, and its answer", best);
}

void test_main(void)
{
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	if (cpu_start(1))
		return;
	yields();
	events();
}
