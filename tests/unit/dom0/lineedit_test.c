/* SPDX-License-Identifier: MIT */
/*
 * The line editor: bytes go in, and what a terminal without any abilities then shows
 * must be the line. The terminal here knows printable characters, backspace and
 * line ends; anything else is an error.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/lineedit.h"

static struct history history;
static struct lineedit edit;

static struct {
	char line[4096];	/* the terminal's current line */
	size_t len, column;
	size_t lines;		/* line feeds so far */
	size_t bytes;
	bool cleared;
} terminal;

static void terminal_byte(char c)
{
	terminal.bytes++;
	if (c == '\b') {
		assert_true(terminal.column > 0);
		terminal.column--;
	} else if (c == '\n') {
		terminal.lines++;
		terminal.len = terminal.column = 0;
	} else {
		assert_true((unsigned char)c >= ' ' && c != 0x7f);
		if (((unsigned char)c & 0xc0) == 0x80)
			return;		/* drawn with the byte before it */
		terminal.line[terminal.column++] = (unsigned char)c >= 0x80 ? '?' : c;
		if (terminal.column > terminal.len)
			terminal.len = terminal.column;
	}
}

static void terminal_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	if (n == 7 && !memcmp(bytes, "\033[H\033[2J", 7)) {
		terminal.cleared = true;
		terminal.len = terminal.column = 0;
		return;
	}
	while (n--)
		terminal_byte(*bytes++);
}

static const char *completion;
static bool completion_lists;

static bool complete(void *ctx, struct lineedit *e)
{
	(void)ctx;
	if (completion)
		lineedit_insert(e, completion, strlen(completion));
	if (completion_lists)
		terminal_write(NULL, "\na  b\n", 6);
	return completion_lists;
}

static const struct lineedit_ops ops = { terminal_write, complete };

