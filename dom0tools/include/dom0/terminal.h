/* SPDX-License-Identifier: MIT */
/*
 * dom0's terminal for whoever reads keys: the shell, attached consoles, commands that
 * run until Ctrl-C. What a command did not ask for stays in order for the next reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Starts taking in what is typed. Returns 0 or a negative newlib errno. */
int terminal_start(void);
/** Waits for bytes; takes up to n. Returns 0 when deadline_ns (0: no limit) passes first. */
size_t terminal_read(char *buf, size_t n, uint64_t deadline_ns);
/** As terminal_read(), but takes nothing that follows the first byte `last`. */
size_t terminal_read_to(char last, char *buf, size_t n, uint64_t deadline_ns);
/** Whether terminal_read() would return at once. */
bool terminal_ready(void);
/** Whether Ctrl-C was typed; takes it out with what was typed before it. Does not wait. */
bool terminal_interrupted(void);
/** Sleeps. Returns false as soon as Ctrl-C is typed. */
bool terminal_sleep(uint64_t ns);
