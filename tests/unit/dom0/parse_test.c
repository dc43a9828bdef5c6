/* SPDX-License-Identifier: MIT */
/*
 * The shell's grammar and completion.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/complete.h"
#include "shell/parse.h"

/* All commands of a line: "[word|word]>file; [word]&& []". */
static const char *parsed_text(const char *line, int status)
{
	static const char *const joints[] = { "", ";", "&&", "||" };
	static char text[8192];
	struct parsed p;
	size_t len = 0;

	do {
		const char *error = parse_command(&p, &line, status, false);

		if (error) {
			snprintf(text, sizeof(text), "!%s", error);
			parse_free(&p);
			return text;
		}
		text[len++] = '[';
		for (int i = 0; i < p.argc; i++)
			len += (size_t)sprintf(text + len, "%s%s", i ? "|" : "", p.argv[i]);
		assert_null(p.argv[p.argc]);
		text[len++] = ']';
		if (p.output)
			len += (size_t)sprintf(text + len, "%s%s", p.append ? ">>" : ">", p.output);
		len += (size_t)sprintf(text + len, "%s", joints[p.joint]);
		parse_free(&p);
	} while (joints[p.joint] && text[len - 1] != ']' && (text[len - 1] == ';' ||
		 text[len - 1] == '&' || (text[len - 1] == '|' && text[len - 2] == '|')));
	text[len] = '\0';
	return text;
}

#define PARSES(line, want) assert_string_equal(parsed_text(line, 0), want)

static void words_are_split_at_blanks(void **state)
{
	(void)state;
	PARSES("xl  create\t/etc/xen/a.cfg ", "[xl|create|/etc/xen/a.cfg]");
	PARSES("", "[]");
	PARSES("   ", "[]");
}

static void quotes_keep_blanks_and_signs(void **state)
{
	(void)state;
	PARSES("echo 'a  b;c' \"d \\\" > $x\" e\\ f \"\" ''", "[echo|a  b;c|d \" > $x|e f||]");
	PARSES("extra='\"root=/dev/xvda\"'", "[extra=\"root=/dev/xvda\"]");
	PARSES("a'b'\"c\"d", "[abcd]");
	PARSES("'\\'", "[\\]");
	PARSES("\"a\\b\"", "[a\\b]");
}

static void commands_are_joined(void **state)
{
	(void)state;
	PARSES("a;b c; d", "[a];[b|c];[d]");
	PARSES("a && b||c", "[a]&&[b]||[c]");
	PARSES("a;", "[a];[]");
	PARSES(";", "[];[]");
}

static void output_goes_to_files(void **state)
{
	(void)state;
	PARSES("echo a b > /f; echo c>>g", "[echo|a|b]>/f;[echo|c]>>g");
	PARSES("> f echo x", "[echo|x]>f");
	PARSES("echo '>'", "[echo|>]");
	PARSES("echo > 'a b'", "[echo]>a b");
}

static void comments_end_the_line_but_not_a_word(void **state)
{
	(void)state;
	PARSES("# all of it; x", "[]");
	PARSES("a b # c", "[a|b]");
	PARSES("a#b '#' \\#", "[a#b|#|#]");
}

static void the_status_is_put_in(void **state)
{
	(void)state;
	assert_string_equal(parsed_text("echo $? \"$?\" '$?' a$?b \\$?", 127),
			    "[echo|127|127|$?|a127b|$?]");
	assert_string_equal(parsed_text("echo $?$?$?", -2147483647), "[echo|-2147483647"
			    "-2147483647-2147483647]");
}

static void mistakes_are_named(void **state)
{
	(void)state;
	PARSES("echo 'a", "!a ' is not closed");
	PARSES("echo \"a", "!a \" is not closed");
	PARSES("a & b", "!& is not known, only &&");
	PARSES("a | b", "!| is not known, only ||");
	PARSES("&& b", "!a command must stand before && and ||");
	PARSES("echo >", "!a file name must follow >");
	PARSES("echo > ; x", "!a file name must follow >");
}

