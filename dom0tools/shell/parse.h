/* SPDX-License-Identifier: MIT */
/*
 * The shell's grammar, one command at a time:
 *
 *	line     command { (";" | "&&" | "||") command } [ "#" comment ]
 *	command  { word | (">" | ">>") word }
 *
 * Words are quoted by '...' (all as it is), "..." (with \ and $? inside) and \. $? is the
 * last exit code. Pure: it neither runs anything nor touches a file.
 */
#pragma once

#include <stdbool.h>

#define PARSE_ARGS_MAX 64

enum parse_joint { JOINT_END, JOINT_ALWAYS, JOINT_AND, JOINT_OR };

struct parsed {
	int argc;
	char *argv[PARSE_ARGS_MAX + 1];	/* argv[argc] is NULL */
	char *output;			/* file after > or >>, or NULL */
	bool append;
	enum parse_joint joint;		/* what joins it to the next command */
	/* For completion: */
	bool open;			/* the text ended within (or right behind) the last word */
	bool open_is_output;		/* that word is a file after > */
	char *buf;			/* the words lie here */
};

/**
 * Reads one command from *text, which moves behind it and its joint. Returns NULL, or
 * what is wrong in a few words. In both cases parse_free() is to be called. With partial
 * (completion), open quotes are no error.
 */
const char *parse_command(struct parsed *parsed, const char **text, int status, bool partial);
void parse_free(struct parsed *parsed);
