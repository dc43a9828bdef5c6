/* SPDX-License-Identifier: MIT */
/*
 * The shell's commands: each file has the functions of one family, commands.c the table.
 */
#pragma once

#include "dom0/shell.h"

#include "history.h"

/** The history of the prompt. */
extern struct history shell_history;

/** Prints "NAME: usage: NAME ..." to stderr and returns 2. */
int command_misused(const char *name);

/* shell */
int command_help(int argc, char **argv);
int command_history(int argc, char **argv);
int command_clear(int argc, char **argv);
int command_sh(int argc, char **argv);
void complete_help(struct completion *c, int argc, char **argv);
void complete_paths(struct completion *c, int argc, char **argv);
/* files */
int command_ls(int argc, char **argv);
int command_cat(int argc, char **argv);
int command_echo(int argc, char **argv);
int command_mkdir(int argc, char **argv);
int command_rm(int argc, char **argv);
int command_cp(int argc, char **argv);
int command_mv(int argc, char **argv);
/* the machine */
int command_free(int argc, char **argv);
int command_time(int argc, char **argv);
void complete_time(struct completion *c, int argc, char **argv);
int command_uptime(int argc, char **argv);
int command_date(int argc, char **argv);
int command_sleep(int argc, char **argv);
int command_poweroff(int argc, char **argv);
int command_reboot(int argc, char **argv);
/* xenstore */
int command_xenstore_ls(int argc, char **argv);
int command_xenstore_list(int argc, char **argv);
int command_xenstore_read(int argc, char **argv);
int command_xenstore_write(int argc, char **argv);
int command_xenstore_rm(int argc, char **argv);
int command_xenstore_watch(int argc, char **argv);
int command_xenstore_chmod(int argc, char **argv);
int command_xenstore_exists(int argc, char **argv);
int command_xenstore_control(int argc, char **argv);
void complete_nodes(struct completion *c, int argc, char **argv);
/* domains */
int command_console_log(int argc, char **argv);
void complete_domains(struct completion *c, int argc, char **argv);
void complete_xl(struct completion *c, int argc, char **argv);
