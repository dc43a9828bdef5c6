/* SPDX-License-Identifier: MIT */
/*
 * Running lines and scripts, with commands that note how they were called.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0/shell.h"
#include "dom0/terminal.h"

#include "pvguest/console.h"
#include "pvguest/fs.h"

static char calls[1024];

static int note(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		snprintf(calls + strlen(calls), sizeof(calls) - strlen(calls), "%s%s",
			 i ? " " : "", argv[i]);
	strcat(calls, ";");
	return argc > 1 ? atoi(argv[1]) : 0;
}

static int print(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s\n", argv[i]);
	return 0;
}

static int script(int argc, char **argv)
{
	(void)argc;
	return shell_run_script(argv[1]);
}

static const struct command table[] = {
	{ "note", "", "", note, NULL },
	{ "print", "", "", print, NULL },
	{ "sh", "", "", script, NULL },
};

const struct command *command_at(size_t i)
{
	return i < 3 ? &table[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < 3; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

void completion_add_paths(struct completion *c)
{
	(void)c;
}

size_t console_write(const void *buf, size_t n)
{
	(void)buf;
	return n;
}

void console_set_mode(enum console_mode m)
{
	(void)m;
}

bool terminal_ready(void)
{
	return false;
}

size_t terminal_read(char *buf, size_t n, uint64_t deadline_ns)
{
	(void)buf;
	(void)n;
	(void)deadline_ns;
	return 0;
}

static const char *files[2][2] = {
	{ "/script", "# a comment\nnote 1\r\n\nnote 2; note $?\nprint x > /dev/null\nnote 5" },
	{ "/loop", "sh /loop\nnote 7" },
};

char *fs_read_all(const char *path, size_t *len)
{
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(path, files[i][0]))
			continue;
		*len = strlen(files[i][1]);
		return strdup(files[i][1]);
	}
	return NULL;
}

static int clear(void **state)
{
	(void)state;
	calls[0] = '\0';
	shell_run_line("note 0");
	calls[0] = '\0';
	return 0;
}

static void commands_run_in_order_with_their_words(void **state)
{
	(void)state;
	assert_int_equal(shell_run_line("note 0 'a b'; note 3"), 3);
	assert_string_equal(calls, "note 0 a b;note 3;");
	assert_int_equal(shell_run_line(""), 3);
}

static void and_and_or_look_at_the_last_status(void **state)
{
	(void)state;
	shell_run_line("note 0 && note 1 && note 2 || note 3; note 4");
	assert_string_equal(calls, "note 0;note 1;note 3;note 4;");
	calls[0] = '\0';
	shell_run_line("note 1 && note 2; note 0 || note 3");
	assert_string_equal(calls, "note 1;note 0;");
}

static void the_status_is_that_of_the_command_before(void **state)
{
	(void)state;
	shell_run_line("note 4; note $?; note $? x");
	assert_string_equal(calls, "note 4;note 4;note 4 x;");
}

static void an_unknown_command_is_127_and_a_syntax_error_2(void **state)
{
	(void)state;
	assert_int_equal(shell_run_line("nosuch x"), 127);
	assert_int_equal(shell_run_line("note 0; note 'x"), 2);
	assert_string_equal(calls, "note 0;");
}

static void output_goes_to_the_file_and_comes_back_afterwards(void **state)
{
	char path[] = P_tmpdir "/shell_testXXXXXX", line[128], text[64] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "print one > %s && print two 'th ree' >> %s", path, path);
	assert_int_equal(shell_run_line(line), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 15);
	assert_string_equal(text, "one\ntwo\nth ree\n");
	close(fd);
	unlink(path);
	assert_int_equal(shell_run_line("print x > /none/file"), 1);
}

static void scripts_run_line_by_line(void **state)
{
	(void)state;
	assert_int_equal(shell_run_script("/script"), 5);
	assert_string_equal(calls, "note 1;note 2;note 2;note 5;");
	assert_int_equal(shell_run_script("/none"), 127);
}

static void scripts_that_call_themselves_come_to_an_end(void **state)
{
	(void)state;
	assert_int_equal(shell_run_script("/loop"), 7);
	assert_int_equal(strlen(calls), 8 * strlen("note 7;"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, clear)
	const struct CMUnitTest tests[] = {
		T(commands_run_in_order_with_their_words),
		T(and_and_or_look_at_the_last_status),
		T(the_status_is_that_of_the_command_before),
		T(an_unknown_command_is_127_and_a_syntax_error_2),
		T(output_goes_to_the_file_and_comes_back_afterwards),
		T(scripts_run_line_by_line),
		T(scripts_that_call_themselves_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
