// SPDX-License-Identifier: MIT
/* Strings, spans, numbers and sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hv/str.h"

static struct str_span span(const char *s)
{
	return (struct str_span){ s, str_len(s) };
}

static void comparing_orders_by_unsigned_bytes(void **state)
{
	(void)state;
	assert_int_equal(str_cmp("abc", "abc"), 0);
	assert_true(str_cmp("abc", "abd") < 0);
	assert_true(str_cmp("abc", "ab") > 0);
	assert_true(str_cmp("\x80", "a") > 0);
	assert_int_equal(str_ncmp("abcX", "abcY", 3), 0);
	assert_true(str_equal("", ""));
	assert_false(str_equal("a", ""));
	assert_true(str_span_equal(span("com1"), "com1"));
	assert_false(str_span_equal(span("com1"), "com"));
}

static void copying_tells_of_a_cut(void **state)
{
	char buf[5] = "zzzz";

	(void)state;
	assert_true(str_copy(buf, sizeof(buf), "four"));
	assert_string_equal(buf, "four");
	assert_false(str_copy(buf, sizeof(buf), "fives"));
	assert_string_equal(buf, "five");
	assert_true(str_copy(buf, sizeof(buf), ""));
	assert_string_equal(buf, "");
	assert_false(str_copy(buf, 0, "x"));
	assert_string_equal(buf, "");
}

static void appending_keeps_the_end_and_tells_of_a_cut(void **state)
{
	char buf[8] = "ab";

	(void)state;
	assert_true(str_append(buf, sizeof(buf), "cd"));
	assert_string_equal(buf, "abcd");
	assert_false(str_append(buf, sizeof(buf), "efgh"));
	assert_string_equal(buf, "abcdefg");
	assert_false(str_append(buf, sizeof(buf), "x"));
	assert_true(str_append(buf, sizeof(buf), ""));
}

static void a_prefix_is_skipped_only_when_whole(void **state)
{
	(void)state;
	assert_string_equal(str_skip_prefix("max:1G", "max:"), "1G");
	assert_null(str_skip_prefix("ma", "max:"));
	assert_string_equal(str_skip_prefix("x", ""), "x");
}

static void finding_a_character_looks_from_both_ends(void **state)
{
	const char *s = "a/b/c";

	(void)state;
	assert_ptr_equal(str_find_char(s, '/'), s + 1);
	assert_ptr_equal(str_find_last_char(s, '/'), s + 3);
	assert_null(str_find_char(s, 'x'));
	assert_null(str_find_last_char(s, 'x'));
	assert_ptr_equal(str_find_char(s, '\0'), s + 5);
}

static void splitting_yields_empty_pieces_too(void **state)
{
	struct str_span rest = span("a,,b,");
	struct str_span piece;

	(void)state;
	assert_true(str_split(&rest, ',', &piece) && str_span_equal(piece, "a"));
	assert_true(str_split(&rest, ',', &piece) && str_span_equal(piece, ""));
	assert_true(str_split(&rest, ',', &piece) && str_span_equal(piece, "b"));
	assert_true(str_split(&rest, ',', &piece) && str_span_equal(piece, ""));
	assert_false(str_split(&rest, ',', &piece));
}

static void trimming_takes_space_off_both_ends(void **state)
{
	(void)state;
	assert_true(str_span_equal(str_trim(span(" \t a b \r\n")), "a b"));
	assert_int_equal(str_trim(span("  ")).len, 0);
}

static void numbers_know_their_base_and_end(void **state)
{
	const char *end;
	uint64_t n = 7;

	(void)state;
	assert_true(str_to_u64("115200", NULL, 10, &n) && n == 115200);
	assert_true(str_to_u64("0x3F8", NULL, 0, &n) && n == 0x3f8);
	assert_true(str_to_u64("0x3f8", NULL, 16, &n) && n == 0x3f8);
	assert_true(str_to_u64("017", NULL, 0, &n) && n == 15);
	assert_true(str_to_u64("0", NULL, 0, &n) && n == 0);
	assert_true(str_to_u64("12,8n1", &end, 10, &n) && n == 12);
	assert_string_equal(end, ",8n1");
	assert_true(str_to_u64("0xg", &end, 0, &n) && n == 0);
	assert_string_equal(end, "xg");
	assert_true(str_to_u64("18446744073709551615", NULL, 10, &n) && n == UINT64_MAX);
}

static void numbers_refuse_what_is_none_or_too_big(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_false(str_to_u64("", NULL, 10, &n));
	assert_false(str_to_u64("x", NULL, 10, &n));
	assert_false(str_to_u64("-1", NULL, 10, &n));
	assert_false(str_to_u64("12 ", NULL, 10, &n));
	assert_false(str_to_u64("08", NULL, 0, &n));
	assert_false(str_to_u64("18446744073709551616", NULL, 10, &n));
	assert_false(str_to_u64("99999999999999999999", NULL, 10, &n));
	assert_int_equal(n, 7);
}

static void sizes_read_one_suffix(void **state)
{
	const char *end;
	uint64_t n;

	(void)state;
	assert_true(str_to_size("256M", NULL, 10, &n) && n == 256u << 20);
	assert_true(str_to_size("1g", NULL, 10, &n) && n == 1u << 30);
	assert_true(str_to_size("64", NULL, 10, &n) && n == 65536);
	assert_true(str_to_size("64B", NULL, 10, &n) && n == 64);
	assert_true(str_to_size("2T", NULL, 0, &n) && n == UINT64_C(2) << 40);
	assert_true(str_to_size("512M,max:1G", &end, 10, &n) && n == 512u << 20);
	assert_string_equal(end, ",max:1G");
}

static void sizes_refuse_strange_suffixes_and_overflow(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_false(str_to_size("1X", NULL, 10, &n));
	assert_false(str_to_size("1MM", NULL, 10, &n));
	assert_false(str_to_size("M", NULL, 10, &n));
	assert_false(str_to_size("16777216T", NULL, 10, &n));
	assert_false(str_to_size("18446744073709551615", NULL, 10, &n));
	assert_int_equal(n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing_orders_by_unsigned_bytes),
		cmocka_unit_test(copying_tells_of_a_cut),
		cmocka_unit_test(appending_keeps_the_end_and_tells_of_a_cut),
		cmocka_unit_test(a_prefix_is_skipped_only_when_whole),
		cmocka_unit_test(finding_a_character_looks_from_both_ends),
		cmocka_unit_test(splitting_yields_empty_pieces_too),
		cmocka_unit_test(trimming_takes_space_off_both_ends),
		cmocka_unit_test(numbers_know_their_base_and_end),
		cmocka_unit_test(numbers_refuse_what_is_none_or_too_big),
		cmocka_unit_test(sizes_read_one_suffix),
		cmocka_unit_test(sizes_refuse_strange_suffixes_and_overflow),
	};

	return cmocka_run_group_tests_name("lib_str", tests, NULL, NULL);
}
