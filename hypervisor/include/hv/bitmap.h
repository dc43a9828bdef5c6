/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Bits in an array of 64-bit words. Plain accesses, not atomic: the caller holds the lock. Bits
 * above the last that the caller counts stay as they are and are never reported.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

/** Returns the first set (clear) bit at or above from, or bits when there is none below bits. */
size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from);
size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t from);

/** Returns how many of the first bits are set. */
size_t bitmap_count(const uint64_t *map, size_t bits);
