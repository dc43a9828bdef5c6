/* SPDX-License-Identifier: MIT */
/*
 * xl's sub-commands: one table, one handler each. A handler prints to stdout and
 * stderr and returns the exit code; it never exits and frees what it took.
 */
#pragma once

#include <stddef.h>

#include "xl/args.h"

enum {
	XL_OK = 0,
	XL_FAILURE = 1,
	XL_USAGE = 2,		/* the words cannot be understood */
	XL_CREATE_FAILED = 3,	/* from the point on where the configuration was read */
};

struct xl_command {
	const char *name;
	const char *usage;	/* what follows the name */
	const char *summary;	/* without a full stop */
	const char *options;	/* lines for `xl help NAME`, or NULL */
	int (*run)(struct args *a);
	bool modifies;		/* -f is meaningful */
	bool can_dry_run;	/* -N is meaningful */
};

extern const struct xl_command xl_commands[];
extern const size_t xl_command_count;

/** By name, or by a beginning of it that no other command has; NULL otherwise. */
const struct xl_command *xl_command_find(const char *name);

/** Prints `xl help NAME`. */
void xl_command_help(const struct xl_command *command);

/**
 * For commands with no options but -h: reads the line and checks that there are between min and max
 * operands. Returns XL_OK; else *code is the exit code and the handler is to return it.
 */
bool xl_read_operands(struct args *a, int min, int max, int *code);

/** The same, after the handler has read its options: after letter `option` of args_option(). */
bool xl_check_operands(const struct args *a, int min, int max, int *code);

/** For the `default:` of a handler's options: -h prints help, the rest is an error. */
int xl_option_default(const struct args *a, int option);

/** Why a command that Xen's xl has is not here; NULL when that has none of this name either. */
const char *xl_absent_reason(const char *name);

int cmd_help(struct args *a);
int cmd_create(struct args *a);
int cmd_list(struct args *a);
int cmd_destroy(struct args *a);
int cmd_shutdown(struct args *a);
int cmd_reboot(struct args *a);
int cmd_pause(struct args *a);
int cmd_unpause(struct args *a);
int cmd_console(struct args *a);
int cmd_mem_max(struct args *a);
int cmd_mem_set(struct args *a);
int cmd_vcpu_list(struct args *a);
int cmd_vcpu_pin(struct args *a);
int cmd_vcpu_set(struct args *a);
int cmd_vm_list(struct args *a);
int cmd_sched_credit2(struct args *a);
int cmd_cpupool_list(struct args *a);
int cmd_top(struct args *a);
int cmd_info(struct args *a);
int cmd_domid(struct args *a);
int cmd_domname(struct args *a);
int cmd_rename(struct args *a);
int cmd_trigger(struct args *a);
int cmd_sysrq(struct args *a);
int cmd_debug_keys(struct args *a);
int cmd_dmesg(struct args *a);
int cmd_uptime(struct args *a);
int cmd_network_list(struct args *a);
int cmd_block_list(struct args *a);
int cmd_sharing(struct args *a);
int cmd_claims(struct args *a);
