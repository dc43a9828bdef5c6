// SPDX-License-Identifier: MIT
/* The allocator of whole frames, alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <hv/buddy.h>
#include <hv/frame.h>

#define FRAMES 4096u

static struct frame frames[FRAMES];
static struct buddy b;

struct frame *frame_table = frames;
uint64_t arch_max_mfn = FRAMES;
char *arch_direct_map;

static int start(void **state)
{
	(void)state;
	memset(frames, 0, sizeof(frames));
	memset(&b, 0, sizeof(b));
	return 0;
}

static int end(void **state)
{
	const char *wrong = buddy_check(&b);

	(void)state;
	if (wrong)
		fail_msg("%s", wrong);
	return 0;
}

static void all_frames_come_back_as_the_blocks_they_were(void **state)
{
	static mfn_t got[FRAMES];
	unsigned n = 0;
	mfn_t big;

	(void)state;
	buddy_add(&b, mfn(0), mfn(FRAMES));
	assert_int_equal(b.free, FRAMES - 1);	/* never frame 0 */
	while (buddy_alloc(&b, 0, 32, &got[n]))
		n++;
	assert_int_equal(n, FRAMES - 1);
	assert_int_equal(b.free, 0);
	for (unsigned i = 0; i < n; i++)
		buddy_free(&b, got[(i * 11u) % n], 0);
	assert_true(buddy_alloc(&b, 11, 32, &big));
	assert_int_equal(big.n, 2048);
	buddy_free(&b, big, 11);
}

static void any_run_of_frames_comes_back_as_blocks(void **state)
{
	mfn_t got;

	(void)state;
	buddy_add(&b, mfn(1024), mfn(FRAMES));
	for (unsigned from = 0; from < 9; from++) {
		for (unsigned n = 1; n < 40; n++) {
			assert_true(buddy_alloc(&b, 6, 32, &got));
			buddy_free_run(&b, got, from);
			buddy_free_run(&b, mfn(got.n + from), n);
			buddy_free_run(&b, mfn(got.n + from + n), 64 - from - n);
			assert_null(buddy_check(&b));
			assert_int_equal(b.free, FRAMES - 1024);
		}
	}
	assert_true(buddy_alloc(&b, 11, 32, &got));
	buddy_free(&b, got, 11);
}

static void the_blocks_ahead_are_those_that_come_next(void **state)
{
	mfn_t ahead[8], got;
	unsigned n = 0;

	(void)state;
	buddy_add(&b, mfn(0), mfn(FRAMES));
	while (n < 8 && buddy_ahead(&b, 9, n, &ahead[n]))
		n++;
	assert_int_equal(n, 7);		/* the first has frame 0, and is no whole one */
	for (unsigned i = 0; i < n; i++) {
		assert_true(buddy_ahead(&b, 9, 0, &got));
		assert_int_equal(got.n, ahead[i].n);
		assert_true(buddy_alloc(&b, 9, 32, &got));
		assert_int_equal(got.n, ahead[i].n);
	}
	assert_false(buddy_ahead(&b, 9, 0, &got));
	for (unsigned i = 0; i < n; i++)
		buddy_free(&b, ahead[i], 9);
	assert_false(buddy_ahead(&b, 9, 7, &got));
}

static void blocks_are_aligned_and_do_not_overlap(void **state)
{
	static uint8_t taken[FRAMES];
	mfn_t m;

	(void)state;
	memset(taken, 0, sizeof(taken));
	buddy_add(&b, mfn(3), mfn(FRAMES - 5));
	for (unsigned i = 0; i < 2000; i++) {
		unsigned order = (i * 2654435761u >> 20) % 5;

		if (!buddy_alloc(&b, order, 32, &m))
			continue;
		assert_int_equal(m.n & ((1u << order) - 1), 0);
		for (unsigned k = 0; k < 1u << order; k++)
			assert_int_equal(taken[m.n + k]++, 0);
	}
}

static void an_address_limit_is_kept_and_low_memory_is_spared(void **state)
{
	mfn_t m;

	(void)state;
	buddy_add(&b, mfn(1), mfn(FRAMES));
	assert_true(buddy_alloc(&b, 0, 32, &m));
	assert_true(m.n >= 2048);
	for (unsigned i = 0; i < 255; i++) {
		assert_true(buddy_alloc(&b, 0, 8, &m));
		assert_true(m.n < 256);
	}
	assert_false(buddy_alloc(&b, 0, 8, &m));
	assert_true(buddy_alloc(&b, 0, 9, &m));
}

static void a_request_that_is_too_big_is_refused(void **state)
{
	mfn_t m;

	(void)state;
	buddy_add(&b, mfn(1), mfn(FRAMES));
	assert_false(buddy_alloc(&b, 12, 32, &m));
	assert_false(buddy_alloc(&b, BUDDY_ORDERS, 32, &m));
	assert_false(buddy_alloc(&b, 0, 0, &m));
	assert_int_equal(b.free, FRAMES - 1);
}

static void holes_stay_apart(void **state)
{
	mfn_t m;

	(void)state;
	buddy_add(&b, mfn(1024), mfn(1536));
	buddy_add(&b, mfn(1537), mfn(2048));
	assert_true(buddy_alloc(&b, 9, 32, &m));
	assert_int_equal(m.n, 1024);
	assert_false(buddy_alloc(&b, 9, 32, &m));
	buddy_free(&b, mfn(1024), 9);
	buddy_add(&b, mfn(1536), mfn(1537));
	assert_true(buddy_alloc(&b, 10, 32, &m));
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_frames_come_back_as_the_blocks_they_were),
		T(any_run_of_frames_comes_back_as_blocks),
		T(the_blocks_ahead_are_those_that_come_next),
		T(blocks_are_aligned_and_do_not_overlap),
		T(an_address_limit_is_kept_and_low_memory_is_spared),
		T(a_request_that_is_too_big_is_refused),
		T(holes_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
