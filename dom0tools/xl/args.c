/* SPDX-License-Identifier: MIT */
/* The conventions of getopt_long(), kept in the caller's structure. */
#include "xl/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int unknown(const struct args *a, const char *option, int length)
{
	fprintf(stderr, "xl %s: option '%.*s' is not supported\n", a->command, length, option);
	return ARGS_ERROR;
}

/* The value of an option that has none attached: the next word. */
static int take_value(struct args *a, int letter)
{
	if (++a->at >= a->argc) {
		fprintf(stderr, "xl %s: option '-%c' needs a value\n", a->command, letter);
		return ARGS_ERROR;
	}
	a->value = a->argv[a->at];
	return letter;
}

static int short_option(struct args *a, const char *known)
{
	int letter = *a->letters++;
	const char *place = letter == ':' ? NULL : strchr(known, letter);
	int result = letter;

	if (!place) {
		char option[3] = { '-', letter, '\0' };

		return unknown(a, option, 2);
	}
	if (place[1] == ':') {
		if (*a->letters) {
			a->value = a->letters;
			a->letters = "";
		} else {
			result = take_value(a, letter);
		}
	}
	if (!*a->letters) {
		a->letters = NULL;
		a->at++;
	}
	return result;
}

static int long_option(struct args *a, const char *known, const struct args_long *longs)
{
	const char *word = a->argv[a->at], *name = word + 2;
	size_t length = strcspn(name, "=");
	int result;

	for (; longs && longs->name; longs++)
		if (strlen(longs->name) == length && !strncmp(longs->name, name, length))
			break;
	if (!longs || !longs->name)
		return unknown(a, word, length + 2);
	result = longs->letter;
	if (strchr(known, result)[1] != ':') {
		if (name[length])
			return unknown(a, word, strlen(word));
	} else if (name[length]) {
		a->value = name + length + 1;
	} else {
		result = take_value(a, result);
	}
	a->at++;
	return result;
}

static int operand(struct args *a)
{
	if (a->count == ARGS_MAX_OPERANDS) {
		fprintf(stderr, "xl %s: more than %d operands\n", a->command, ARGS_MAX_OPERANDS);
		return ARGS_ERROR;
	}
	a->operand[a->count++] = a->argv[a->at++];
	return ARGS_END;
}

int args_option(struct args *a, const char *known, const struct args_long *longs)
{
	if (!a->at)
		a->at = 1;
	a->value = NULL;
	if (a->letters)
		return short_option(a, known);
	while (a->at < a->argc) {
		const char *word = a->argv[a->at];

		if (!strcmp(word, "--")) {
			for (a->at++; a->at < a->argc;)
				if (operand(a))
					return ARGS_ERROR;
		} else if (word[0] == '-' && word[1] == '-') {
			return long_option(a, known, longs);
		} else if (word[0] == '-' && word[1]) {
			a->letters = word + 1;
			return short_option(a, known);
		} else if (operand(a)) {
			return ARGS_ERROR;
		}
	}
	return ARGS_END;
}

bool args_number(const char *text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return end != text && !*end && !errno;
}
