/* SPDX-License-Identifier: MIT */
/*
 * The lines that were typed, the newest last.
 */
#pragma once

#include <stddef.h>

#define HISTORY_MAX 256

/** Zero-initialised is empty. */
struct history {
	char *lines[HISTORY_MAX];	/* a ring: number n is at n % HISTORY_MAX */
	size_t count;			/* lines ever added */
};

/** Adds a copy, unless the line is empty or the same as the last one. */
void history_add(struct history *history, const char *line);
/** The oldest number that history_at() still has; history->count when there is none. */
size_t history_oldest(const struct history *history);
/** The line with this number (they count from 0), or NULL. */
const char *history_at(const struct history *history, size_t number);
void history_free(struct history *history);
