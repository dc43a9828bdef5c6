// SPDX-License-Identifier: MIT
/*
 * Any keys at the prompt: the terminal's cursor stays on the line, the line ends where it says, and
 * what comes of it can be parsed and completed.
 */
#include "fuzz.h"

#include <string.h>

#include "shell/complete.h"
#include "shell/lineedit.h"
#include "shell/parse.h"

static size_t column;

static void terminal_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	for (; n; n--, bytes++) {
		if (*bytes == '\b') {
			FUZZ_CHECK(column > 0);
			column--;
		} else if (*bytes == '\n') {
			column = 0;
		} else if (((unsigned char)*bytes & 0xc0) != 0x80) {
			column++;
		}
	}
}

static int run(int argc, char **argv)
{
	(void)argv;
	return argc;
}

static void complete_some(struct completion *c, int argc, char **argv)
{
	FUZZ_CHECK(argc > 1 && argv[argc - 1]);
	completion_add(c, "create");
	completion_add(c, "console");
}

static const struct command command = { "xl", "", "", run, complete_some };

const struct command *command_at(size_t i)
{
	return i ? NULL : &command;
}

const struct command *command_find(const char *name)
{
	return strcmp(name, "xl") ? NULL : &command;
}

void completion_add_paths(struct completion *c)
{
	completion_add(c, "/etc/xen/");
}

static bool complete(void *ctx, struct lineedit *edit)
{
	struct completion c;

	(void)ctx;
	completion_collect(&c, edit->text, edit->cursor);

	size_t typed = c.word ? strlen(c.word) : 0, common = completion_common(&c);

	if (common > typed)
		lineedit_insert(edit, c.found[0] + typed, common - typed);
	completion_free(&c);
	return false;
}

static void line_parse(const char *line)
{
	const char *end = line + strlen(line), *error;
	struct parsed parsed;

	do {
		error = parse_command(&parsed, &line, -123456789, false);
		for (int i = 0; !error && i < parsed.argc; i++)
			FUZZ_USE(strlen(parsed.argv[i]));
		if (!error && parsed.output)
			FUZZ_USE(strlen(parsed.output));
		FUZZ_CHECK(line <= end);
		if (error || parsed.joint == JOINT_END)
			line = end;
		parse_free(&parsed);
	} while (line < end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lineedit_ops ops = { terminal_write, complete };
	static struct lineedit edit;
	static struct history history;

	column = 0;
	lineedit_init(&edit, &ops, NULL, "dom0# ", &history);
	lineedit_start(&edit);
	for (size_t i = 0; i < size; i++) {
		enum lineedit_result result = lineedit_byte(&edit, data[i]);

		FUZZ_CHECK(edit.len <= LINEEDIT_MAX && edit.cursor <= edit.len);
		FUZZ_CHECK(!edit.text[edit.len]);
		if (result == LINEEDIT_MORE)
			continue;
		if (result == LINEEDIT_LINE && !memchr(edit.text, 0, edit.len)) {
			line_parse(edit.text);
			history_add(&history, edit.text);
		}
		lineedit_start(&edit);
	}
	history_free(&history);
	return 0;
}
