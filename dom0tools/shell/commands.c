/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, in the order of their names, and looking them up.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "dom0/xl.h"

static const struct command commands[] = {
	{ "cat", "print files", "FILE...", command_cat, complete_paths },
	{ "clear", "clear the screen", "", command_clear, NULL },
	{ "console-log", "list the kept console output of domains, or print one",
	  "[NAME|ID]", command_console_log, complete_domains },
	{ "cp", "copy a file", "FROM TO", command_cp, complete_paths },
	{ "date", "print date and time (UTC)", "", command_date, NULL },
	{ "echo", "print words; > FILE and >> FILE write files", "[-n] WORD...",
	  command_echo, complete_paths },
	{ "free", "memory of the machine and of dom0, in KiB; -b in bytes, and parts", "[-b]",
	  command_free, NULL },
	{ "help", "this list, or how a command is used", "[COMMAND]", command_help,
	  complete_help },
	{ "history", "the lines typed before; -c forgets them", "[-c]", command_history, NULL },
	{ "ls", "list folders", "[-l] [PATH...]", command_ls, complete_paths },
	{ "mkdir", "make folders", "FOLDER...", command_mkdir, complete_paths },
	{ "mv", "rename a file", "FROM TO", command_mv, complete_paths },
	{ "poweroff", "switch the machine off", "", command_poweroff, NULL },
	{ "reboot", "restart the machine", "", command_reboot, NULL },
	{ "rm", "remove files, with -r folders too", "[-r] PATH...", command_rm,
	  complete_paths },
	{ "sh", "run the commands in a file", "FILE", command_sh, complete_paths },
	{ "sleep", "wait (Ctrl-C ends it)", "SECONDS", command_sleep, NULL },
	{ "time", "run a command and say how long it took", "COMMAND [ARGUMENT...]",
	  command_time, complete_time },
	{ "uptime", "how long the machine runs", "", command_uptime, NULL },
	{ "xenstore-chmod", "set the permissions of nodes", "PATH PERM...",
	  command_xenstore_chmod, complete_nodes },
	{ "xenstore-control", "a command for the xenstore daemon (try help)",
	  "COMMAND [ARGUMENT...]", command_xenstore_control, NULL },
	{ "xenstore-exists", "whether nodes exist", "PATH...", command_xenstore_exists,
	  complete_nodes },
	{ "xenstore-list", "names below a node", "[-p] PATH...", command_xenstore_list,
	  complete_nodes },
	{ "xenstore-ls", "nodes with values, -f full paths, -p permissions", "[-f] [-p] [PATH]",
	  command_xenstore_ls, complete_nodes },
	{ "xenstore-read", "values of nodes", "[-p] PATH...", command_xenstore_read,
	  complete_nodes },
	{ "xenstore-rm", "remove nodes and what is below", "PATH...", command_xenstore_rm,
	  complete_nodes },
	{ "xenstore-watch", "print changes until Ctrl-C, or -n of them, or for -T seconds",
	  "[-n COUNT] [-T SECONDS] PATH...", command_xenstore_watch, complete_nodes },
	{ "xenstore-write", "set values of nodes", "PATH VALUE [PATH VALUE]...",
	  command_xenstore_write, complete_nodes },
	{ "xl", "create, list and control domains (try: xl help)", "COMMAND [ARGUMENT...]",
	  xl_main, complete_xl },
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_at(size_t i)
{
	return i < COUNT ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int command_misused(const char *name)
{
	const struct command *command = command_find(name);

	fprintf(stderr, "usage: %s %s\n", name, command ? command->usage : "");
	return 2;
}
