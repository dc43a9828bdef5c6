// SPDX-License-Identifier: MIT
/* Floating-point and vector state: kept over what takes the CPU away, and switched on by XSETBV. */
#include "../lib/test.h"

#include <xen/event_channel.h>

const char test_name[] = "fpu";

#define CR4_OSXSAVE (1UL << 18)

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}

/* Blocks until a timer that is a little ahead fires: another vCPU, or none, has the CPU. */
static void sleep_a_little(void)
{
	volatile vcpu_time_info_t *t = &shared_info->vcpu_info[0].time;

	HC(set_timer_op, t->system_time + 2000000000UL);
	HC(sched_op, SCHEDOP_yield, 0);
	HC(set_timer_op, 0);
	for (unsigned i = 0; i < 5; i++) {
		struct sched_poll poll = { .timeout = 1 };	/* in the past */

		HC(sched_op, SCHEDOP_poll, &poll);
	}
}

static void legacy_state(void)
{
	static const uint32_t control = 0x3f80;
	uint64_t in[2] = { 0x1122334455667788, 0x99aabbccddeeff00 }, out[2] = { 0, 0 };
	uint32_t mxcsr = 0;
	uint16_t fcw = 0, wanted = 0x27f;

	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(fcw), "=m"(mxcsr));
	note("a new vCPU has fcw %#x, mxcsr %#x", fcw, mxcsr);
	__asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(wanted), "m"(control));
	__asm__ volatile("movups %0, %%xmm15; movups %0, %%xmm7" : : "m"(in) : "xmm15", "xmm7");
	sleep_a_little();
	__asm__ volatile("movups %%xmm15, %0" : "=m"(out));
	check(in[0] == out[0] && in[1] == out[1], "vector registers are kept");
	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(fcw), "=m"(mxcsr));
	check_eq(fcw, wanted, "the control word is kept");
	check_eq(mxcsr, control, "mxcsr is kept");
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"((const uint32_t){ 0x1f80 }));
}

static void set_xcr0(uint32_t value)
{
	TRY("mov %0, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; xsetbv", : : "r"(value)
	    : "rax", "rcx", "rdx");
}

static void avx_state(void)
{
	uint64_t in[4] = { 1, 2, 3, 4 }, out[4] = { 0 };

	set_xcr0(7);
	check_eq(trap.vector, ~0UL, "AVX can be enabled");
	__asm__ volatile("vmovups %0, %%ymm9" : : "m"(in) : "xmm9");
	sleep_a_little();
	__asm__ volatile("vmovups %%ymm9, %0" : "=m"(out));
	check(out[0] == 1 && out[1] == 2 && out[2] == 3 && out[3] == 4, "AVX registers are kept");
	set_xcr0(3);
	TRY("vmovups %%ymm9, %%ymm8", : : : "rax");
	check_eq(trap.vector, 6, "AVX can be disabled");
	set_xcr0(7);
	__asm__ volatile("vmovups %%ymm9, %0" : "=m"(out));
	check(out[2] == 3 && out[3] == 4, "and comes back with its registers");
}

static void extended_state(void)
{
	uint32_t r[4], lo = 0, hi = 0;
	uint64_t cr4;

	cpuid(1, 0, r);
	if (!(r[2] & 1u << 26)) {
		TRY("xor %%ecx, %%ecx; xgetbv", : : : "rax", "rcx", "rdx");
		note("no XSAVE: xgetbv vector %ld", (long)trap.vector);
		set_xcr0(1);
		note("no XSAVE: xsetbv vector %ld", (long)trap.vector);
		return;
	}
	set_xcr0(1);
	check_eq(trap.vector, 13, "XSETBV needs CR4.OSXSAVE");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSXSAVE));
	cpuid(1, 0, r);
	check(r[2] & 1u << 27, "which CPUID tells then");
	set_xcr0(1);
	check_eq(trap.vector, ~0UL, "with it XSETBV works");
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	check_eq(lo, 1, "XGETBV reads it");
	set_xcr0(2);
	check_eq(trap.vector, 13, "x87 cannot be switched off");
	set_xcr0(5);
	check_eq(trap.vector, 13, "AVX without SSE is refused");
	set_xcr0(1u << 31 | 1);
	check_eq(trap.vector, 13, "an unknown state is refused");
	cpuid(0xd, 0, r);
	check_eq(r[1], 576, "an area with x87 alone has 576 bytes");
	if (r[0] & 4)
		avx_state();
}

void test_main(void)
{
	legacy_state();
	extended_state();
}
