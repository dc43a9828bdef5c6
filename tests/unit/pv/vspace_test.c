// SPDX-License-Identifier: MIT
#include "kit.h"

#include <stdlib.h>

#include <pvguest/vspace.h>

#define PAGE	4096UL
#define START	0x100000UL

/* Of the address sanitizer. */
size_t __sanitizer_get_current_allocated_bytes(void);

static struct vspace vs;

static int setup(void **state)
{
	(void)state;
	return vspace_init(&vs, START, START + 64 * PAGE);
}

static int teardown(void **state)
{
	(void)state;
	vspace_destroy(&vs);
	return 0;
}

static void ranges_have_a_guard_page_on_both_sides(void **state)
{
	unsigned long a, b;

	(void)state;
	a = vspace_alloc(&vs, 3);
	b = vspace_alloc(&vs, 1);
	assert_int_equal(a, START + PAGE);
	assert_int_equal(b, a + 4 * PAGE);
}

static void a_range_that_fits_nowhere_is_refused(void **state)
{
	(void)state;
	assert_int_equal(vspace_alloc(&vs, 63), 0);
	assert_int_equal(vspace_alloc(&vs, 0), 0);
	assert_int_equal(vspace_alloc(&vs, ~0UL), 0);
	assert_int_not_equal(vspace_alloc(&vs, 62), 0);
	assert_int_equal(vspace_alloc(&vs, 1), 0);
}

static void what_comes_back_can_be_had_again(void **state)
{
	unsigned long a, b, c;

	(void)state;
	a = vspace_alloc(&vs, 10);
	b = vspace_alloc(&vs, 10);
	c = vspace_alloc(&vs, 10);
	assert_int_equal(vspace_free(&vs, a, 10), 0);
	assert_int_equal(vspace_free(&vs, c, 10), 0);
	assert_int_equal(vspace_free(&vs, b, 10), 0);
	assert_int_equal(vspace_free_pages(&vs), 63);
	assert_int_equal(vspace_alloc(&vs, 62), a);
}

static void nothing_is_freed_twice_or_outside(void **state)
{
	unsigned long a;

	(void)state;
	a = vspace_alloc(&vs, 10);
	assert_int_equal(vspace_free(&vs, a, 11), -1);
	assert_int_equal(vspace_free(&vs, a - PAGE, 1), -1);
	assert_int_equal(vspace_free(&vs, START + 64 * PAGE, 1), -1);
	assert_int_equal(vspace_free(&vs, a, ~0UL), -1);
	assert_int_equal(vspace_free(&vs, a, 10), 0);
	assert_int_equal(vspace_free(&vs, a, 10), -1);
}

/* So that giving back never needs one. */
static void there_is_a_node_for_each_range_whatever_the_holes(void **state)
{
	unsigned long va[30];
	size_t none = __sanitizer_get_current_allocated_bytes(), one;

	(void)state;
	va[0] = vspace_alloc(&vs, 1);
	one = __sanitizer_get_current_allocated_bytes() - none;
	assert_true(one > 0);
	for (int i = 1; i < 30; i++)
		va[i] = vspace_alloc(&vs, 1);
	assert_int_equal(__sanitizer_get_current_allocated_bytes(), none + 30 * one);
	for (int i = 0; i < 30; i += 2)
		assert_int_equal(vspace_free(&vs, va[i], 1), 0);
	assert_int_equal(__sanitizer_get_current_allocated_bytes(), none + 15 * one);
	for (int i = 1; i < 30; i += 2)
		assert_int_equal(vspace_free(&vs, va[i], 1), 0);
	assert_int_equal(__sanitizer_get_current_allocated_bytes(), none);
}

static void chance_never_lets_ranges_touch(void **state)
{
	struct { unsigned long va; size_t n; } held[64];
	unsigned int count = 0;

	(void)state;
	srand(2);
	for (int step = 0; step < 5000; step++) {
		if (rand() % 2 && count < 64) {
			size_t n = 1 + rand() % 5;
			unsigned long va = vspace_alloc(&vs, n);

			if (!va)
				continue;
			for (unsigned int i = 0; i < count; i++)
				assert_true(va + (n + 1) * PAGE <= held[i].va ||
					    held[i].va + (held[i].n + 1) * PAGE <= va);
			held[count].va = va;
			held[count++].n = n;
		} else if (count) {
			unsigned int i = rand() % count;

			assert_int_equal(vspace_free(&vs, held[i].va, held[i].n), 0);
			held[i] = held[--count];
		}
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ranges_have_a_guard_page_on_both_sides),
		TEST(a_range_that_fits_nowhere_is_refused),
		TEST(what_comes_back_can_be_had_again),
		TEST(nothing_is_freed_twice_or_outside),
		TEST(there_is_a_node_for_each_range_whatever_the_holes),
		TEST(chance_never_lets_ranges_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
