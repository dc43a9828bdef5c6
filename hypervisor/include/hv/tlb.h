/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs may still translate to a frame by what they remember of page tables that have
 * changed since. A guest flushes for its own sake; the hypervisor must flush before a frame
 * changes its type or its owner, and mostly need not, because the CPU has flushed meanwhile.
 *
 * A clock counts flushes. A frame whose last use ends is stamped with the clock (32 bits), a CPU
 * notes the tick that began its last full flush. The CPU is clean when its tick came after the
 * stamp. A stamp that has gone round looks younger than it is, which flushes once too often.
 */
#pragma once

#include <hv/types.h>

#define TLB_CPUS 64

extern uint64_t tlb_cpus;	/* the CPUs there are; 1 until more come up */
extern uint64_t tlb_idle;	/* those of them that idle: nobody uses what they remember, and they
				 * flush before they run a vCPU */
extern uint64_t tlb_clock;
extern uint64_t tlb_flushed[TLB_CPUS];

static inline uint32_t tlb_stamp(void)
{
	return (uint32_t)__atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);
}

/** Starts a full flush of a CPU; its result goes to tlb_flush_done(). */
static inline uint64_t tlb_flush_begin(void)
{
	return __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);
}

/** Notes that the CPU has flushed all, global entries too, since that tick. */
static inline void tlb_flush_done(unsigned cpu, uint64_t tick)
{
	__atomic_store_n(&tlb_flushed[cpu], tick, __ATOMIC_RELEASE);
}

/** This CPU has left its last guest's page table, or is about to load one and to flush. */
static inline void tlb_set_idle(unsigned cpu, bool idle)
{
	if (idle)
		__atomic_fetch_or(&tlb_idle, 1ULL << cpu, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&tlb_idle, ~(1ULL << cpu), __ATOMIC_SEQ_CST);
}

/** The CPUs that have not flushed since the stamp, and do not idle. */
uint64_t tlb_stale_cpus(uint32_t stamp);

/** Flushes the whole TLB of the CPUs, and notes it. */
void tlb_flush(uint64_t cpus);
/** The same for this CPU alone. */
void tlb_flush_local(void);
/** Flushes those that have not flushed since the stamp. */
void tlb_flush_stale(uint32_t stamp);
