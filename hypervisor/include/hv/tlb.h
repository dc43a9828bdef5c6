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

#include <hv/cpumask.h>
#include <hv/types.h>

extern cpumask_t tlb_cpus;	/* the CPUs there are; CPU 0 until more come up */
extern cpumask_t tlb_idle;	/* those of them that idle: nobody uses what they remember, and they
				 * flush before they run a vCPU */
extern uint64_t tlb_clock;
extern uint64_t tlb_flushed[MAX_CPUS];

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
		cpumask_add_atomic(&tlb_idle, cpu);
	else
		cpumask_remove_atomic(&tlb_idle, cpu);
}

/** The CPUs that have not flushed since the stamp, and do not idle: one word of the set. */
static inline uint64_t tlb_stale_word(uint32_t stamp, unsigned word)
{
	uint64_t now = __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);
	uint32_t age = (uint32_t)now - stamp;
	const uint64_t *flushed = &tlb_flushed[word * 64];
	uint64_t stale = 0;

	for (uint64_t left = tlb_cpus.word[word] &
			     ~__atomic_load_n(&tlb_idle.word[word], __ATOMIC_SEQ_CST);
	     left; left &= left - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(left);

		if (age <= now - __atomic_load_n(&flushed[bit], __ATOMIC_ACQUIRE))
			stale |= 1ULL << bit;
	}
	return stale;
}

/** Whether there are any. */
static inline bool tlb_is_stale(uint32_t stamp)
{
	for (unsigned i = 0; i < cpumask_words; i++)
		if (tlb_stale_word(stamp, i))
			return true;
	return false;
}

/** Flushes the whole TLB of the CPUs, and notes it. */
void tlb_flush(const cpumask_t *cpus);
/** The same for this CPU alone. */
void tlb_flush_local(void);
/** Flushes those that have not flushed since the stamp. */
void tlb_flush_stale(uint32_t stamp);
struct frame;
/**
 * The same for a frame that changes its type and keeps its owner: of those that have not flushed since its
 * last use only the CPUs that run the owner, unless another domain mapped it meanwhile (FT_FOREIGN).
 * The caller has set FT_BUSY.
 */
void tlb_flush_users(const struct frame *f);
