// SPDX-License-Identifier: MIT
#include "clock.h"

#include "cpu.h"

static uint64_t tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* A version that stays the same and is even: neither changed meanwhile nor on another CPU. */
uint64_t clock_ns(void)
{
	const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[cpu_self()].time;
	uint32_t version;
	uint64_t ns;

	do {
		uint64_t delta;

		version = t->version;
		__asm__ volatile("" : : : "memory");
		delta = tsc() - t->tsc_timestamp;
		delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
		ns = t->system_time + (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
		__asm__ volatile("" : : : "memory");
	} while (version & 1 || version != t->version);
	return ns;
}
