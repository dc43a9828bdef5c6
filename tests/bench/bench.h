/* SPDX-License-Identifier: MIT */
/* What the rows of the benchmark kernel share: a row is measured and printed. */
#pragma once

#include "../guest/lib/test.h"

#define BATCHES 7
#define N       200

static inline uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

extern uint64_t overhead;	/* of two readings */

#define BENCH(name, n, ...)                                                              \
	do {                                                                              \
		uint64_t best = ~0UL;                                                     \
		for (unsigned batch = 0; batch < BATCHES; batch++) {                      \
			uint64_t start = ticks();                                         \
			for (unsigned i = 0; i < (n); i++) {                              \
				__VA_ARGS__;                                              \
			}                                                                 \
			uint64_t took = ticks() - start - overhead;                       \
			if (took < best)                                                  \
				best = took;                                              \
		}                                                                         \
		print("bench %s %lu", name, (unsigned long)(best / (n)));                 \
	} while (0)

/** Clears the words of the first 64 ports and returns by iret: the least that an upcall can do. */
extern const char fast_event[];

/** The rows of batches.c; the two pages are the kernel's, mapped writable, and are so afterwards. */
void batches(char *page, char *other);
/** Those of spaces.c and machine.c. After machine() events are of the FIFO ABI. */
void spaces(void);
void machine(void);
