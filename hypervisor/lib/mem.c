// SPDX-License-Identifier: MIT
/*
 * The memory functions that the compiler takes for granted, for programs without a C library: the
 * hypervisor and the UEFI application. In plain C, eight bytes at a time where both sides allow
 * it: string instructions have a start-up cost that the short copies of hypercall arguments feel.
 *
 * Build with -fno-tree-loop-distribute-patterns, or gcc turns the loops into calls of themselves.
 */
#include "hv/mem.h"

#include <stdint.h>

/* x86 reads and writes words at any address; the attributes tell the compiler so. */
typedef uint64_t word __attribute__((may_alias, aligned(1)));

/* Right also where the ranges overlap, as long as "to" is the lower one. */
static inline void copy_forwards(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= 32; n -= 32, to += 32, from += 32) {
		word a = ((const word *)from)[0], b = ((const word *)from)[1];
		word c = ((const word *)from)[2], d = ((const word *)from)[3];

		((word *)to)[0] = a;
		((word *)to)[1] = b;
		((word *)to)[2] = c;
		((word *)to)[3] = d;
	}
	for (; n >= 8; n -= 8, to += 8, from += 8)
		*(word *)to = *(const word *)from;
	for (; n > 0; n--)
		*to++ = *from++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_forwards(to, from, n);
	return to;
}

static void copy_backwards(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= 8; n -= 8)
		*(word *)(to + n - 8) = *(const word *)(from + n - 8);
	for (; n > 0; n--)
		to[n - 1] = from[n - 1];
}

void *memmove(void *to, const void *from, size_t n)
{
	if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_forwards(to, from, n);
	else
		copy_backwards(to, from, n);
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	uint8_t *t = to;
	uint64_t pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);

	for (; n >= 32; n -= 32, t += 32) {
		((word *)t)[0] = pattern;
		((word *)t)[1] = pattern;
		((word *)t)[2] = pattern;
		((word *)t)[3] = pattern;
	}
	for (; n >= 8; n -= 8, t += 8)
		*(word *)t = pattern;
	for (; n > 0; n--)
		*t++ = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	while (n >= 8 && *(const word *)x == *(const word *)y) {
		x += 8;
		y += 8;
		n -= 8;
	}
	for (; n > 0; n--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}
