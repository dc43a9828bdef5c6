/* SPDX-License-Identifier: MIT */
/*
 * A set of CPUs, as many as there may be. CPUs are numbered without gaps, so only the words that
 * can have a CPU are looked at: one on machines of up to 64 CPUs. What is in the others is void
 * but to those that copy a whole set.
 *
 * Sets that several CPUs change are changed by the _atomic functions; every word is read once.
 */
#pragma once

#include <format/layout.h>
#include <hv/types.h>

#define CPUMASK_WORDS (MAX_CPUS / 64)

typedef struct {
	uint64_t word[CPUMASK_WORDS];
} cpumask_t;

/** Words of a set that are in use; grows while CPUs are started, before the first guest runs. */
extern unsigned cpumask_words;

/** The bit of a CPU in its word. */
static inline uint64_t cpumask_bit(unsigned cpu)
{
	return 1ULL << (cpu % 64);
}

static inline bool cpumask_has(const cpumask_t *m, unsigned cpu)
{
	return READ_ONCE(m->word[cpu / 64]) >> (cpu % 64) & 1;
}

static inline void cpumask_add(cpumask_t *m, unsigned cpu)
{
	m->word[cpu / 64] |= cpumask_bit(cpu);
}

static inline void cpumask_remove(cpumask_t *m, unsigned cpu)
{
	m->word[cpu / 64] &= ~cpumask_bit(cpu);
}

/** These are full barriers, too. */
static inline void cpumask_add_atomic(cpumask_t *m, unsigned cpu)
{
	__atomic_fetch_or(&m->word[cpu / 64], cpumask_bit(cpu), __ATOMIC_SEQ_CST);
}

static inline void cpumask_remove_atomic(cpumask_t *m, unsigned cpu)
{
	__atomic_fetch_and(&m->word[cpu / 64], ~cpumask_bit(cpu), __ATOMIC_SEQ_CST);
}

static inline void cpumask_clear(cpumask_t *m)
{
	m->word[0] = 0;
	for (unsigned i = 1; unlikely(i < cpumask_words); i++)
		m->word[i] = 0;
}

/** All that there could ever be. */
static inline cpumask_t cpumask_all(void)
{
	cpumask_t m;

	for (unsigned i = 0; i < CPUMASK_WORDS; i++)
		m.word[i] = ~0ULL;
	return m;
}

/** CPU 0 to n - 1. */
static inline cpumask_t cpumask_first_n(unsigned n)
{
	cpumask_t m;

	for (unsigned i = 0; i < CPUMASK_WORDS; i++) {
		unsigned left = n > i * 64 ? n - i * 64 : 0;

		m.word[i] = left >= 64 ? ~0ULL : (1ULL << left) - 1;
	}
	return m;
}

/** One CPU alone. */
static inline cpumask_t cpumask_of(unsigned cpu)
{
	cpumask_t m = { { 0 } };

	cpumask_add(&m, cpu);
	return m;
}

static inline bool cpumask_is_empty(const cpumask_t *m)
{
	uint64_t any = READ_ONCE(m->word[0]);

	for (unsigned i = 1; unlikely(i < cpumask_words); i++)
		any |= READ_ONCE(m->word[i]);
	return !any;
}

/** Whether the set has this CPU and no other. */
static inline bool cpumask_is_only(const cpumask_t *m, unsigned cpu)
{
	if (likely(cpumask_words == 1))
		return m->word[0] == cpumask_bit(cpu);
	for (unsigned i = 0; i < cpumask_words; i++)
		if (m->word[i] != (i == cpu / 64 ? cpumask_bit(cpu) : 0))
			return false;
	return true;
}

static inline bool cpumask_equal(const cpumask_t *a, const cpumask_t *b)
{
	bool equal = true;

	for (unsigned i = 0; i < cpumask_words; i++)
		equal &= a->word[i] == b->word[i];
	return equal;
}

/** to = a and b. Returns whether any is left. */
static inline bool cpumask_and(cpumask_t *to, const cpumask_t *a, const cpumask_t *b)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < cpumask_words; i++) {
		to->word[i] = READ_ONCE(a->word[i]) & READ_ONCE(b->word[i]);
		any |= to->word[i];
	}
	return any;
}

static inline bool cpumask_intersects(const cpumask_t *a, const cpumask_t *b)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < cpumask_words; i++)
		any |= READ_ONCE(a->word[i]) & READ_ONCE(b->word[i]);
	return any;
}

/** The first CPU of the set from that number on; MAX_CPUS: there is none. */
static inline unsigned cpumask_next(const cpumask_t *m, unsigned from)
{
	uint64_t word;

	for (unsigned i = from / 64; i < cpumask_words; i++) {
		word = READ_ONCE(m->word[i]);
		if (i == from / 64)
			word &= ~0ULL << (from % 64);
		if (word)
			return i * 64 + (unsigned)__builtin_ctzll(word);
	}
	return MAX_CPUS;
}

static inline unsigned cpumask_first(const cpumask_t *m)
{
	return cpumask_next(m, 0);
}

#define for_each_cpu(cpu, m) \
	for (unsigned cpu = cpumask_first(m); cpu < MAX_CPUS; cpu = cpumask_next(m, cpu + 1))
