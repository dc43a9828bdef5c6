// SPDX-License-Identifier: MIT
/*
 * Timers of several vCPUs at once: set, set again before they are due, taken back, periodic; by set_timer_op and by
 * vcpu_op, on vCPUs that sleep, compute, and go from CPU to CPU. Each that is due comes (one that is lost is waited
 * for until the test's time is over), none comes before its time, none after it was taken back.
 */
#include "../lib/clock.h"
#include "../lib/cpu.h"
#include "../lib/port.h"

const char test_name[] = "smptimers";

#define ROUNDS	80
#define VCPUS	4
#define MS	1000000UL
#define TICKS	10

static struct result {
	uint64_t early, refused, ghosts, rounds;
	uint64_t ticks_took;
} results[VCPUS];
static uint32_t timer_port[VCPUS], other_port[VCPUS];
static unsigned vcpus, cpus = 1;

static long pin(int cpu)
{
	struct sched_pin_override p = { .pcpu = cpu };

	return HC(sched_op, SCHEDOP_pin_override, &p);
}

/* Sets the one timer of this vCPU, by either call. */
static void set(unsigned self, uint64_t when, bool by_vcpu_op)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = when };
	long rc = by_vcpu_op ? HC(vcpu_op, VCPUOP_set_singleshot_timer, self, &t) : HC(set_timer_op, when);

	results[self].refused += rc != 0;
}

static void take_back(unsigned self, bool by_vcpu_op)
{
	long rc = by_vcpu_op ? HC(vcpu_op, VCPUOP_stop_singleshot_timer, self, 0) : HC(set_timer_op, 0);

	results[self].refused += rc != 0;
}

static void compute_until(uint32_t port)
{
	while (!(__atomic_load_n(&shared_info->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >> (port & 63) & 1))
		cpu_relax();
	port_take(port);
}

static void wait_for(unsigned self, bool asleep)
{
	if (asleep)
		port_wait(timer_port[self]);
	else
		compute_until(timer_port[self]);
}

static void sleep_until(unsigned self, uint64_t when)
{
	struct sched_poll op = { .nr_ports = 1, .timeout = when };
	evtchn_port_t p = other_port[self];

	set_xen_guest_handle(op.ports, &p);
	while (clock_ns() < when)
		HC(sched_op, SCHEDOP_poll, &op);
}

static void one_timer(unsigned self, uint64_t random)
{
	uint64_t when = clock_ns() + random % (2 * MS);

	set(self, when, random >> 30 & 1);
	wait_for(self, random >> 29 & 1);
	results[self].early += clock_ns() < when;
}

/* The second takes the first one's place, which has not fired by then if it was not due. */
static void two_timers(unsigned self, uint64_t random)
{
	uint64_t now = clock_ns(), first = now + random % (2 * MS), second = now + (random >> 8) % (2 * MS);
	bool replaced;

	set(self, first, random >> 30 & 1);
	set(self, second, random >> 29 & 1);
	replaced = clock_ns() < first;
	wait_for(self, random >> 28 & 1);
	results[self].early += clock_ns() < (replaced || second < first ? second : first);
	/* The first may have come in time, and the second after it. */
	take_back(self, false);
	port_take(timer_port[self]);
}

static void no_timer(unsigned self, uint64_t random)
{
	uint64_t when = clock_ns() + random % MS;

	set(self, when, random >> 30 & 1);
	take_back(self, random >> 29 & 1);
	port_take(timer_port[self]);
	sleep_until(self, when + 1);
	results[self].ghosts += port_take(timer_port[self]);
}

/* Whether the time is to be in the future (VCPU_SSHOTTMR_future) Xen does not ask. */
static void past_timer(unsigned self, uint64_t random)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future };

	results[self].refused += HC(vcpu_op, VCPUOP_set_singleshot_timer, self, &t) != 0;
	wait_for(self, random >> 30 & 1);
}

/* Ticks come to who runs; a vCPU that waits for its CPU has them late, and not all of them. */
static void ticks(unsigned self)
{
	struct vcpu_set_periodic_timer t = { .period_ns = MS };
	uint64_t began = clock_ns();

	results[self].refused += HC(vcpu_op, VCPUOP_set_periodic_timer, self, &t) != 0;
	for (unsigned i = 0; i < TICKS; i++)
		compute_until(timer_port[self]);
	results[self].ticks_took = clock_ns() - began;
	results[self].refused += HC(vcpu_op, VCPUOP_stop_periodic_timer, self, 0) != 0;
	port_take(timer_port[self]);
	sleep_until(self, clock_ns() + 3 * MS);
	results[self].ghosts += port_take(timer_port[self]);
}

static uint64_t work(uint64_t id)
{
	static void (*const acts[])(unsigned self, uint64_t random) = {
		one_timer, two_timers, no_timer, past_timer, one_timer,
	};
	unsigned self = (unsigned)id;
	uint64_t random = id + 1;

	HC(vcpu_op, VCPUOP_stop_periodic_timer, self, 0);
	take_back(self, false);
	port_take(timer_port[self]);
	for (unsigned round = 0; round < ROUNDS; round++) {
		random = random * 6364136223846793005UL + 1442695040888963407UL;
		if (cpus > 1 && round % 8 == 0) {
			if (round)
				pin(-1);
			pin((int)((random >> 40) % cpus));
		}
		acts[(random >> 58) % (sizeof(acts) / sizeof(acts[0]))](self, random >> 33);
		results[self].rounds++;
	}
	if (cpus > 1)
		pin(-1);
	ticks(self);
	return 0;
}

static void prepare(unsigned id)
{
	struct evtchn_bind_virq op = { .virq = VIRQ_TIMER, .vcpu = id };

	if (id)
		check_eq((uint64_t)cpu_start(id), 0, "vCPU %u runs", id);
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_bind_virq, &op), 0, "vCPU %u has a timer", id);
	timer_port[id] = op.port;
	other_port[id] = port_bind_ipi(id);
}

void test_main(void)
{
	struct result sum = { 0 };
	uint64_t shortest = ~0UL;

	vcpus = cpu_count() < VCPUS ? cpu_count() : VCPUS;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	while (cpus < 64 && !pin((int)cpus)) {
		pin(-1);
		cpus++;
	}
	print("# %u vCPUs on %u CPUs", vcpus, cpus);
	for (unsigned i = 0; i < vcpus; i++)
		prepare(i);
	for (unsigned i = 1; i < vcpus; i++)
		cpu_go(i, work, i);
	work(0);
	for (unsigned i = 1; i < vcpus; i++)
		cpu_wait(i);
	for (unsigned i = 0; i < vcpus; i++) {
		sum.rounds += results[i].rounds;
		sum.early += results[i].early;
		sum.ghosts += results[i].ghosts;
		sum.refused += results[i].refused;
		if (results[i].ticks_took < shortest)
			shortest = results[i].ticks_took;
	}
	check_eq(sum.rounds, ROUNDS * vcpus, "no timer is lost");
	check_eq(sum.early, 0, "none comes before its time");
	check_eq(sum.ghosts, 0, "none comes that was taken back");
	check_eq(sum.refused, 0, "and all calls say what they should");
	check(shortest >= (TICKS - 2) * MS, "%u ticks of a millisecond take %u at least", TICKS, TICKS - 2);
}