static int setup(void **state)
{
	(void)state;
	memset(&terminal, 0, sizeof(terminal));
	completion = NULL;
	completion_lists = false;
	lineedit_init(&edit, &ops, NULL, "dom0# ", &history);
	lineedit_start(&edit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	history_free(&history);
	return 0;
}

static enum lineedit_result type(const char *bytes)
{
	enum lineedit_result result = LINEEDIT_MORE;

	for (; *bytes; bytes++) {
		assert_int_equal(result, LINEEDIT_MORE);
		result = lineedit_byte(&edit, (unsigned char)*bytes);
	}
	return result;
}

/* The line is `text` with the cursor before byte `cursor`, and the terminal shows just that. */
static void expect(const char *text, size_t cursor)
{
	size_t shown = terminal.len;

	assert_string_equal(edit.text, text);
	assert_int_equal(edit.len, strlen(text));
	assert_int_equal(edit.cursor, cursor);
	while (shown > 6 && terminal.line[shown - 1] == ' ')
		shown--;

	size_t want = strlen(text);

	while (want && text[want - 1] == ' ')
		want--;
	assert_int_equal(shown, 6 + want);
	assert_memory_equal(terminal.line, "dom0# ", 6);
	assert_memory_equal(terminal.line + 6, text, want);
	assert_int_equal(terminal.column, 6 + cursor);
}

/* Ends the line and puts it in the history, as the shell does. */
static void enter(const char *text)
{
	assert_int_equal(type(text), LINEEDIT_MORE);
	assert_int_equal(type("\r"), LINEEDIT_LINE);
	history_add(&history, edit.text);
	lineedit_start(&edit);
}

static void typed_characters_are_echoed_one_byte_each(void **state)
{
	size_t before = terminal.bytes;

	(void)state;
	type("xl list");
	expect("xl list", 7);
	assert_int_equal(terminal.bytes - before, 7);
}

static void cr_lf_and_both_together_end_one_line(void **state)
{
	(void)state;
	assert_int_equal(type("a\r"), LINEEDIT_LINE);
	assert_string_equal(edit.text, "a");
	assert_int_equal(terminal.lines, 1);
	lineedit_start(&edit);
	assert_int_equal(type("\nb\n"), LINEEDIT_LINE);
	assert_string_equal(edit.text, "b");
	assert_int_equal(terminal.lines, 2);
	lineedit_start(&edit);
	assert_int_equal(type("\n"), LINEEDIT_LINE);
	assert_string_equal(edit.text, "");
}

static void characters_are_inserted_and_removed_in_the_middle(void **state)
{
	(void)state;
	type("hllo\033[D\033[D\033[D");
	expect("hllo", 1);
	type("e");
	expect("hello", 2);
	type("\033[C\177");
	expect("helo", 2);
	type("\033[3~");
	expect("heo", 2);
	type("\b\b\b\b");
	expect("o", 0);
	type("\004");
	expect("", 0);
	type("\033[3~\033[D\033[C");
	expect("", 0);
}

static void home_and_end_have_many_names(void **state)
{
	static const char *const homes[] = { "\001", "\033[H", "\033OH", "\033[1~", "\033[7~" };
	static const char *const ends[] = { "\005", "\033[F", "\033OF", "\033[4~", "\033[8~" };

	(void)state;
	type("abc");
	for (size_t i = 0; i < 5; i++) {
		type(homes[i]);
		expect("abc", 0);
		type(ends[i]);
		expect("abc", 3);
	}
}

static void killing_and_yanking_move_text(void **state)
{
	(void)state;
	type("xl create /etc/xen/a.cfg");
	type("\027");
	expect("xl create ", 10);
	type("\027");
	expect("xl ", 3);
	type("\031\031");
	expect("xl create create ", 17);
	type("\025");
	expect("", 0);
	type("\031\001\033f\013");
	expect("xl", 2);
	type("\001\033d");
	expect("", 0);
}

static void words_are_stepped_over(void **state)
{
	(void)state;
	type("one  two three");
	type("\033b");
	expect("one  two three", 9);
	type("\033b\033b\033b");
	expect("one  two three", 0);
	type("\033f\033f");
	expect("one  two three", 8);
	type("\033[1;5D");
	expect("one  two three", 7);
}

static void up_and_down_walk_the_history_and_keep_the_new_line(void **state)
{
	(void)state;
	enter("first");
	enter("second, which is longer");
	enter("");
	enter("second, which is longer");
	type("new");
	type("\033[A");
	expect("second, which is longer", 23);
	type("\033OA");
	expect("first", 5);
	type("\033[A");
	expect("first", 5);
	type("\033[B");
	expect("second, which is longer", 23);
	type("\016");
	expect("new", 3);
	type("\033[B");
	expect("new", 3);
	type("\020\020!");
	expect("first!", 6);
	assert_int_equal(type("\r"), LINEEDIT_LINE);
	assert_string_equal(history_at(&history, 0), "first");
}

static void the_history_forgets_the_oldest_lines(void **state)
{
	char line[32];

	(void)state;
	for (int i = 0; i < HISTORY_MAX + 10; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		history_add(&history, line);
	}
	assert_int_equal(history_oldest(&history), 10);
	assert_null(history_at(&history, 9));
	assert_string_equal(history_at(&history, 10), "line 10");
	assert_null(history_at(&history, HISTORY_MAX + 10));
	lineedit_start(&edit);
	terminal.len = terminal.column = 6;
	for (int i = 0; i < HISTORY_MAX + 50; i++)
		type("\033[A");
	assert_string_equal(edit.text, "line 10");
}

static void ctrl_c_cancels_and_ctrl_d_ends_only_an_empty_line(void **state)
{
	(void)state;
	assert_int_equal(type("abc\003"), LINEEDIT_CANCEL);
	lineedit_start(&edit);
	expect("", 0);
	assert_int_equal(type("a\004"), LINEEDIT_MORE);
	type("\177");
	assert_int_equal(type("\004"), LINEEDIT_EOF);
}

static void a_full_line_takes_no_more(void **state)
{
	(void)state;
	for (int i = 0; i < LINEEDIT_MAX + 100; i++)
		type("x");
	assert_int_equal(edit.len, LINEEDIT_MAX);
	type("\001y\005");
	assert_int_equal(edit.len, LINEEDIT_MAX);
	type("\177z");
	assert_int_equal(edit.text[LINEEDIT_MAX - 1], 'z');
}

static void utf8_characters_are_one_column_and_one_step(void **state)
{
	(void)state;
	type("a\303\251\342\202\254b");
	assert_int_equal(terminal.column, 6 + 4);
	type("\033[D\033[D");
	assert_int_equal(edit.cursor, 3);
	assert_int_equal(terminal.column, 6 + 2);
	type("\177");
	assert_string_equal(edit.text, "a\342\202\254b");
	assert_int_equal(terminal.column, 6 + 1);
}

static void completions_are_inserted_or_listed(void **state)
{
	(void)state;
	completion = "eate ";
	type("xl cr\t");
	expect("xl create ", 10);
	completion = NULL;
	completion_lists = true;
	type("\033[D\t");
	expect("xl create ", 9);
	assert_int_equal(terminal.lines, 2);
}

static void ctrl_l_clears_the_screen_and_shows_the_line_again(void **state)
{
	(void)state;
	type("abc\033[D\014");
	assert_true(terminal.cleared);
	expect("abc", 2);
}

static void unknown_keys_do_nothing(void **state)
{
	(void)state;
	type("ab\033[5~\033[99999999Z\033Oq\033z\006\007\021\033\033[D");
	expect("ab", 1);
}

static void broken_escapes_do_not_swallow_the_line_end(void **state)
{
	(void)state;
	assert_int_equal(type("ab\033[\r"), LINEEDIT_LINE);
	assert_string_equal(edit.text, "ab");
}

/* Any keys in any order: the terminal always shows the line. */
static void any_keys_leave_the_terminal_showing_the_line(void **state)
{
	static const char *const keys[] = {
		"a", "b", " ", "word ", "\177", "\b", "\001", "\005", "\013", "\025", "\027",
		"\031", "\033[A", "\033[B", "\033[C", "\033[D", "\033[3~", "\033b", "\033f",
		"\033d", "\002", "\006", "\020", "\016",
	};
	unsigned int seed = 3;

	(void)state;
	enter("something from the history");
	enter("xl list");
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		if (edit.len > 200)
			type("\005\025");
		type(keys[seed / 65536 % (sizeof(keys) / sizeof(keys[0]))]);
		expect(edit.text, edit.cursor);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(typed_characters_are_echoed_one_byte_each),
		T(cr_lf_and_both_together_end_one_line),
		T(characters_are_inserted_and_removed_in_the_middle),
		T(home_and_end_have_many_names),
		T(killing_and_yanking_move_text),
		T(words_are_stepped_over),
		T(up_and_down_walk_the_history_and_keep_the_new_line),
		T(the_history_forgets_the_oldest_lines),
		T(ctrl_c_cancels_and_ctrl_d_ends_only_an_empty_line),
		T(a_full_line_takes_no_more),
		T(utf8_characters_are_one_column_and_one_step),
		T(completions_are_inserted_or_listed),
		T(ctrl_l_clears_the_screen_and_shows_the_line_again),
		T(unknown_keys_do_nothing),
		T(broken_escapes_do_not_swallow_the_line_end),
		T(any_keys_leave_the_terminal_showing_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
