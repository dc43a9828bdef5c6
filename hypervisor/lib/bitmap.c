// SPDX-License-Identifier: MIT
/*
 * Searches over bitmaps, a word at a time: event channels, free ports and the frame
 * allocator look for a bit in thousands.
 */
#include "hv/bitmap.h"

/* flip is 0 to look for set bits and all ones to look for clear ones. */
static size_t find_from(const uint64_t *map, size_t bits, size_t from, uint64_t flip)
{
	if (from >= bits)
		return bits;
	size_t i = from / 64;
	uint64_t word = (map[i] ^ flip) & (~UINT64_C(0) << (from % 64));

	while (word == 0) {
		if (++i >= BITMAP_WORDS(bits))
			return bits;
		word = map[i] ^ flip;
	}
	size_t found = i * 64 + (unsigned)__builtin_ctzll(word);

	return found < bits ? found : bits;
}

size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from)
{
	return find_from(map, bits, from, 0);
}

size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t from)
{
	return find_from(map, bits, from, ~UINT64_C(0));
}

/* In arithmetic: __builtin_popcountll() is a library call without -mpopcnt. */
static unsigned word_count(uint64_t w)
{
	w -= w >> 1 & UINT64_C(0x5555555555555555);
	w = (w & UINT64_C(0x3333333333333333)) + (w >> 2 & UINT64_C(0x3333333333333333));
	w = (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(w * UINT64_C(0x0101010101010101) >> 56);
}

size_t bitmap_count(const uint64_t *map, size_t bits)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < bits / 64; i++)
		count += word_count(map[i]);
	if (bits % 64 != 0)
		count += word_count(map[i] & ((UINT64_C(1) << (bits % 64)) - 1));
	return count;
}
