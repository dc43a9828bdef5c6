/* SPDX-License-Identifier: MIT */
/*
 * Typed-ahead input. Looking for Ctrl-C means taking bytes from the console; they are
 * kept here until somebody reads them.
 */
#include "dom0/terminal.h"

#include <string.h>

#include "pvguest/clock.h"
#include "pvguest/console.h"

#define CTRL_C 0x03
#define LOOK_INTERVAL (50 * NSEC_PER_MSEC)

static struct {
	char bytes[8192];
	size_t len;
} ahead;

size_t terminal_read(char *buf, size_t n, uint64_t deadline_ns)
{
	if (!ahead.len)
		return console_read(buf, n, deadline_ns);
	if (n > ahead.len)
		n = ahead.len;
	memcpy(buf, ahead.bytes, n);
	ahead.len -= n;
	memmove(ahead.bytes, ahead.bytes + n, ahead.len);
	return n;
}

bool terminal_interrupted(void)
{
	/* When this is full the rest stays where it is. */
	while (ahead.len < sizeof(ahead.bytes) && console_readable())
		ahead.len += console_read(ahead.bytes + ahead.len,
					  sizeof(ahead.bytes) - ahead.len, 0);

	char *found = memchr(ahead.bytes, CTRL_C, ahead.len);

	if (!found)
		return false;
	/* What was typed before it was meant for the command that now ends. */
	ahead.len -= (size_t)(found + 1 - ahead.bytes);
	memmove(ahead.bytes, found + 1, ahead.len);
	return true;
}

bool terminal_sleep(uint64_t ns)
{
	uint64_t end = deadline_in(ns), now;

	while ((now = clock_monotonic_ns()) < end) {
		uint64_t part = end - now < LOOK_INTERVAL ? end - now : LOOK_INTERVAL;

		if (terminal_interrupted())
			return false;
		/* Waits for a key or the end of the part, whichever comes first. */
		if (ahead.len < sizeof(ahead.bytes))
			ahead.len += console_read(ahead.bytes + ahead.len,
						  sizeof(ahead.bytes) - ahead.len, now + part);
	}
	return !terminal_interrupted();
}
