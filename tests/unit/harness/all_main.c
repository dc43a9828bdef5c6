// SPDX-License-Identifier: MIT
/* Makes tests of a harness: each engine that it names. */
#include "harness/harness.h"

static void every_history_of_few_steps(void **state)
{
	unsigned long n;

	(void)state;
	n = harness_try_all(&harness);
	print_message("# %lu histories of %u steps\n", n, harness.steps);
	assert_true(n >= harness.at_least);
}

static void every_step_from_every_state(void **state)
{
	unsigned long n;

	(void)state;
	n = harness_search(&harness);
	print_message("# %lu states, from each every step\n", n);
	assert_true(n >= harness.at_least);
}

static void long_histories_of_chance(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= harness.chances; seed++)
		harness_play_chance(&harness, seed);
}

static int report(void **state)
{
	(void)state;
	harness_report();
	return 0;
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_teardown(every_history_of_few_steps, report),
		cmocka_unit_test_teardown(every_step_from_every_state, report),
		cmocka_unit_test_teardown(long_histories_of_chance, report),
	};
	struct CMUnitTest used[3];
	size_t n = 0;

	if (harness.steps)
		used[n++] = all[0];
	if (harness.state_size)
		used[n++] = all[1];
	if (harness.chances)
		used[n++] = all[2];
	return _cmocka_run_group_tests(harness.name, used, n, NULL, NULL);
}
