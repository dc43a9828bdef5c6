// SPDX-License-Identifier: MIT
/* Sets of CPUs, on machines whose CPUs fit in one word and on the largest. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/cpumask.h>

static int largest(void **state)
{
	(void)state;
	cpumask_words = CPUMASK_WORDS;
	return 0;
}

static int one_word(void **state)
{
	(void)state;
	cpumask_words = 1;
	return 0;
}

static void what_is_added_is_there_until_it_is_removed(void **state)
{
	static const unsigned some[] = { 0, 1, 63, 64, 127, 128, 200, 255 };
	cpumask_t m;

	(void)state;
	cpumask_clear(&m);
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++) {
		assert_false(cpumask_has(&m, some[i]));
		cpumask_add(&m, some[i]);
		assert_true(cpumask_has(&m, some[i]));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++) {
		assert_false(cpumask_is_empty(&m));
		if (i % 2)
			cpumask_remove(&m, some[i]);
		else
			cpumask_remove_atomic(&m, some[i]);
		assert_false(cpumask_has(&m, some[i]));
	}
	assert_true(cpumask_is_empty(&m));
}

static void a_walk_meets_each_cpu_once_and_in_order(void **state)
{
	static const unsigned some[] = { 3, 63, 64, 65, 191, 192, 255 };
	unsigned met = 0;
	cpumask_t m;

	(void)state;
	cpumask_clear(&m);
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++)
		cpumask_add_atomic(&m, some[i]);
	for_each_cpu(cpu, &m)
		assert_int_equal(cpu, some[met++]);
	assert_int_equal(met, ARRAY_SIZE(some));
	assert_int_equal(cpumask_next(&m, 66), 191);
	assert_int_equal(cpumask_next(&m, 256), MAX_CPUS);
}

static void the_first_n_are_those_below_n(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= MAX_CPUS; n++) {
		cpumask_t m = cpumask_first_n(n);
		unsigned met = 0;

		for_each_cpu(cpu, &m)
			assert_int_equal(cpu, met++);
		assert_int_equal(met, n);
	}
}

static void only_one_is_told_from_more(void **state)
{
	(void)state;
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu += 5) {
		cpumask_t m = cpumask_of(cpu);

		assert_int_equal(cpumask_first(&m), cpu);
		assert_true(cpumask_is_only(&m, cpu));
		assert_false(cpumask_is_only(&m, (cpu + 64) % MAX_CPUS));
		cpumask_add(&m, (cpu + 129) % MAX_CPUS);
		assert_false(cpumask_is_only(&m, cpu));
	}
}

static void an_intersection_has_what_both_have(void **state)
{
	cpumask_t low = cpumask_first_n(100), one = cpumask_of(99), other = cpumask_of(100), both;

	(void)state;
	assert_true(cpumask_and(&both, &low, &one));
	assert_true(cpumask_equal(&both, &one));
	assert_false(cpumask_and(&both, &low, &other));
	assert_true(cpumask_is_empty(&both));
	assert_true(cpumask_intersects(&low, &one));
	assert_false(cpumask_intersects(&one, &other));
}

static void words_that_no_cpu_has_are_not_looked_at(void **state)
{
	cpumask_t all = cpumask_all(), first = cpumask_first_n(64), m = { { 0, ~0ULL, ~0ULL, ~0ULL } };
	unsigned met = 0;

	(void)state;
	assert_true(cpumask_is_empty(&m));
	assert_true(cpumask_equal(&all, &first));
	cpumask_add(&m, 7);
	assert_true(cpumask_is_only(&m, 7));
	for_each_cpu(cpu, &m)
		met += cpu;
	assert_int_equal(met, 7);
}

#define T(f, setup) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_added_is_there_until_it_is_removed, largest),
		T(a_walk_meets_each_cpu_once_and_in_order, largest),
		T(the_first_n_are_those_below_n, largest),
		T(only_one_is_told_from_more, largest),
		T(an_intersection_has_what_both_have, largest),
		T(words_that_no_cpu_has_are_not_looked_at, one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
