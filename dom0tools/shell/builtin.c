/* SPDX-License-Identifier: MIT */
/*
 * Commands about the shell itself.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "complete.h"

#include "dom0/console.h"
#include "dom0/xl.h"

static int help_one(const char *name)
{
	const struct command *command = command_find(name);

	if (!command) {
		fprintf(stderr, "help: no such command: %s\n", name);
		return 1;
	}
	printf("usage: %s %s\n%s\n", name, command->usage, command->summary);
	return 0;
}

int command_help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2)
		return command_misused(argv[0]);
	if (argc == 2)
		return help_one(argv[1]);
	for (size_t i = 0; (command = command_at(i)); i++)
		printf("%-17s %s\n", command->name, command->summary);
	printf("\nTab completes, up and down recall lines, a ; b and a && b join commands.\n");
	return 0;
}

void complete_help(struct completion *c, int argc, char **argv)
{
	const struct command *command;

	(void)argv;
	for (size_t i = 0; argc == 2 && (command = command_at(i)); i++)
		completion_add(c, command->name);
}

int command_history(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-c")) {
		history_free(&shell_history);
		return 0;
	}
	if (argc > 1)
		return command_misused(argv[0]);
	for (size_t i = history_oldest(&shell_history); i < shell_history.count; i++)
		printf("%5zu  %s\n", i + 1, history_at(&shell_history, i));
	return 0;
}

int command_clear(int argc, char **argv)
{
	if (argc > 1)
		return command_misused(argv[0]);
	fputs("\033[H\033[2J", stdout);
	return 0;
}

int command_sh(int argc, char **argv)
{
	return argc == 2 ? shell_run_script(argv[1]) : command_misused(argv[0]);
}

void complete_paths(struct completion *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	completion_add_paths(c);
}

void complete_nodes(struct completion *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	completion_add_nodes(c);
}

void complete_domains(struct completion *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	completion_add_domains(c);
}

static void log_line(void *ctx, const struct console_log *log)
{
	(void)ctx;
	printf("%-40s %5u  %-5s %10llu bytes\n", log->name[0] ? log->name : "?", log->domid,
	       log->alive ? "lives" : "ended", log->total);
}

int command_console_log(int argc, char **argv)
{
	if (argc > 2)
		return command_misused(argv[0]);
	if (argc == 1) {
		console_log_each(log_line, NULL);
		return 0;
	}
	if (!console_log_print(argv[1]))
		return 0;
	fprintf(stderr, "console-log: no output of a domain %s is kept\n", argv[1]);
	return 1;
}

/* The sub-command, then for create a file, for the others domains and options' values. */
void complete_xl(struct completion *c, int argc, char **argv)
{
	const char *name;

	if (argc == 2) {
		for (size_t i = 0; (name = xl_subcommand_name(i)); i++)
			completion_add(c, name);
	} else if (!strcmp(argv[1], "help")) {
		for (size_t i = 0; (name = xl_subcommand_name(i)); i++)
			completion_add(c, name);
	} else if (!strncmp(argv[1], "cr", 2)) {
		completion_add_paths(c);
	} else {
		completion_add_domains(c);
	}
}
