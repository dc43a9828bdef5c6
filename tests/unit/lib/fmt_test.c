// SPDX-License-Identifier: MIT
/* The formatter against the C library's, where both know the conversion, and its own additions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "hv/fmt.h"
#include "hv/str.h"

/* Formats with both and compares text and length. */
#define SAME(...)							\
	do {								\
		char ours[128], theirs[128];				\
		int n = fmt_snprintf(ours, sizeof(ours), __VA_ARGS__);	\
		int m = snprintf(theirs, sizeof(theirs), __VA_ARGS__);	\
		assert_string_equal(ours, theirs);			\
		assert_int_equal(n, m);					\
	} while (0)

static void numbers_print_as_in_c(void **state)
{
	(void)state;
	SAME("%d %d %d %i", 0, -1, 2147483647, -2147483647 - 1);
	SAME("%u %x %X %o", 4000000000u, 0xdeadbeefu, 0xdeadbeefu, 0777u);
	SAME("%ld %lu %lx", -5L, 5UL, 0xffffffffffffffffUL);
	SAME("%lld %llu %llx", -5LL, 18446744073709551615ULL, 1ULL << 63);
	SAME("%zu %zd %jd %td", (size_t)7, (ssize_t)-7, (intmax_t)9, (ptrdiff_t)-3);
	SAME("%hhu %hhd %hu %hd", 511, 255, 70000, 40000);
	SAME("%#x %#X %#lx", 255, 255, 0UL);
	SAME("%+d % d %+d", 5, 5, -5);
}

static void fields_are_padded_as_in_c(void **state)
{
	(void)state;
	SAME("[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
	SAME("[%8.3d] [%-8.3d] [%8.0d]", 7, -7, 7);
	SAME("[%016lx] [%#010x] [%.0d] [%.0d]", 0x1234UL, 0x1234, 0, 1);
	SAME("[%10s] [%-10s] [%.2s] [%5.1s]", "text", "text", "text", "text");
	SAME("[%*d] [%-*d] [%*d] [%.*s]", 6, 1, 6, 2, -6, 3, 3, "abcdef");
	SAME("[%3c] [%-3c] %%", 'x', 'y');
}

static void a_string_with_a_precision_need_not_end(void **state)
{
	const char raw[3] = { 'a', 'b', 'c' };
	char buf[8];

	(void)state;
	assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%.3s", raw), 3);
	assert_string_equal(buf, "abc");
}

static void a_small_buffer_is_cut_and_ended(void **state)
{
	char buf[5] = "....";

	(void)state;
	assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%s", "123456"), 6);
	assert_string_equal(buf, "1234");
	assert_int_equal(fmt_snprintf(buf, 1, "%d", 99), 2);
	assert_string_equal(buf, "");
	assert_int_equal(fmt_snprintf(NULL, 0, "%d", 12345), 5);
}

static void pointers_have_sixteen_digits(void **state)
{
	char buf[40];

	(void)state;
	fmt_snprintf(buf, sizeof(buf), "%p", (void *)0x1234);
	assert_string_equal(buf, "0000000000001234");
	fmt_snprintf(buf, sizeof(buf), "%p!", (void *)0);
	assert_string_equal(buf, "0000000000000000!");
}

static size_t name_domains(char *buf, size_t size, const char *spec, const void *ptr)
{
	if (spec[0] != 'd')
		return 0;
	fmt_snprintf(buf, size, "d%d", *(const int *)ptr);
	return 1;
}

static void with_hook(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fmt_vsnprintf_hook(buf, size, name_domains, fmt, args);
	va_end(args);
}

static void the_hook_prints_what_it_knows_and_no_more(void **state)
{
	int domain = 7;
	char buf[64];

	(void)state;
	with_hook(buf, sizeof(buf), "%pd: grant %u", &domain, 3);
	assert_string_equal(buf, "d7: grant 3");
	with_hook(buf, sizeof(buf), "[%5pd] [%-5pd]", &domain, &domain);
	assert_string_equal(buf, "[   d7] [d7   ]");
	with_hook(buf, sizeof(buf), "%px %p", (void *)1, (void *)2);
	assert_string_equal(buf, "0000000000000001x 0000000000000002");
}

static void slips_show_in_the_output(void **state)
{
	const char *bad = "%q %5y %";	/* not literals, or gcc would refuse them */
	const char *nothing = "%s";
	char buf[64];

	(void)state;
	with_hook(buf, sizeof(buf), bad);
	assert_string_equal(buf, "%q %5y %");
	with_hook(buf, sizeof(buf), nothing, (const char *)NULL);
	assert_string_equal(buf, "(null)");
}

static void widths_are_bounded(void **state)
{
	volatile int huge = 2000000000, least = -2147483647 - 1;	/* hidden from gcc */
	char buf[16];

	(void)state;
	assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%*d", huge, 1), 4095);
	assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%.*d", huge, 1), 4095);
	assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%*d", least, 1), 4095);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_in_c),
		cmocka_unit_test(fields_are_padded_as_in_c),
		cmocka_unit_test(a_string_with_a_precision_need_not_end),
		cmocka_unit_test(a_small_buffer_is_cut_and_ended),
		cmocka_unit_test(pointers_have_sixteen_digits),
		cmocka_unit_test(the_hook_prints_what_it_knows_and_no_more),
		cmocka_unit_test(slips_show_in_the_output),
		cmocka_unit_test(widths_are_bounded),
	};

	return cmocka_run_group_tests_name("lib_fmt", tests, NULL, NULL);
}
