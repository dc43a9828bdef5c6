/* SPDX-License-Identifier: MIT */
/*
 * The serial console: output of the log and of dom0, input to dom0 or, after
 * Ctrl-a three times, to the debug keys.
 */
#pragma once

#include <hv/bootopts.h>
#include <hv/types.h>

void console_init(const struct boot_options *options);
/** Lets input interrupts in; from here on typed bytes reach dom0 or the debug keys. */
void console_start_input(void);
/** Called for each interrupt of the serial port. */
void console_input(void);
/** Takes up to len bytes that were typed for the domain that has the console. */
size_t console_read(char *to, size_t len);
/** Reads the log's ring from index *at (hv/conring.h); oldest: start at the beginning. */
size_t console_ring_get(uint32_t *at, bool oldest, char *to, size_t len);
void console_ring_clear(void);
/** False: a panic's message stays, the machine is not reset. */
bool console_reboot_wanted(void);
/** guest_loglvl admits messages of guests (console_io of a domU). */
bool console_guest_verbose(void);
