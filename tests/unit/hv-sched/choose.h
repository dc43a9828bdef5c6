/* SPDX-License-Identifier: MIT */
/*
 * Every history in a small scope: a test calls choose(n) wherever the world may differ,
 * and is run again and again, each time with the next combination of answers:
 *
 *	do {
 *		... choose(3) ... choose(2) ...
 *	} while (choose_again());
 */
#pragma once

#include <stdbool.h>

#define CHOICES_MAX 64

static unsigned choices[CHOICES_MAX], choices_of[CHOICES_MAX], choices_made, choices_known;

/** 0 to n - 1. */
static inline unsigned choose(unsigned n)
{
	unsigned i = choices_made++;

	if (i >= CHOICES_MAX)
		__builtin_trap();
	if (i == choices_known) {
		choices[i] = 0;
		choices_known++;
	}
	choices_of[i] = n;
	return choices[i];
}

/** Prepares the next combination; false when all were tried. */
static inline bool choose_again(void)
{
	choices_known = choices_made;
	choices_made = 0;
	while (choices_known) {
		unsigned i = choices_known - 1;

		if (++choices[i] < choices_of[i])
			return true;
		choices_known--;
	}
	return false;
}
