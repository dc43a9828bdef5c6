// SPDX-License-Identifier: MIT
/*
 * Run states while vCPUs go from CPU to CPU: each vCPU yields, sleeps and computes, and pins itself to one CPU after
 * the other (SCHEDOP_pin_override, where there is more than one), while all read all run-state areas, as kernels do
 * to know of stolen time. The times of an area add up to the time that has passed, to the nanosecond; none goes back;
 * and who keeps to XEN_RUNSTATE_UPDATE never reads half of one.
 */
#include "../lib/clock.h"
#include "../lib/cpu.h"
#include "../lib/port.h"

const char test_name[] = "smpstates";

#define ROUNDS	100
#define VCPUS	4
#define RETRIES 1000000		/* of a read: an update is over long before */
#define MOVES	8		/* rounds on a CPU */

static struct vcpu_runstate_info area[VCPUS] __attribute__((aligned(64)));
/* What each vCPU has seen of each: [who][of whom]. */
static struct vcpu_runstate_info last[VCPUS][VCPUS];
static uint64_t born[VCPUS];		/* of each vCPU: the time less the sum of its times */
static struct wrong {
	uint64_t own, sums, back, torn, stuck, moves;
} wrong[VCPUS];
static uint32_t port[VCPUS];
static unsigned vcpus, cpus = 1;

static uint64_t sum(const struct vcpu_runstate_info *r)
{
	return r->time[RUNSTATE_running] + r->time[RUNSTATE_runnable] + r->time[RUNSTATE_blocked] +
	       r->time[RUNSTATE_offline];
}

/* The area of a vCPU as one whole; false when it never was one. */
static bool read_area(unsigned id, struct vcpu_runstate_info *r)
{
	const volatile struct vcpu_runstate_info *a = &area[id];

	for (unsigned n = 0; n < RETRIES; n++) {
		uint64_t entered = __atomic_load_n(&a->state_entry_time, __ATOMIC_ACQUIRE);

		if (entered & XEN_RUNSTATE_UPDATE) {
			__asm__ volatile("pause");
			continue;
		}
		*r = *(const struct vcpu_runstate_info *)a;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (entered == a->state_entry_time)
			return true;
	}
	return false;
}

static bool goes_back(const struct vcpu_runstate_info *now, const struct vcpu_runstate_info *before)
{
	bool back = now->state_entry_time < before->state_entry_time;

	for (unsigned i = 0; i < 4; i++)
		back |= now->time[i] < before->time[i];
	return back;
}

static void look_at(unsigned self, unsigned id)
{
	struct vcpu_runstate_info r;

	if (!read_area(id, &r)) {
		wrong[self].stuck++;
		return;
	}
	wrong[self].torn += r.state_entry_time - sum(&r) != born[id];
	wrong[self].back += goes_back(&r, &last[self][id]);
	last[self][id] = r;
}

/* The own area is as still as its vCPU's state. */
static void look_at_own(unsigned self)
{
	struct vcpu_runstate_info r = *(volatile struct vcpu_runstate_info *)&area[self];

	wrong[self].own += r.state != RUNSTATE_running || r.state_entry_time & XEN_RUNSTATE_UPDATE ||
			   r.state_entry_time > clock_ns();
}

/* What the hypervisor says when asked has the time of the present state in it. */
static void ask_for(unsigned self, unsigned id)
{
	uint64_t before = clock_ns(), after;
	struct vcpu_runstate_info r;

	HC(vcpu_op, VCPUOP_get_runstate_info, id, &r);
	after = clock_ns();
	wrong[self].sums += sum(&r) + born[id] < before || sum(&r) + born[id] > after;
}

static long pin(int cpu)
{
	struct sched_pin_override p = { .pcpu = cpu };

	return HC(sched_op, SCHEDOP_pin_override, &p);
}

static void sleep_a_little(unsigned self, uint64_t ns)
{
	struct sched_poll op = { .nr_ports = 1, .timeout = clock_ns() + ns };
	evtchn_port_t p = port[self];

	set_xen_guest_handle(op.ports, &p);
	HC(sched_op, SCHEDOP_poll, &op);
}

