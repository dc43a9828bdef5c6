/* SPDX-License-Identifier: MIT */
/*
 * Reading a command line without global state, since commands also run in
 * threads: options may stand before and behind the operands, short ones may be
 * joined, `--` ends them.
 */
#pragma once

#include <stdbool.h>

enum { ARGS_MAX_OPERANDS = 64 };

/** A long option and the letter that means the same. */
struct args_long {
	const char *name;
	char letter;
};

struct args {
	const char *command;		/* for messages */
	int argc;
	char **argv;			/* argv[0] is the command */
	bool force, dry_run;		/* xl's global -f and -N */
	/* private to args_option(): */
	int at;
	const char *letters;		/* the rest of joined short options */
	/* results: */
	const char *value;		/* of the option just returned */
	int count;
	const char *operand[ARGS_MAX_OPERANDS];
};

/** What args_option() returns besides letters. */
enum {
	ARGS_END = 0,
	ARGS_ERROR = -1,	/* a message was printed */
};

/**
 * The next option's letter. `known` lists the letters, a colon behind those that
 * take a value; longs ends with an entry without name and may be NULL.
 */
int args_option(struct args *a, const char *known, const struct args_long *longs);

/** The decimal number that the whole text is; false when it is none, or too large. */
bool args_number(const char *text, long *number);
