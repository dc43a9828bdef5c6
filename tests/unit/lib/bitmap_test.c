// SPDX-License-Identifier: MIT
/* Bitmaps, over all ranges of a small map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "hv/bitmap.h"

#define BITS 150

static uint64_t map[BITMAP_WORDS(BITS)];

static void fill(size_t first, size_t n, bool set)
{
	memset(map, set ? 0 : 0xff, sizeof(map));
	for (size_t i = first; i < first + n; i++)
		(set ? bitmap_set : bitmap_clear)(map, i);
}

static void searches_and_counts_find_each_range(void **state)
{
	(void)state;
	for (size_t first = 0; first < BITS; first++) {
		for (size_t n = 1; first + n <= BITS; n++) {
			fill(first, n, true);
			assert_int_equal(bitmap_count(map, BITS), n);
			assert_int_equal(bitmap_find_set(map, BITS, 0), first);
			assert_int_equal(bitmap_find_clear(map, BITS, first), first + n);
			fill(first, n, false);
			assert_int_equal(bitmap_count(map, BITS), BITS - n);
			assert_int_equal(bitmap_find_clear(map, BITS, 0), first);
		}
	}
}

static void searching_ignores_bits_beyond_the_end(void **state)
{
	(void)state;
	memset(map, 0, sizeof(map));
	bitmap_set(map, 149);
	assert_int_equal(bitmap_find_set(map, 149, 0), 149);
	assert_int_equal(bitmap_find_set(map, 150, 0), 149);
	assert_int_equal(bitmap_find_set(map, 150, 150), 150);
	assert_int_equal(bitmap_count(map, 149), 0);
	memset(map, 0xff, sizeof(map));
	assert_int_equal(bitmap_find_clear(map, 128, 0), 128);
	bitmap_clear(map, 130);
	assert_int_equal(bitmap_find_clear(map, 128, 0), 128);
	assert_int_equal(bitmap_find_clear(map, BITS, 0), 130);
}

static void searching_starts_where_it_is_told(void **state)
{
	(void)state;
	memset(map, 0, sizeof(map));
	bitmap_set(map, 3);
	bitmap_set(map, 64);
	bitmap_set(map, 127);
	assert_int_equal(bitmap_find_set(map, BITS, 3), 3);
	assert_int_equal(bitmap_find_set(map, BITS, 4), 64);
	assert_int_equal(bitmap_find_set(map, BITS, 65), 127);
	assert_int_equal(bitmap_find_set(map, BITS, 128), BITS);
	assert_true(bitmap_test(map, 64));
	assert_false(bitmap_test(map, 63));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_and_counts_find_each_range),
		cmocka_unit_test(searching_ignores_bits_beyond_the_end),
		cmocka_unit_test(searching_starts_where_it_is_told),
	};

	return cmocka_run_group_tests_name("lib_bitmap", tests, NULL, NULL);
}
