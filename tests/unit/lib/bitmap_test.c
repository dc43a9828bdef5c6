// SPDX-License-Identifier: MIT
/* Bitmaps against a plain array of bool, over all ranges of a small map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "hv/bitmap.h"

#define BITS 150

static uint64_t map[BITMAP_WORDS(BITS)];

static void ranges_touch_exactly_their_bits(void **state)
{
	(void)state;
	for (size_t first = 0; first < BITS; first++) {
		for (size_t n = 0; first + n <= BITS; n++) {
			memset(map, 0, sizeof(map));
			bitmap_set_range(map, first, n);
			assert_int_equal(bitmap_count(map, BITS), n);
			if (n > 0) {
				assert_int_equal(bitmap_find_set(map, BITS, 0), first);
				assert_int_equal(bitmap_find_clear(map, BITS, first), first + n);
			}
			memset(map, 0xff, sizeof(map));
			bitmap_clear_range(map, first, n);
			assert_int_equal(bitmap_count(map, BITS), BITS - n);
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
		cmocka_unit_test(ranges_touch_exactly_their_bits),
		cmocka_unit_test(searching_ignores_bits_beyond_the_end),
		cmocka_unit_test(searching_starts_where_it_is_told),
	};

	return cmocka_run_group_tests_name("lib_bitmap", tests, NULL, NULL);
}