static void act(unsigned self, uint64_t random)
{
	switch (random % 3) {
	case 0:
		HC(sched_op, SCHEDOP_yield, 0);
		break;
	case 1:
		sleep_a_little(self, random % 100000);
		break;
	default:
		for (unsigned i = 0; i < random % 3000; i++)
			__asm__ volatile("pause");
	}
}

static uint64_t work(uint64_t self)
{
	uint64_t random = self + 1;

	for (unsigned round = 0; round < ROUNDS; round++) {
		random = random * 6364136223846793005UL + 1442695040888963407UL;
		if (cpus > 1 && round % MOVES == 0) {
			if (round)
				pin(-1);
			wrong[self].moves += pin((int)((random >> 40) % cpus)) != 0;
		}
		act((unsigned)self, random >> 33);
		look_at_own((unsigned)self);
		for (unsigned id = 0; id < vcpus; id++)
			look_at((unsigned)self, id);
		ask_for((unsigned)self, (unsigned)(random >> 50) % vcpus);
	}
	if (cpus > 1)
		pin(-1);
	return 0;
}

static uint64_t register_area(uint64_t self)
{
	struct vcpu_register_runstate_memory_area r = { .addr.v = (void *)&area[self] };
	long rc = HC(vcpu_op, VCPUOP_register_runstate_memory_area, self, &r);

	born[self] = area[self].state_entry_time - sum(&area[self]);
	return (uint64_t)rc;
}

static void find_cpus(void)
{
	while (cpus < 64 && !pin((int)cpus)) {
		pin(-1);
		cpus++;
	}
	print("# %u vCPUs on %u CPUs", vcpus, cpus);
}

static void check_all(uint64_t took, uint64_t ran)
{
	struct wrong w = { 0 };

	for (unsigned i = 0; i < vcpus; i++) {
		w.own += wrong[i].own;
		w.sums += wrong[i].sums;
		w.back += wrong[i].back;
		w.torn += wrong[i].torn;
		w.stuck += wrong[i].stuck;
		w.moves += wrong[i].moves;
	}
	check_eq(w.moves, 0, "each vCPU goes from CPU to CPU");
	check_eq(w.own, 0, "who reads its own area runs, and the area is at rest");
	check_eq(w.torn, 0, "the times of each area add up to the time when its state began");
	check_eq(w.back, 0, "no time goes back");
	check_eq(w.stuck, 0, "an update ends");
	check_eq(w.sums, 0, "what the hypervisor is asked for adds up to now");
	check(ran <= took * cpus, "all vCPUs together ran no longer than there were CPUs");
}

static uint64_t time_run(void)
{
	struct vcpu_runstate_info r;
	uint64_t ran = 0;

	for (unsigned i = 0; i < vcpus; i++) {
		HC(vcpu_op, VCPUOP_get_runstate_info, i, &r);
		ran += r.time[RUNSTATE_running];
	}
	return ran;
}

void test_main(void)
{
	uint64_t began, ran;

	vcpus = cpu_count() < VCPUS ? cpu_count() : VCPUS;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	check_eq((uint64_t)HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
		 "areas tell when they are written");
	find_cpus();
	for (unsigned i = 0; i < vcpus; i++) {
		port[i] = port_bind_ipi(i);
		if (i)
			check_eq((uint64_t)cpu_start(i), 0, "vCPU %u runs", i);
		check_eq(i ? cpu_run(i, register_area, i) : register_area(0), 0, "vCPU %u has an area", i);
	}
	began = clock_ns();
	ran = time_run();
	for (unsigned i = 1; i < vcpus; i++)
		cpu_go(i, work, i);
	work(0);
	for (unsigned i = 1; i < vcpus; i++)
		cpu_wait(i);
	ran = time_run() - ran;
	check_all(clock_ns() - began, ran);
}
