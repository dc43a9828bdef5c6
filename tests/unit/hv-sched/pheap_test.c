// SPDX-License-Identifier: MIT
/* The queue by key, against a list that is searched; pheap_histories.c tries every order. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/check.h>
#include "pheap_model.h"

#define N 64

static struct pheap heap;
static struct pheap_node node[N];

static int start(void **state)
{
	(void)state;
	pheap_init(&heap);
	for (unsigned i = 0; i < N; i++)
		node[i] = (struct pheap_node){ 0 };
	return 0;
}

static void check(unsigned n)
{
	assert_int_equal(pheap_check(&heap), 0);
	assert_ptr_equal(pheap_top(&heap), pheap_least(node, n));
}

static void an_empty_queue_has_no_top(void **state)
{
	(void)state;
	assert_null(pheap_top(&heap));
	assert_int_equal(pheap_check(&heap), 0);
}

static void keys_come_out_in_order(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		pheap_add(&heap, &node[i], i * 37 % N);
	for (unsigned i = 0; i < N; i++) {
		struct pheap_node *n = pheap_top(&heap);

		assert_true(n->key >= last);
		last = n->key;
		pheap_remove(&heap, n);
		check(N);
	}
	assert_null(pheap_top(&heap));
}

static void equal_keys_come_out_in_the_order_of_adding(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N; i++)
		pheap_add(&heap, &node[i], 5);
	for (unsigned i = 0; i < N; i++) {
		assert_ptr_equal(pheap_top(&heap), &node[i]);
		pheap_remove(&heap, &node[i]);
	}
}

static void keys_may_wrap(void **state)
{
	(void)state;
	pheap_add(&heap, &node[0], 5);
	pheap_add(&heap, &node[1], UINT64_MAX - 5);
	assert_ptr_equal(pheap_top(&heap), &node[1]);
}

static void any_node_can_be_taken_out(void **state)
{
	(void)state;
	srand(1);
	for (unsigned step = 0; step < 20000; step++) {
		struct pheap_node *n = &node[rand() % N];

		if (n->queued)
			pheap_remove(&heap, n);
		else
			pheap_add(&heap, n, (uint64_t)(rand() % 20));
		check(N);
	}
}

static void a_walk_meets_every_node_once(void **state)
{
	unsigned met = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		pheap_add(&heap, &node[i], i * 29 % 17);
	pheap_remove(&heap, pheap_top(&heap));
	for (struct pheap_node *n = pheap_top(&heap); n; n = pheap_next(n))
		met++;
	assert_int_equal(met, N - 1);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_queue_has_no_top),
		T(keys_come_out_in_order),
		T(equal_keys_come_out_in_the_order_of_adding),
		T(keys_may_wrap),
		T(any_node_can_be_taken_out),
		T(a_walk_meets_every_node_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
