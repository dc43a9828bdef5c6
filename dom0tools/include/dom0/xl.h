/* SPDX-License-Identifier: MIT */
/*
 * xl, as the shell and the start-up see it: one function that behaves like the
 * program, and the thread that applies on_poweroff, on_reboot and on_crash.
 */
#pragma once

#include <stddef.h>

/**
 * Runs `xl argv[1] ...` with argv[0] "xl". Prints to stdout and stderr and
 * returns the exit code; never calls exit().
 */
int xl_main(int argc, char **argv);

/** Starts the domain monitor. Called once, after the xenstore and console daemons. */
void xl_monitor_start(void);

/** The name of sub-command number i, for completion and `help`; NULL past the end. */
const char *xl_subcommand_name(size_t i);
