// SPDX-License-Identifier: MIT
/*
 * What it costs to change from one vCPU to another, on one CPU: two vCPUs that yield to each other, and two
 * that wait for each other's events. Under QEMU's -icount shift=0 a TSC tick is an instruction; each row is the
 * least of several batches. Lines: "bench NAME COUNT".
 */
#include "../guest/lib/cpu.h"
#include "../guest/lib/port.h"

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

static uint64_t answer(uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++) {
		port_wait(ping_port);
		port_send(pong_port);
	}
	return 0;
}

static void events(void)
{
	uint64_t best = ~0UL;

	ping_port = port_bind_ipi(1);
	pong_port = port_bind_ipi(0);
	cpu_go(1, answer, BATCHES * N);
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t start = ticks();

		for (unsigned i = 0; i < N; i++) {
			port_send(ping_port);
			port_wait(pong_port);
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
