/* SPDX-License-Identifier: MIT */
/* Reading command lines: options and operands in any order. */
#include "xl/test.h"

#include "xl/args.h"

static const struct args_long longs[] = {
	{ "all", 'a' }, { "file", 'f' }, { NULL, 0 },
};

static struct args a;

#define LINE(...) do {								\
	static char *words[] = { "cmd", __VA_ARGS__, NULL };			\
	a = (struct args){ .command = "cmd", .argv = words,			\
			   .argc = sizeof(words) / sizeof(words[0]) - 1 };	\
} while (0)

static int next(void)
{
	return args_option(&a, "abf:", longs);
}

static void options_and_operands_may_be_mixed(void **state)
{
	(void)state;
	LINE("one", "-a", "two", "-f", "file", "-b", "three");
	assert_int_equal(next(), 'a');
	assert_int_equal(next(), 'f');
	assert_string_equal(a.value, "file");
	assert_int_equal(next(), 'b');
	assert_int_equal(next(), ARGS_END);
	assert_int_equal(a.count, 3);
	assert_string_equal(a.operand[0], "one");
	assert_string_equal(a.operand[2], "three");
}

static void short_options_may_be_joined(void **state)
{
	(void)state;
	LINE("-abfvalue", "-bf", "other");
	assert_int_equal(next(), 'a');
	assert_int_equal(next(), 'b');
	assert_int_equal(next(), 'f');
	assert_string_equal(a.value, "value");
	assert_int_equal(next(), 'b');
	assert_int_equal(next(), 'f');
	assert_string_equal(a.value, "other");
	assert_int_equal(next(), ARGS_END);
	assert_int_equal(a.count, 0);
}

static void long_options_mean_their_letters(void **state)
{
	(void)state;
	LINE("--all", "--file=x", "--file", "y");
	assert_int_equal(next(), 'a');
	assert_int_equal(next(), 'f');
	assert_string_equal(a.value, "x");
	assert_int_equal(next(), 'f');
	assert_string_equal(a.value, "y");
	assert_int_equal(next(), ARGS_END);
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	LINE("-a", "--", "-b", "-");
	assert_int_equal(next(), 'a');
	assert_int_equal(next(), ARGS_END);
	assert_int_equal(a.count, 2);
	assert_string_equal(a.operand[0], "-b");
}

static void a_dash_alone_is_an_operand(void **state)
{
	(void)state;
	LINE("-");
	assert_int_equal(next(), ARGS_END);
	assert_int_equal(a.count, 1);
}

static void wrong_options_are_errors(void **state)
{
	(void)state;
	LINE("-z");
	assert_int_equal(next(), ARGS_ERROR);
	LINE("--zoo");
	assert_int_equal(next(), ARGS_ERROR);
	LINE("--all=x");
	assert_int_equal(next(), ARGS_ERROR);
	LINE("-f");
	assert_int_equal(next(), ARGS_ERROR);
	LINE("--file");
	assert_int_equal(next(), ARGS_ERROR);
	LINE("-:");
	assert_int_equal(next(), ARGS_ERROR);
}

static void too_many_operands_are_an_error(void **state)
{
	char *words[ARGS_MAX_OPERANDS + 2];

	(void)state;
	for (unsigned i = 0; i < ARGS_MAX_OPERANDS + 2; i++)
		words[i] = "x";
	a = (struct args){ .command = "cmd", .argv = words, .argc = ARGS_MAX_OPERANDS + 2 };
	assert_int_equal(next(), ARGS_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_may_be_mixed),
		cmocka_unit_test(short_options_may_be_joined),
		cmocka_unit_test(long_options_mean_their_letters),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_dash_alone_is_an_operand),
		cmocka_unit_test(wrong_options_are_errors),
		cmocka_unit_test(too_many_operands_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
