/* SPDX-License-Identifier: MIT */
/* xl itself: global options, finding the sub-command, help. */
#include "dom0/xl.h"

#include <stdio.h>
#include <string.h>

#include "xl/command.h"

const char *xl_subcommand_name(size_t i)
{
	return i < xl_command_count ? xl_commands[i].name : NULL;
}

static void print_commands(void)
{
	printf("Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n");
	for (size_t i = 0; i < xl_command_count; i++) {
		const char *name = xl_commands[i].name;

		printf(" %-19s ", name);
		if (strlen(name) > 19)
			printf("\n                     ");
		printf("%s\n", xl_commands[i].summary);
	}
}

static void print_absent(FILE *out, const char *name)
{
	const char *reason = xl_absent_reason(name);

	if (reason)
		fprintf(out, "xl %s: not implemented: %s\n", name, reason);
	else
		fprintf(out, "command not implemented\n");
}

int cmd_help(struct args *a)
{
	const struct xl_command *command;
	int code;

	if (!xl_read_operands(a, 0, 1, &code))
		return code;
	if (!a->count) {
		print_commands();
		return XL_OK;
	}
	command = xl_command_find(a->operand[0]);
	if (command)
		xl_command_help(command);
	else
		print_absent(stdout, a->operand[0]);
	return XL_OK;
}

int xl_option_default(const struct args *a, int option)
{
	if (option != 'h')
		return XL_USAGE;
	xl_command_help(xl_command_find(a->command));
	return XL_OK;
}

bool xl_check_operands(const struct args *a, int min, int max, int *code)
{
	if (a->count >= min && a->count <= max)
		return true;
	*code = XL_FAILURE;
	if (a->count < min) {
		fprintf(stderr, "'xl %s' requires at least %d argument%s.\n\n", a->command, min,
			min == 1 ? "" : "s");
		xl_command_help(xl_command_find(a->command));
	} else {
		fprintf(stderr, "xl %s: '%s' is one argument too many\n", a->command,
			a->operand[max]);
	}
	return false;
}

bool xl_read_operands(struct args *a, int min, int max, int *code)
{
	int option = args_option(a, "h", NULL);

	if (option == ARGS_END)
		return xl_check_operands(a, min, max, code);
	*code = xl_option_default(a, option);
	return false;
}

/* Sets what the letters of one word of global options say. */
static bool read_global(struct args *a, const char *letters)
{
	for (; *letters; letters++) {
		if (*letters == 'f')
			a->force = true;
		else if (*letters == 'N')
			a->dry_run = true;
		else if (!strchr("vtT", *letters))
			return false;
	}
	return true;
}

int xl_main(int argc, char **argv)
{
	const struct xl_command *command;
	struct args a = { 0 };
	int i = 1;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		printf("xl of Cloison %s\n", XL_VERSION);
		return XL_OK;
	}
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!argv[i][1] || !read_global(&a, argv[i] + 1)) {
			fprintf(stderr, "unknown global option\n");
			return XL_FAILURE;
		}
	}
	if (i >= argc) {
		print_commands();
		return XL_FAILURE;
	}
	command = xl_command_find(argv[i]);
	if (!command) {
		print_absent(stderr, argv[i]);
		return XL_FAILURE;
	}
	if (a.dry_run && !command->can_dry_run) {
		fprintf(stderr, "command does not implement -N (dryrun) option\n");
		return XL_FAILURE;
	}
	a.command = command->name;
	a.argc = argc - i;
	a.argv = argv + i;
	return command->run(&a);
}
