// SPDX-License-Identifier: MIT
/* Who runs next: shares, head starts, ties; the clock is the test's. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/check.h>
#include <hv/runq.h>

#define N 8
#define MS 1000000ULL

static struct runq q;
static struct runq_entity e[N];
static uint64_t had[N];

static int start(void **state)
{
	(void)state;
	runq_init(&q);
	for (unsigned i = 0; i < N; i++) {
		runq_entity_init(&e[i], RUNQ_WEIGHT_DEFAULT);
		had[i] = 0;
	}
	return 0;
}

/* Runs the queue for that long; each turn ends with its slice. */
static void run(uint64_t ns)
{
	for (uint64_t t = 0; t < ns; t += RUNQ_SLICE) {
		struct runq_entity *r = runq_pick(&q);

		assert_non_null(r);
		assert_false(runq_is_queued(r));
		runq_charge(&q, r, RUNQ_SLICE);
		had[r - e] += RUNQ_SLICE;
		runq_requeue(&q, r);
		assert_int_equal(runq_check(&q), 0);
	}
}

static void an_empty_queue_has_nobody_to_run(void **state)
{
	(void)state;
	assert_null(runq_pick(&q));
	assert_true(runq_is_empty(&q));
	assert_false(runq_should_switch(&q, &e[0], RUNQ_YIELD));
}

static void equal_weights_share_equally(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		runq_wake(&q, &e[i], true);
	run(4000 * MS);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(had[i], 990 * MS, 1010 * MS);
}

static void shares_converge_to_the_weights(void **state)
{
	static const unsigned weight[3] = { 128, 256, 1024 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		runq_set_weight(&e[i], weight[i]);
		runq_wake(&q, &e[i], true);
	}
	run(11000 * MS);
	assert_in_range(had[0], 960 * MS, 1040 * MS);
	assert_in_range(had[1], 1950 * MS, 2050 * MS);
	assert_in_range(had[2], 7900 * MS, 8100 * MS);
}

static void the_extreme_weights_work_and_nobody_starves(void **state)
{
	(void)state;
	runq_set_weight(&e[0], 1);
	runq_set_weight(&e[1], RUNQ_WEIGHT_MAX);
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(2000000 * MS);
	assert_true(had[0] > 0);
	assert_true(had[1] > 1000 * had[0]);
}

static void a_change_of_weight_counts_from_then_on(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(1000 * MS);
	had[0] = had[1] = 0;
	runq_set_weight(&e[1], 3 * RUNQ_WEIGHT_DEFAULT);
	run(4000 * MS);
	assert_in_range(had[0], 970 * MS, 1030 * MS);
	assert_in_range(had[1], 2970 * MS, 3030 * MS);
}

static void of_equals_the_one_that_waits_longest_runs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N; i++)
		runq_wake(&q, &e[i], true);
	for (unsigned i = 0; i < N; i++)
		assert_ptr_equal(runq_pick(&q), &e[i]);
}

static void a_sleeper_that_wakes_goes_before_a_hog(void **state)
{
	struct runq_entity *hog;

	(void)state;
	runq_wake(&q, &e[0], true);
	run(1000 * MS);
	hog = runq_pick(&q);
	runq_charge(&q, hog, 3 * MS);
	runq_wake(&q, &e[1], true);
	assert_true(runq_should_switch(&q, hog, RUNQ_WOKEN));
	assert_ptr_equal(runq_pick(&q), &e[1]);
}

static void a_sleeper_does_not_save_up(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	run(10000 * MS);
	runq_wake(&q, &e[1], true);
	had[0] = had[1] = 0;
	run(200 * MS);
	/* At most the head start, and then equal shares. */
	assert_in_range(had[1], 100 * MS, 100 * MS + 2 * RUNQ_LAG);
}

static void a_hog_that_naps_gains_nothing(void **state)
{
	uint64_t before;

	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(1000 * MS);
	runq_remove(&q, &e[1]);
	before = e[1].vtime;
	runq_wake(&q, &e[1], true);
	assert_true(e[1].vtime == before);
}

static void who_has_had_less_is_not_displaced(void **state)
{
	struct runq_entity *r;

	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	r = runq_pick(&q);
	assert_false(runq_should_switch(&q, r, RUNQ_WOKEN));
	runq_charge(&q, r, 1);
	assert_true(runq_should_switch(&q, r, RUNQ_WOKEN));
}

