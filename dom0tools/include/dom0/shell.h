/* SPDX-License-Identifier: MIT */
/*
 * The shell: a table of commands, the prompt, scripts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** The candidates for the word under the cursor; filled by completers. */
struct completion;

/** Offers a word; it is kept when it begins with what has been typed. */
void completion_add(struct completion *c, const char *word);
/** Offers the names of the domains that xenstore knows. */
void completion_add_domains(struct completion *c);
/** Offers the files and folders that match the word as a path. */
void completion_add_paths(struct completion *c);
/** Offers the xenstore nodes that match the word as a path. */
void completion_add_nodes(struct completion *c);

struct command {
	const char *name;
	const char *summary;	/* half a line, for `help` */
	const char *usage;	/* what follows the name: "[-l] PATH..." */
	/** Returns the exit code. argv[argc] is NULL. */
	int (*run)(int argc, char **argv);
	/** argv[argc - 1] is the word being typed, maybe "". NULL: nothing is offered. */
	void (*complete)(struct completion *c, int argc, char **argv);
};

/** The command number i in the order of their names; NULL past the end. */
const struct command *command_at(size_t i);
/** The command of this name, or NULL. */
const struct command *command_find(const char *name);

/** The prompt on dom0's console; returns never. */
void shell_run(void);
/** Runs one line (with ;, && and all). Returns the last exit code. */
int shell_run_line(const char *line);
/** Runs the file line by line. Returns the last exit code, or 127 when it cannot be read. */
int shell_run_script(const char *path);