static void too_many_words_are_refused(void **state)
{
	char line[400] = "";

	(void)state;
	for (int i = 0; i < PARSE_ARGS_MAX; i++)
		strcat(line, "w ");
	assert_int_equal(parsed_text(line, 0)[0], '[');
	strcat(line, "w");
	PARSES(line, "!too many words");
}

static void any_bytes_are_parsed_in_bounds(void **state)
{
	static const char signs[] = "a '\"\\;&|>#$? b";
	char line[64];
	unsigned int seed = 5;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		const char *at = line;
		struct parsed p;
		const char *error;
		size_t n = seed / 65536 % sizeof(line);

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			line[i] = signs[seed / 65536 % (sizeof(signs) - 1)];
		}
		line[n] = '\0';
		do {
			error = parse_command(&p, &at, -1234567890, round & 1);
			for (int i = 0; !error && i < p.argc; i++)
				assert_true(strlen(p.argv[i]) < 1024);
			parse_free(&p);
			assert_true(at <= line + n);
		} while (!error && *at);
		seed = seed * 1103515245 + 12345;
	}
}

/* ---- completion ---- */

static int run_nothing(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void complete_words(struct completion *c, int argc, char **argv)
{
	assert_string_equal(argv[0], "xl");
	if (argc == 2) {
		completion_add(c, "create");
		completion_add(c, "console");
		completion_add(c, "list");
		completion_add(c, "console");
	} else {
		completion_add(c, "dom a");
	}
}

static const struct command table[] = {
	{ "xenstore-ls", "", "", run_nothing, NULL },
	{ "xl", "", "", run_nothing, complete_words },
};

const struct command *command_at(size_t i)
{
	return i < 2 ? &table[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < 2; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

void completion_add_paths(struct completion *c)
{
	completion_add(c, "/etc/");
}

static const char *candidates(const char *line)
{
	static char text[256];
	struct completion c;
	size_t len = 0;

	completion_collect(&c, line, strlen(line));
	len += (size_t)sprintf(text, "%s:", c.word ? c.word : "-");
	for (size_t i = 0; i < c.n; i++)
		len += (size_t)sprintf(text + len, "%s%s", i ? "," : "", c.found[i]);
	sprintf(text + len, ":%zu", completion_common(&c));
	completion_free(&c);
	return text;
}

static void the_first_word_is_a_command(void **state)
{
	(void)state;
	assert_string_equal(candidates("x"), "x:xenstore-ls,xl:1");
	assert_string_equal(candidates("xe"), "xe:xenstore-ls:11");
	assert_string_equal(candidates(""), ":xenstore-ls,xl:1");
	assert_string_equal(candidates("q"), "q::0");
	assert_string_equal(candidates("xl list; x"), "x:xenstore-ls,xl:1");
	assert_string_equal(candidates("xl list && "), ":xenstore-ls,xl:1");
}

static void later_words_are_the_commands_business(void **state)
{
	(void)state;
	assert_string_equal(candidates("xl c"), "c:console,create:1");
	assert_string_equal(candidates("xl co"), "co:console:7");
	assert_string_equal(candidates("xl "), ":console,create,list:0");
	assert_string_equal(candidates("xl console 'dom"), "dom:dom a:5");
	assert_string_equal(candidates("xenstore-ls "), "::0");
	assert_string_equal(candidates("none x"), "x::0");
}

static void behind_a_redirection_stands_a_file(void **state)
{
	(void)state;
	assert_string_equal(candidates("xl list > /e"), "/e:/etc/:5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_at_blanks),
		cmocka_unit_test(quotes_keep_blanks_and_signs),
		cmocka_unit_test(commands_are_joined),
		cmocka_unit_test(output_goes_to_files),
		cmocka_unit_test(comments_end_the_line_but_not_a_word),
		cmocka_unit_test(the_status_is_put_in),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(any_bytes_are_parsed_in_bounds),
		cmocka_unit_test(the_first_word_is_a_command),
		cmocka_unit_test(later_words_are_the_commands_business),
		cmocka_unit_test(behind_a_redirection_stands_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
