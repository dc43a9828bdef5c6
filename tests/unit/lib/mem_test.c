// SPDX-License-Identifier: MIT
/*
 * The memory functions of lib/mem.c against the C library's, over every small length, alignment
 * and overlap. The file is included under other names, since the library's are in use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#include "../../../hypervisor/lib/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define SPAN 160
#define LENGTHS 80

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 37 + 11);
}

static void copying_agrees_with_the_library(void **state)
{
	uint8_t from[SPAN], ours[SPAN], theirs[SPAN];

	(void)state;
	fill(from, SPAN);
	for (size_t n = 0; n < LENGTHS; n++) {
		for (size_t at = 0; at < 9; at++) {
			memset(ours, 0xee, SPAN);
			memset(theirs, 0xee, SPAN);
			assert_ptr_equal(our_memcpy(ours + at, from + 8 - at, n), ours + at);
			memcpy(theirs + at, from + 8 - at, n);
			assert_memory_equal(ours, theirs, SPAN);
		}
	}
}

static void moving_is_right_for_every_overlap(void **state)
{
	uint8_t ours[SPAN], theirs[SPAN];

	(void)state;
	for (size_t n = 0; n < LENGTHS; n++) {
		for (size_t to = 0; to < 70; to++) {
			fill(ours, SPAN);
			fill(theirs, SPAN);
			assert_ptr_equal(our_memmove(ours + to, ours + 35, n), ours + to);
			memmove(theirs + to, theirs + 35, n);
			assert_memory_equal(ours, theirs, SPAN);
		}
	}
}

static void setting_touches_exactly_its_bytes(void **state)
{
	uint8_t ours[SPAN], theirs[SPAN];

	(void)state;
	for (size_t n = 0; n < LENGTHS; n++) {
		for (size_t at = 0; at < 9; at++) {
			fill(ours, SPAN);
			fill(theirs, SPAN);
			our_memset(ours + at, 0x1a5, n);
			memset(theirs + at, 0x1a5, n);
			assert_memory_equal(ours, theirs, SPAN);
		}
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void comparing_finds_the_first_difference(void **state)
{
	uint8_t a[SPAN], b[SPAN];

	(void)state;
	for (size_t n = 0; n < 40; n++) {
		for (size_t i = 0; i < 40; i++) {
			fill(a, SPAN);
			fill(b, SPAN);
			b[i] ^= 0x80;
			b[i + 1] ^= 0x80;
			assert_int_equal(sign(our_memcmp(a, b, n)), sign(memcmp(a, b, n)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copying_agrees_with_the_library),
		cmocka_unit_test(moving_is_right_for_every_overlap),
		cmocka_unit_test(setting_touches_exactly_its_bytes),
		cmocka_unit_test(comparing_finds_the_first_difference),
	};

	return cmocka_run_group_tests_name("lib_mem", tests, NULL, NULL);
}
