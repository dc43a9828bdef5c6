// SPDX-License-Identifier: MIT
/* The page allocator: the array is real memory, the order of calls is chance. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/pagepool.h>

#define PAGES 1024UL

static struct pagepool pool;
static uint8_t state_bytes[PAGES];
static char *ram;

static int setup(void **state)
{
	(void)state;
	ram = aligned_alloc(4096, PAGES * 4096);
	pagepool_init(&pool, ram, state_bytes, PAGES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(ram);
	return 0;
}

static void an_empty_pool_gives_nothing(void **state)
{
	(void)state;
	assert_true(pagepool_alloc(&pool, 0) == ~0UL);
	assert_null(pagepool_check(&pool));
}

static void single_pages_join_to_the_largest_block(void **state)
{
	(void)state;
	pagepool_add(&pool, 0, PAGES);
	assert_int_equal(pool.free_pages, PAGES);
	assert_int_equal(pagepool_alloc(&pool, 10), 0);
	assert_int_equal(pool.free_pages, 0);
	assert_true(pagepool_alloc(&pool, 0) == ~0UL);
}

static void blocks_are_aligned_to_their_size(void **state)
{
	(void)state;
	pagepool_add(&pool, 3, PAGES - 5);
	for (unsigned int order = 0; order < 8; order++) {
		unsigned long page = pagepool_alloc(&pool, order);

		assert_true(page != ~0UL);
		assert_int_equal(page & ((1UL << order) - 1), 0);
		assert_true(page >= 3 && page + (1UL << order) <= PAGES - 5);
	}
	assert_null(pagepool_check(&pool));
}

static void pages_added_twice_count_once(void **state)
{
	(void)state;
	pagepool_add(&pool, 10, 20);
	pagepool_add(&pool, 15, 25);
	assert_int_equal(pool.free_pages, 15);
	assert_null(pagepool_check(&pool));
}

static void a_block_cannot_be_freed_twice(void **state)
{
	unsigned long page;

	(void)state;
	pagepool_add(&pool, 0, 16);
	page = pagepool_alloc(&pool, 1);
	assert_int_equal(pagepool_free(&pool, page, 1), 0);
	assert_int_equal(pagepool_free(&pool, page, 1), -1);
	assert_int_equal(pool.free_pages, 16);
}

static void freeing_needs_the_same_order_and_the_first_page(void **state)
{
	unsigned long page;

	(void)state;
	pagepool_add(&pool, 0, 16);
	page = pagepool_alloc(&pool, 2);
	assert_int_equal(pagepool_free(&pool, page, 1), -1);
	assert_int_equal(pagepool_free(&pool, page + 1, 2), -1);
	assert_int_equal(pagepool_free(&pool, page + 1, 0), -1);
	assert_int_equal(pagepool_free(&pool, PAGES, 0), -1);
	assert_int_equal(pagepool_free(&pool, 0, 200), -1);
	assert_int_equal(pagepool_free(&pool, page, 2), 0);
}

static void chance_keeps_the_pool_sound(void **state)
{
	struct { unsigned long page; unsigned int order; } held[200];
	unsigned int n = 0;

	(void)state;
	srand(1);
	pagepool_add(&pool, 1, PAGES);
	for (int step = 0; step < 20000; step++) {
		if (n < 200 && rand() % 2) {
			unsigned int order = rand() % 6;
			unsigned long page = pagepool_alloc(&pool, order);

			if (page == ~0UL)
				continue;
			memset(ram + page * 4096, n, 4096UL << order);
			held[n].page = page;
			held[n++].order = order;
		} else if (n) {
			unsigned int i = rand() % n;

			assert_int_equal(pagepool_free(&pool, held[i].page, held[i].order), 0);
			held[i] = held[--n];
		}
		if (step % 100 == 0)
			assert_null(pagepool_check(&pool));
	}
	while (n) {
		n--;
		assert_int_equal(pagepool_free(&pool, held[n].page, held[n].order), 0);
	}
	assert_int_equal(pool.free_pages, PAGES - 1);
	assert_null(pagepool_check(&pool));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_pool_gives_nothing),
		TEST(single_pages_join_to_the_largest_block),
		TEST(blocks_are_aligned_to_their_size),
		TEST(pages_added_twice_count_once),
		TEST(a_block_cannot_be_freed_twice),
		TEST(freeing_needs_the_same_order_and_the_first_page),
		TEST(chance_keeps_the_pool_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
