/* SPDX-License-Identifier: MIT */
/*
 * Is a CPU's TSC the first one's? Both read theirs, one at a time, for a while: a reading
 * that is smaller than the one before, which the other made, is a warp. Firmware that has
 * set IA32_TSC_ADJUST differently is corrected; what then still differs is measured.
 */
#include "tsc.h"

#include <cpu/insn.h>
#include <format/msr.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/lock.h>
#include <hv/log.h>

#define WARP_READINGS	1000u
#define OFFSET_READINGS	200u
#define CPUID_TSC_ADJUST (1u << 1)

/* What both write: steps[] are how far each has come, in turns that are numbered. */
static struct {
	volatile uint32_t step[2];	/* 0: the first CPU, 1: the other */
	volatile uint32_t next_round;	/* whether the other wants it all again */
	uint32_t taken;			/* atomic: who reads has it */
	uint64_t last, warp;		/* of who has it */
	volatile uint64_t answer;
	uint64_t adjust;		/* the first CPU's IA32_TSC_ADJUST */
} sync;
static bool unstable;

enum { WARP_AGAIN = 1, MEASURE, DONE };

/* Both have come here. */
static void meet(unsigned me)
{
	uint32_t mine = ++sync.step[me];

	while ((int32_t)(sync.step[!me] - mine) < 0)
		arch_relax();
}

static bool has_adjust(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < 7)
		return false;
	cpuid(7, 0, r);
	return r[1] & CPUID_TSC_ADJUST;
}

/* Returns by how much time went back at most, as both see it. */
static uint64_t find_warp(unsigned me)
{
	meet(me);
	for (unsigned i = 0; i < WARP_READINGS; i++) {
		uint64_t before, now;

		while (__atomic_exchange_n(&sync.taken, 1, __ATOMIC_ACQUIRE))
			arch_relax();
		before = sync.last;
		now = rdtsc_ordered();
		sync.last = now;
		if (before > now && before - now > sync.warp)
			sync.warp = before - now;
		__atomic_store_n(&sync.taken, 0, __ATOMIC_RELEASE);
	}
	meet(me);
	return sync.warp;
}

/* The first CPU's part of measuring: tells its TSC whenever it is asked. */
static void tell(void)
{
	for (unsigned i = 0; i < OFFSET_READINGS; i++) {
		meet(0);
		sync.answer = rdtsc_ordered();
		meet(0);
	}
}

/* How far the first CPU's TSC is ahead, by the shortest of many questions. */
static uint64_t ask(void)
{
	uint64_t best = ~0UL, offset = 0;

	for (unsigned i = 0; i < OFFSET_READINGS; i++) {
		uint64_t start = rdtsc_ordered(), end;

		meet(1);
		meet(1);
		end = rdtsc_ordered();
		if (end - start < best) {
			best = end - start;
			offset = sync.answer - (start + (end - start) / 2);
		}
	}
	return offset;
}

void tsc_sync_first(void)
{
	if (has_adjust())
		sync.adjust = rdmsr(MSR_TSC_ADJUST);
	do {
		sync.last = sync.warp = 0;
		find_warp(0);
		meet(0);
		if (sync.next_round == MEASURE)
			tell();
	} while (sync.next_round == WARP_AGAIN);
	if (sync.next_round == MEASURE)
		unstable = true;
}

/* Tells the first CPU how it goes on. */
static void go_on(uint32_t how)
{
	sync.next_round = how;
	meet(1);
}

void tsc_sync_cpu(void)
{
	struct cpu *c = this_cpu();
	uint64_t warp = find_warp(1), offset;

	c->tsc_base = cpu_by_id(0)->tsc_base;
	if (warp && has_adjust() && rdmsr(MSR_TSC_ADJUST) != sync.adjust) {
		wrmsr(MSR_TSC_ADJUST, sync.adjust);
		go_on(WARP_AGAIN);
		warp = find_warp(1);
	}
	if (!warp) {
		go_on(DONE);
		return;
	}
	go_on(MEASURE);
	offset = ask();
	c->tsc_base -= offset;
	log_warn("CPU%u: its TSC differs by up to %lu from the first CPU's: it has a base of its own",
		 c->id, (unsigned long)warp);
}

bool arch_tsc_is_stable(void)
{
	return !unstable;
}
