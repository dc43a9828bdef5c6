/* SPDX-License-Identifier: MIT */
/*
 * The domain's console: in a domU the xencons ring of start_info, in dom0 the
 * hypervisor's own serial console. stdio's stdin, stdout and stderr are on it.
 *
 * Output: '\n' is sent as "\r\n" (in dom0 the hypervisor does it). A writer whose ring is full
 * waits; writers take turns, and one call's bytes stay together.
 * Input: raw bytes by console_read(), or by lines with echo and editing through stdin
 * (CONSOLE_LINE, the default) as a terminal's cooked mode.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum console_mode {
	CONSOLE_LINE,	/* read(0) gives whole lines, edited and echoed */
	CONSOLE_RAW,	/* read(0) gives bytes as they come */
};

/** Writes all n bytes with '\n' translated. Waits for room. Returns n. */
size_t console_write(const void *buf, size_t n);

/** Writes all n bytes as they are. */
size_t console_write_raw(const void *buf, size_t n);

/** Raw bytes: waits until one is there, gives what is there up to n. Returns 0 when
 * `deadline_ns` (clock_monotonic_ns(); 0: no limit) passes first. */
size_t console_read(void *buf, size_t n, uint64_t deadline_ns);

/** The next byte, or -1 at the deadline (0: no limit). */
int console_getc(uint64_t deadline_ns);

/** Whether console_read() would return at once. */
bool console_readable(void);

/** One line without its end into buf (NUL-terminated, cut at size - 1), with echo; backspace, ^U
 * and ^W edit. Returns its length, or -1 for ^D on an empty line. */
long console_read_line(char *buf, size_t size);

void console_set_mode(enum console_mode mode);
enum console_mode console_get_mode(void);

/** Waits until the peer has taken all output, at most `ns`. */
void console_flush(uint64_t ns);

/** For dying: writes without waiting for other threads, to the ring (giving the peer a bounded time
 * to make room) and to the hypervisor's console. Usable from every context. */
void console_emergency(const char *buf, size_t n);

void console_init(void);
