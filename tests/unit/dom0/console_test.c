/* SPDX-License-Identifier: MIT */
/*
 * The scroll-back and the console rings.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/errno.h>

#include "console/consring.h"
#include "console/scrollback.h"

static struct scrollback sb;

static int teardown(void **state)
{
	(void)state;
	scrollback_free(&sb);
	return 0;
}

static void say(const char *text)
{
	scrollback_append(&sb, text, strlen(text));
}

static void output_is_read_back_from_any_position(void **state)
{
	uint64_t at = 0;
	char buf[16];

	(void)state;
	say("hello ");
	say("world");
	assert_int_equal(scrollback_read(&sb, &at, buf, 4), 4);
	assert_memory_equal(buf, "hell", 4);
	assert_int_equal(scrollback_read(&sb, &at, buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "o world", 7);
	assert_int_equal(scrollback_read(&sb, &at, buf, sizeof(buf)), 0);
	assert_int_equal(at, 11);
}

static void it_keeps_the_last_64_kib(void **state)
{
	uint64_t at = 0;
	char line[32], buf[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "line%05d\r\n", i);
		say(line);
	}
	assert_int_equal(sb.total, 20000 * 11);
	assert_int_equal(scrollback_oldest(&sb), 20000 * 11 - SCROLLBACK_MAX);
	assert_int_equal(scrollback_read(&sb, &at, buf, 1), 1);
	assert_int_equal(at, scrollback_oldest(&sb) + 1);
	at = 19999 * 11;
	scrollback_read(&sb, &at, buf, 11);
	assert_memory_equal(buf, "line19999\r\n", 11);
}

static void memory_grows_with_the_output_and_loses_nothing(void **state)
{
	uint64_t at = 0;
	char c;

	(void)state;
	for (unsigned int i = 0; i < 30000; i++) {
		c = (char)(i * 7);
		scrollback_append(&sb, &c, 1);
		assert_true(sb.size < 2 * (i + 1) + 4096);
	}
	for (unsigned int i = 0; i < 30000; i++) {
		assert_int_equal(scrollback_read(&sb, &at, &c, 1), 1);
		assert_int_equal(c, (char)(i * 7));
	}
}

static void one_append_may_be_larger_than_everything(void **state)
{
	char *big = malloc(200000);
	uint64_t at = 0;
	char c;

	(void)state;
	for (int i = 0; i < 200000; i++)
		big[i] = (char)(i % 251);
	scrollback_append(&sb, big, 200000);
	assert_int_equal(sb.total, 200000);
	scrollback_read(&sb, &at, &c, 1);
	assert_int_equal(c, (char)((200000 - SCROLLBACK_MAX) % 251));
	free(big);
}

static void the_last_lines_are_plain_text(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(scrollback_last_lines(&sb, 3, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	say("one\r\ntwo\r\n\033[31mthree\a\tx\r\n\r\n");
	scrollback_last_lines(&sb, 1, buf, sizeof(buf));
	assert_string_equal(buf, "[31mthree\tx");
	scrollback_last_lines(&sb, 2, buf, sizeof(buf));
	assert_string_equal(buf, "two\n[31mthree\tx");
	scrollback_last_lines(&sb, 99, buf, sizeof(buf));
	assert_string_equal(buf, "one\ntwo\n[31mthree\tx");
}

static void the_last_lines_have_no_control_characters_of_eight_bits(void **state)
{
	char buf[64];

	(void)state;
	say("\2331mA\302\2332mB\200\233C\304\233D\342\200\223E\303\234\r\n");
	scrollback_last_lines(&sb, 1, buf, sizeof(buf));
	assert_string_equal(buf, "1mA\3022mBC\304\233D\342\200\223E\303\234");
}

static void the_last_lines_are_cut_at_the_front_to_fit(void **state)
{
	char buf[6];

	(void)state;
	say("0123456789\r\n");
	assert_int_equal(scrollback_last_lines(&sb, 1, buf, sizeof(buf)), 5);
	assert_string_equal(buf, "56789");
	assert_int_equal(scrollback_last_lines(&sb, 1, buf, 1), 0);
	assert_int_equal(scrollback_last_lines(&sb, 1, NULL, 0), 0);
}

static struct xencons_interface page;

static void guest_output_is_taken_and_input_given(void **state)
{
	char buf[32];

	(void)state;
	memset(&page, 0, sizeof(page));
	memcpy(page.out, "hi", 2);
	page.out_prod = 2;
	assert_int_equal(consring_take(&page, buf, sizeof(buf)), 2);
	assert_int_equal(page.out_cons, 2);
	assert_int_equal(consring_take(&page, buf, sizeof(buf)), 0);
	assert_int_equal(consring_give(&page, "abc", 3), 3);
	assert_memory_equal(page.in, "abc", 3);
	page.in_prod = page.in_cons + sizeof(page.in) - 1;
	assert_int_equal(consring_give(&page, "abc", 3), 1);
	assert_int_equal(consring_give(&page, "abc", 3), 0);
}

static void impossible_indices_are_an_error(void **state)
{
	char buf[4096];

	(void)state;
	memset(&page, 0, sizeof(page));
	page.out_prod = sizeof(page.out) + 1;
	assert_int_equal(consring_take(&page, buf, sizeof(buf)), -XEN_EIO);
	page.in_cons = 1;
	assert_int_equal(consring_give(&page, "x", 1), -XEN_EIO);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(output_is_read_back_from_any_position),
		T(it_keeps_the_last_64_kib),
		T(memory_grows_with_the_output_and_loses_nothing),
		T(one_append_may_be_larger_than_everything),
		T(the_last_lines_are_plain_text),
		T(the_last_lines_have_no_control_characters_of_eight_bits),
		T(the_last_lines_are_cut_at_the_front_to_fit),
		T(guest_output_is_taken_and_input_given),
		T(impossible_indices_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