static void one_that_yields_lets_any_other_go_first(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	run(100 * MS);
	runq_wake(&q, &e[1], true);
	assert_ptr_equal(runq_pick(&q), &e[1]);
	assert_false(runq_should_switch(&q, &e[1], RUNQ_WOKEN));
	assert_true(runq_should_switch(&q, &e[1], RUNQ_YIELD));
}

/* For those who come after: a sleeper's head start is from there. */
static void one_that_wakes_does_not_draw_the_queue_time_back(void **state)
{
	uint64_t before;

	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(100 * MS);
	before = q.now;
	for (unsigned i = 0; i < 100; i++) {
		runq_wake(&q, &e[N - 1], true);
		assert_ptr_equal(runq_pick(&q), &e[N - 1]);
		runq_charge(&q, &e[N - 1], MS / 100);
		assert_false(pheap_key_before(q.now, before));
	}
}

static void one_that_comes_from_elsewhere_and_has_had_less_does(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(100 * MS);
	e[2].vtime = q.now - RUNQ_SLICE;
	runq_depart(&q, &e[2], false);
	runq_wake(&q, &e[2], false);
	assert_ptr_equal(runq_pick(&q), &e[2]);
	assert_int_equal(q.now, e[2].vtime);
}

static void a_modest_one_waits_behind_who_has_had_least(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	runq_wake(&q, &e[1], true);
	run(100 * MS);
	e[2].wait = RUNQ_MODEST;
	runq_wake(&q, &e[2], true);
	assert_ptr_not_equal(runq_pick(&q), &e[2]);
}

static void the_last_waits_behind_all_and_displaces_nobody(void **state)
{
	(void)state;
	runq_wake(&q, &e[0], true);
	run(100 * MS);
	e[1].wait = RUNQ_LAST;
	runq_wake(&q, &e[1], true);
	runq_remove(&q, &e[0]);
	for (unsigned why = RUNQ_WOKEN; why <= RUNQ_YIELD; why++)
		assert_false(runq_should_switch(&q, &e[0], why));
	e[0].vtime += 100 * RUNQ_SLICE;
	runq_requeue(&q, &e[0]);
	assert_ptr_equal(runq_pick(&q), &e[0]);
	assert_ptr_equal(runq_pick(&q), &e[1]);
	/* And it does not take the queue's time along. */
	assert_true((int64_t)(q.now - e[0].vtime) <= 0);
}

static void a_queue_of_the_last_alone_gives_its_cpu_away(void **state)
{
	struct runq_claim claim = { .vtime = 1000 * RUNQ_SLICE, .slice = RUNQ_SLICE };

	(void)state;
	e[1].wait = RUNQ_LAST;
	runq_wake(&q, &e[1], true);
	assert_true(runq_compare(&q, &claim) > 0);
	runq_run(&q, &e[0]);
	e[0].vtime = claim.vtime;
	assert_int_equal(runq_compare(&q, &claim), 0);
}

static void any_history_leaves_the_queue_in_order(void **state)
{
	(void)state;
	srand(2);
	for (unsigned step = 0; step < 20000; step++) {
		struct runq_entity *x = &e[rand() % N];

		if (!runq_is_queued(x)) {
			runq_charge(&q, x, (uint64_t)(rand() % 20) * MS);
			runq_wake(&q, x, true);
		} else if (rand() % 3) {
			runq_remove(&q, x);
		} else {
			runq_pick(&q);
		}
		assert_int_equal(runq_check(&q), 0);
	}
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_queue_has_nobody_to_run),
		T(equal_weights_share_equally),
		T(shares_converge_to_the_weights),
		T(the_extreme_weights_work_and_nobody_starves),
		T(a_change_of_weight_counts_from_then_on),
		T(of_equals_the_one_that_waits_longest_runs),
		T(a_sleeper_that_wakes_goes_before_a_hog),
		T(a_sleeper_does_not_save_up),
		T(a_hog_that_naps_gains_nothing),
		T(who_has_had_less_is_not_displaced),
		T(one_that_yields_lets_any_other_go_first),
		T(one_that_wakes_does_not_draw_the_queue_time_back),
		T(one_that_comes_from_elsewhere_and_has_had_less_does),
		T(a_modest_one_waits_behind_who_has_had_least),
		T(the_last_waits_behind_all_and_displaces_nobody),
		T(a_queue_of_the_last_alone_gives_its_cpu_away),
		T(any_history_leaves_the_queue_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
