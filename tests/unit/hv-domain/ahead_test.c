// SPDX-License-Identifier: MIT
/* What idle CPUs zero ahead of need: each frame once, and none that a TLB still leads to. */
#include "world.h"

#include <hv/frame.h>
#include <hv/mm.h>
#include <hv/tlb.h>

#define ORDER 9		/* of the blocks that are looked at */

static unsigned zero_all(void)
{
	unsigned n = 0;

	while (mm_zero_ahead())
		n++;
	return n;
}

static bool is_zero(mfn_t m)
{
	const char *p = frame_ptr(m);

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		if (p[i])
			return false;
	return true;
}

/* Whose data it is that free frames hold. */
static const struct domain *other(void)
{
	static const struct domain gone = { .mm.serial = 1 << 20 };

	return &gone;
}

/* As decrease_reservation does. */
static void give_back(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get(m, d);

	assert_non_null(f);
	frame_drop_allocated(f);
	frame_put(f);
}

static int start_machine(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static int start(void **state)
{
	(void)state;
	zero_all();
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_check();
	return 0;
}

static void what_was_used_is_zeroed_again_and_the_rest_is_not_touched(void **state)
{
	mfn_t m, again;

	(void)state;
	assert_false(mm_zero_ahead());
	assert_true(mm_pages_alloc(other(), ORDER, 64, &m));
	memset(frame_ptr(mfn(m.n + 3)), 0xa5, PAGE_SIZE);
	/* Still taken: it is nobody's to zero. */
	zero_all();
	assert_int_equal(*(uint8_t *)frame_ptr(mfn(m.n + 3)), 0xa5);
	mm_pages_free(other(), m, ORDER);
	assert_true(zero_all() >= 1U << ORDER);
	assert_true(is_zero(mfn(m.n + 3)));
	assert_false(mm_zero_ahead());
	assert_true(mm_pages_alloc(other(), ORDER, 64, &again));
	assert_int_equal(again.n, m.n);
	assert_int_equal(frame_of(m)->type_info, 0);
	mm_pages_free(other(), m, ORDER);
}

static void nobody_translates_to_what_is_zeroed(void **state)
{
	mfn_t m;

	(void)state;
	assert_true(mm_pages_alloc(other(), ORDER, 64, &m));
	mm_pages_free(other(), m, ORDER);
	tlb_cpus.word[0] = 1;
	assert_true(tlb_is_stale(frame_of(m)->aux));
	zero_all();
	assert_false(tlb_is_stale(frame_of(m)->aux));
}

static void a_domain_gets_zeros_whether_they_were_there_or_not(void **state)
{
	struct domain *d = world_domain(0);
	bool dirty = d->mm.takes_dirty;
	mfn_t m;

	(void)state;
	d->mm.takes_dirty = false;
	for (unsigned round = 0; round < 2; round++) {
		assert_true(mm_pages_alloc(other(), ORDER, 64, &m));
		memset(frame_ptr(m), 0x5a, PAGE_SIZE << ORDER);
		mm_pages_free(other(), m, ORDER);
		if (round)
			zero_all();
		assert_true(domain_pages_alloc(d, ORDER, &m));
		for (unsigned i = 0; i < 1U << ORDER; i++) {
			assert_true(is_zero(mfn(m.n + i)));
			give_back(d, mfn(m.n + i));
		}
	}
	d->mm.takes_dirty = dirty;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_used_is_zeroed_again_and_the_rest_is_not_touched),
		TEST(nobody_translates_to_what_is_zeroed),
		TEST(a_domain_gets_zeros_whether_they_were_there_or_not),
	};

	return cmocka_run_group_tests(tests, start_machine, NULL);
}
