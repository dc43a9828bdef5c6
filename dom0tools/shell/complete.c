/* SPDX-License-Identifier: MIT */
/*
 * Who may stand where the cursor is: a command's name, or what that command's completer
 * offers, or a file after >.
 */
#include "complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* The place of word, or where it belongs. */
static size_t place_of(const struct completion *c, const char *word, bool *there)
{
	size_t i = 0;
	int order = 1;

	while (i < c->n && (order = strcmp(word, c->found[i])) > 0)
		i++;
	*there = i < c->n && !order;
	return i;
}

void completion_add(struct completion *c, const char *word)
{
	bool there;

	if (strncmp(word, c->word, strlen(c->word)))
		return;

	size_t at = place_of(c, word, &there);
	char **found = there ? NULL : realloc(c->found, (c->n + 1) * sizeof(*found));

	if (!found)
		return;
	c->found = found;

	char *copy = strdup(word);

	if (!copy)
		return;
	memmove(&found[at + 1], &found[at], (c->n - at) * sizeof(*found));
	found[at] = copy;
	c->n++;
}

static void add_commands(struct completion *c)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		completion_add(c, command->name);
}

static void collect(struct completion *c, struct parsed *last)
{
	const struct command *command;

	if (last->open_is_output) {
		completion_add_paths(c);
	} else if (last->argc == 1) {
		add_commands(c);
	} else {
		command = command_find(last->argv[0]);
		if (command && command->complete)
			command->complete(c, last->argc, last->argv);
	}
}

void completion_collect(struct completion *c, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	const char *at = copy;
	struct parsed last;
	static char nothing[1];

	memset(c, 0, sizeof(*c));
	if (!copy)
		return;
	/* The last command of the line. */
	const char *error = parse_command(&last, &at, 0, true);

	while (!error && last.joint != JOINT_END) {
		parse_free(&last);
		error = parse_command(&last, &at, 0, true);
	}
	if (!error && !last.open && !last.open_is_output && last.argc < PARSE_ARGS_MAX) {
		last.argv[last.argc++] = nothing;
		last.argv[last.argc] = NULL;
	}
	if (!error && last.argc) {
		c->word = strdup(last.open_is_output ? last.output : last.argv[last.argc - 1]);
		if (c->word)
			collect(c, &last);
	}
	parse_free(&last);
	free(copy);
}

size_t completion_common(const struct completion *c)
{
	size_t len = 0;

	if (!c->n)
		return 0;
	/* They are sorted: the first and the last differ the most. */
	while (c->found[0][len] && c->found[0][len] == c->found[c->n - 1][len])
		len++;
	return len;
}

void completion_free(struct completion *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->found[i]);
	free(c->found);
	free(c->word);
	memset(c, 0, sizeof(*c));
}
