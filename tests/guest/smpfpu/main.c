// SPDX-License-Identifier: MIT
/*
 * Floating-point registers of a vCPU that goes from CPU to CPU (SCHEDOP_pin_override). A hypervisor may leave them in
 * a CPU until somebody else's come, to save the loading when the same vCPU comes back. When it has been on another
 * CPU meanwhile, what lies there is old: on each way back the registers must be the latest, although nobody but this
 * vCPU has used any in between.
 */
#include "../lib/cpu.h"

const char test_name[] = "smpfpu";

#define MAX_CPUS 4
#define ROUNDS	 25

struct registers {
	uint64_t xmm0[2], xmm15[2];
	uint64_t st;		/* the top of the stack, an integer */
	uint32_t mxcsr;
};

static unsigned cpus;

/* Here and now; from where it was pinned before, if it was. */
static long pin(unsigned cpu)
{
	struct sched_pin_override p = { .pcpu = -1 };

	HC(sched_op, SCHEDOP_pin_override, &p);
	p.pcpu = (int)cpu;
	return HC(sched_op, SCHEDOP_pin_override, &p);
}

static void fill(uint64_t n)
{
	const struct registers r = { .xmm0 = { n, ~n }, .xmm15 = { n * 3, n * 5 }, .st = n,
				     .mxcsr = 0x1f80 | (n & 3) << 13 };

	__asm__ volatile("fninit; fildll %0; movups %1, %%xmm0; movups %2, %%xmm15; ldmxcsr %3"
			 : : "m"(r.st), "m"(r.xmm0), "m"(r.xmm15), "m"(r.mxcsr));
}

/* How many of them are not what fill(n) has left. */
static unsigned differ(uint64_t n)
{
	struct registers r = { .st = 0 };

	__asm__ volatile("fistpll %0; movups %%xmm0, %1; movups %%xmm15, %2; stmxcsr %3"
			 : "=m"(r.st), "=m"(r.xmm0), "=m"(r.xmm15), "=m"(r.mxcsr));
	return (r.st != n) + (r.xmm0[0] != n || r.xmm0[1] != ~n) +
	       (r.xmm15[0] != n * 3 || r.xmm15[1] != n * 5) + (r.mxcsr != (0x1f80 | (n & 3) << 13));
}

/* From a to b and back, each time with other values. */
static unsigned there_and_back(unsigned a, unsigned b, uint64_t n)
{
	unsigned wrong = 0;

	pin(a);
	fill(n);
	pin(b);
	wrong += differ(n);
	fill(n + 1);
	pin(a);
	wrong += differ(n + 1);
	pin(b);
	fill(n + 2);		/* without a look: the CPU may have been told that nobody uses them */
	pin(a);
	return wrong + differ(n + 2);
}

/* What another vCPU does there meanwhile. */
static uint64_t use(uint64_t n)
{
	pin((unsigned)n % cpus);
	fill(n);
	pin((unsigned)(n + 1) % cpus);
	return differ(n);
}

static void alone(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned a = 0; a < cpus; a++)
			for (unsigned b = 0; b < cpus; b++)
				wrong += a != b && there_and_back(a, b, 1000 * i + 100 * a + 10 * b);
	check_eq(wrong, 0, "registers follow a vCPU from CPU to CPU and back");
}

static void beside_another(void)
{
	unsigned wrong = 0;

	if (cpu_count() < 2 || cpu_start(1))
		return;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pin(i % cpus);
		fill(~(uint64_t)i >> 8);
		wrong += cpu_run(1, use, i + 1) != 0;
		pin((i + 1) % cpus);
		wrong += differ(~(uint64_t)i >> 8) != 0;
		wrong += cpu_run(1, use, i) != 0;
		pin(i % cpus);
		fill(i);
		wrong += differ(i) != 0;
	}
	check_eq(wrong, 0, "and stay its own where another uses them on the same CPUs");
	cpu_stop(1);
}

void test_main(void)
{
	while (cpus < MAX_CPUS && !pin(cpus))
		cpus++;
	print("# %u CPUs", cpus);
	check(cpus >= 1, "a vCPU can be pinned");
	alone();
	beside_another();
}
