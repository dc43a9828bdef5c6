/* SPDX-License-Identifier: MIT */
/*
 * The shell's history.
 */
#include "history.h"

#include <stdlib.h>
#include <string.h>

void history_add(struct history *history, const char *line)
{
	const char *last = history->count ? history_at(history, history->count - 1) : NULL;
	char **slot = &history->lines[history->count % HISTORY_MAX];
	char *copy;

	if (!line[strspn(line, " \t")] || (last && !strcmp(last, line)))
		return;
	copy = strdup(line);
	if (!copy)
		return;
	free(*slot);
	*slot = copy;
	history->count++;
}

size_t history_oldest(const struct history *history)
{
	return history->count > HISTORY_MAX ? history->count - HISTORY_MAX : 0;
}

const char *history_at(const struct history *history, size_t number)
{
	if (number >= history->count || number < history_oldest(history))
		return NULL;
	return history->lines[number % HISTORY_MAX];
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < HISTORY_MAX; i++)
		free(history->lines[i]);
	memset(history, 0, sizeof(*history));
}
