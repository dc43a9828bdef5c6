/* SPDX-License-Identifier: MIT */
/*
 * Running commands: at the prompt, from a script, from a line of text.
 */
#include "dom0/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "complete.h"
#include "lineedit.h"
#include "parse.h"

#include "dom0/terminal.h"

#include "pvguest/console.h"
#include "pvguest/fs.h"

struct history shell_history;

static int last_status;

/* ---- one command ---- */

static int command_start(const struct parsed *parsed)
{
	const struct command *command = command_find(parsed->argv[0]);

	if (!command) {
		fprintf(stderr, "%s: no such command (try: help)\n", parsed->argv[0]);
		return 127;
	}

	int status = command->run(parsed->argc, (char **)parsed->argv);

	fflush(stdout);
	fflush(stderr);
	return status;
}

/* With standard output in a file. */
static int command_redirected(const struct parsed *parsed)
{
	FILE *file = fopen(parsed->output, parsed->append ? "a" : "w");
	FILE *terminal = stdout;
	int status = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", parsed->output, strerror(errno));
		return 1;
	}
	stdout = file;
	if (parsed->argc)
		status = command_start(parsed);
	stdout = terminal;
	if (fclose(file)) {
		fprintf(stderr, "%s: %s\n", parsed->output, strerror(errno));
		status = 1;
	}
	return status;
}

int shell_run_line(const char *line)
{
	enum parse_joint joint = JOINT_ALWAYS;

	do {
		struct parsed parsed;
		const char *error = parse_command(&parsed, &line, last_status, false);
		bool skip = (joint == JOINT_AND && last_status) ||
			    (joint == JOINT_OR && !last_status);

		if (error) {
			fprintf(stderr, "syntax: %s\n", error);
			last_status = 2;
			parsed.joint = JOINT_END;
		} else if (!skip && parsed.output) {
			last_status = command_redirected(&parsed);
		} else if (!skip && parsed.argc) {
			last_status = command_start(&parsed);
		}
		joint = parsed.joint;
		parse_free(&parsed);
	} while (joint != JOINT_END);
	return last_status;
}

int shell_run_script(const char *path)
{
	static unsigned int depth;
	size_t len;
	char *text;

	if (depth == 8) {
		fprintf(stderr, "sh: %s: scripts call each other too deeply\n", path);
		return 127;
	}
	text = fs_read_all(path, &len);
	if (!text) {
		fprintf(stderr, "sh: %s: %s\n", path, strerror(errno));
		return 127;
	}
	depth++;
	last_status = 0;
	for (char *at = text, *line; (line = strsep(&at, "\n"));) {
		line[strcspn(line, "\r")] = '\0';
		shell_run_line(line);
	}
	depth--;
	free(text);
	return last_status;
}

/* ---- the prompt ---- */

/* The echo of what was pasted goes out together, or input would come faster than it is taken. */
static struct {
	char bytes[512];
	size_t len;
} echo;

static void echo_flush(void)
{
	if (echo.len)
		console_write(echo.bytes, echo.len);
	echo.len = 0;
}

static void echo_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	while (n) {
		size_t part = n < sizeof(echo.bytes) - echo.len ? n : sizeof(echo.bytes) - echo.len;

		memcpy(echo.bytes + echo.len, bytes, part);
		echo.len += part;
		bytes += part;
		n -= part;
		if (echo.len == sizeof(echo.bytes))
			echo_flush();
	}
}

static void candidates_print(const struct completion *c)
{
	size_t width = 0, per_line;

	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->found[i]) + 2 > width)
			width = strlen(c->found[i]) + 2;
	per_line = width < 79 ? 79 / width : 1;
	echo_write(NULL, "\n", 1);
	for (size_t i = 0; i < c->n; i++) {
		char line[128];
		bool last = i + 1 == c->n || (i + 1) % per_line == 0;
		int n = snprintf(line, sizeof(line), "%-*.*s%s", last ? 0 : (int)width, 120,
				 c->found[i], last ? "\n" : "");

		echo_write(NULL, line, (size_t)n);
	}
}

/* Inserts the rest of the word; blanks and such are quoted. */
static void insert_quoted(struct lineedit *edit, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr(" \t'\"\\;&|>#$", text[i]))
			lineedit_insert(edit, "\\", 1);
		lineedit_insert(edit, text + i, 1);
	}
}

static bool complete_word(void *ctx, struct lineedit *edit)
{
	struct completion c;
	bool listed = false;

	(void)ctx;
	completion_collect(&c, edit->text, edit->cursor);

	size_t typed = c.word ? strlen(c.word) : 0, common = completion_common(&c);

	if (common > typed)
		insert_quoted(edit, c.found[0] + typed, common - typed);
	if (c.n == 1 && common && c.found[0][common - 1] != '/') {
		lineedit_insert(edit, " ", 1);
	} else if (c.n > 1 && common == typed) {
		candidates_print(&c);
		listed = true;
	}
	completion_free(&c);
	return listed;
}

/* Edits a line until it is whole. Returns what ended it. */
static enum lineedit_result line_read(struct lineedit *edit)
{
	enum lineedit_result result = LINEEDIT_MORE;
	char byte;

	lineedit_start(edit);
	/* A byte at a time: what follows the line belongs to the command that it runs. */
	while (result == LINEEDIT_MORE) {
		if (!terminal_ready())
			echo_flush();
		if (terminal_read(&byte, 1, 0))
			result = lineedit_byte(edit, (unsigned char)byte);
	}
	echo_flush();
	return result;
}

void shell_run(void)
{
	static const struct lineedit_ops ops = {
		.write = echo_write,
		.complete = complete_word,
	};
	static struct lineedit edit;

	console_set_mode(CONSOLE_RAW);
	lineedit_init(&edit, &ops, NULL, "dom0# ", &shell_history);
	for (;;) {
		fflush(stdout);
		switch (line_read(&edit)) {
		case LINEEDIT_LINE:
			history_add(&shell_history, edit.text);
			/* The editor's buffer is not touched by whoever runs below. */
			shell_run_line(edit.text);
			break;
		case LINEEDIT_CANCEL:
			last_status = 130;
			break;
		case LINEEDIT_EOF:
			puts("There is nothing to log out of; poweroff switches off.");
			break;
		case LINEEDIT_MORE:
			break;
		}
	}
}
