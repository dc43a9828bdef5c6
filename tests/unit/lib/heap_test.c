// SPDX-License-Identifier: MIT
/* The heap over pages of the C library, whose sanitizer sees what is not given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "hv/heap.h"

static struct {
	int budget;		/* calls of get() until it fails */
	size_t pages;		/* handed out and not given back */
	const char *bug;
} source;

static void *get(void *ctx, unsigned order)
{
	(void)ctx;
	if (source.budget-- <= 0)
		return NULL;
	source.pages += (size_t)1 << order;
	return memset(aligned_alloc(HEAP_PAGE, (size_t)HEAP_PAGE << order), 0xa5,
		      (size_t)HEAP_PAGE << order);
}

static void put(void *ctx, void *pages, unsigned order)
{
	(void)ctx;
	source.pages -= (size_t)1 << order;
	free(pages);
}

static void bug(void *ctx, const void *object, const char *reason)
{
	(void)ctx;
	(void)object;
	source.bug = reason;
}

static struct heap heap;

static int setup(void **state)
{
	const struct heap_source s = { get, put, bug, NULL };

	(void)state;
	source.budget = 1000000;
	source.pages = 0;
	source.bug = NULL;
	heap_init(&heap, &s);
	return 0;
}

static void assert_sound(void)
{
	const char *fault = heap_check(&heap);

	if (fault != NULL)
		fail_msg("%s", fault);
	assert_int_equal(heap.pages, source.pages);
}

static void every_size_is_zeroed_aligned_and_apart(void **state)
{
	static unsigned char *object[6000];

	(void)state;
	for (size_t size = 1; size < 6000; size++) {
		object[size] = heap_alloc(&heap, size);
		assert_non_null(object[size]);
		assert_int_equal((uintptr_t)object[size] % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(object[size][i], 0);
		memset(object[size], (int)size, size);
	}
	assert_sound();
	for (size_t size = 1; size < 6000; size++) {
		for (size_t i = 0; i < size; i++)
			assert_int_equal(object[size][i], (unsigned char)size);
		heap_free(&heap, object[size]);
	}
	assert_sound();
	assert_int_equal(heap.objects, 0);
	assert_int_equal(source.pages, 0);
	assert_null(source.bug);
}

static void a_random_history_keeps_it_sound(void **state)
{
	static void *live[200];
	unsigned seed = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		seed = seed * 1103515245 + 12345;
		unsigned slot = (seed >> 16) % 200;
		size_t size = (seed >> 8) % (step % 7 == 0 ? 9000 : 300) + 1;

		heap_free(&heap, live[slot]);
		live[slot] = (seed >> 4) % 3 != 0 ? heap_alloc(&heap, size) : NULL;
		if (step % 500 == 0)
			assert_sound();
	}
	for (int i = 0; i < 200; i++)
		heap_free(&heap, live[i]);
	assert_sound();
	assert_int_equal(source.pages, 0);
	assert_null(source.bug);
}

static void an_empty_source_gives_null_and_changes_nothing(void **state)
{
	(void)state;
	source.budget = 1;
	void *first = heap_alloc(&heap, HEAP_SMALL_MAX);
	void *second = heap_alloc(&heap, HEAP_SMALL_MAX);

	assert_non_null(first);
	assert_non_null(second);
	assert_null(heap_alloc(&heap, HEAP_SMALL_MAX));
	assert_null(heap_alloc(&heap, 16));
	assert_null(heap_alloc(&heap, 100000));
	assert_int_equal(heap.objects, 2);
	assert_sound();
	heap_free(&heap, first);
	heap_free(&heap, second);
}

static void absurd_sizes_are_refused(void **state)
{
	(void)state;
	assert_null(heap_alloc(&heap, 0));
	assert_null(heap_alloc(&heap, SIZE_MAX));
	assert_null(heap_alloc(&heap, SIZE_MAX - 100));
	assert_int_equal(heap.pages, 0);
	heap_free(&heap, NULL);
	assert_null(source.bug);
}

static void freeing_twice_is_told(void **state)
{
	char *a = heap_alloc(&heap, 40);
	char *b = heap_alloc(&heap, 40);

	(void)state;
	heap_free(&heap, a);
	assert_null(source.bug);
	heap_free(&heap, a);
	assert_string_equal(source.bug, "already free");
	assert_sound();
	heap_free(&heap, b);
}

static void freeing_the_middle_of_an_object_is_told(void **state)
{
	char *a = heap_alloc(&heap, 100);
	char *large = heap_alloc(&heap, 10000);

	(void)state;
	heap_free(&heap, a + 8);
	assert_string_equal(source.bug, "not the start of an object");
	source.bug = NULL;
	heap_free(&heap, large + 16);
	assert_string_equal(source.bug, "not the start of an object");
	assert_sound();
	heap_free(&heap, a);
	heap_free(&heap, large);
}

static void checking_sees_an_overwritten_header(void **state)
{
	char *a = heap_alloc(&heap, 64);
	uint16_t *used = (uint16_t *)((char *)((uintptr_t)a & ~(uintptr_t)(HEAP_PAGE - 1)) + 6);

	(void)state;
	assert_sound();
	++*used;
	assert_non_null(heap_check(&heap));
	--*used;
	assert_sound();
	heap_free(&heap, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_size_is_zeroed_aligned_and_apart, setup),
		cmocka_unit_test_setup(a_random_history_keeps_it_sound, setup),
		cmocka_unit_test_setup(an_empty_source_gives_null_and_changes_nothing, setup),
		cmocka_unit_test_setup(absurd_sizes_are_refused, setup),
		cmocka_unit_test_setup(freeing_twice_is_told, setup),
		cmocka_unit_test_setup(freeing_the_middle_of_an_object_is_told, setup),
		cmocka_unit_test_setup(checking_sees_an_overwritten_header, setup),
	};

	return cmocka_run_group_tests_name("lib_heap", tests, NULL, NULL);
}
