/* SPDX-License-Identifier: MIT */
/*
 * Input is taken from the hypervisor as it comes, by a thread of its own, because the
 * hypervisor keeps very little of it (Xen: 128 bytes). It waits here, in order, for
 * whoever reads next.
 */
#include "dom0/terminal.h"

#include <errno.h>
#include <string.h>

#include "pvguest/clock.h"
#include "pvguest/console.h"
#include "pvguest/thread.h"

#define CTRL_C 0x03
#define AHEAD_SIZE 16384u

static struct {
	char bytes[AHEAD_SIZE];		/* a ring; both positions run freely */
	uint32_t read, written;
	struct waitq changed;
} ahead;

static uint32_t ahead_len(void)
{
	return ahead.written - ahead.read;
}

/* Takes what is there now, as long as there is room; one place is left for the thread. */
static void ahead_fill(void)
{
	while (ahead_len() < AHEAD_SIZE - 1 && console_readable()) {
		uint32_t at = ahead.written % AHEAD_SIZE;
		uint32_t room = AHEAD_SIZE - 1 - ahead_len();

		if (room > AHEAD_SIZE - at)
			room = AHEAD_SIZE - at;
		ahead.written += (uint32_t)console_read(ahead.bytes + at, room, 0);
	}
}

static void reader_thread(void *arg)
{
	char byte;

	(void)arg;
	for (;;) {
		wait_event(&ahead.changed, ahead_len() < AHEAD_SIZE - 1);
		if (!console_read(&byte, 1, 0))
			continue;
		ahead.bytes[ahead.written++ % AHEAD_SIZE] = byte;
		ahead_fill();
		waitq_wake(&ahead.changed);
	}
}

int terminal_start(void)
{
	struct thread *thread = thread_create("terminal", reader_thread, NULL);

	if (!thread)
		return -errno;
	thread_detach(thread);
	return 0;
}

/* Up to n bytes, none behind the first `last`; a byte has no negative value. */
static size_t ahead_take(int last, char *buf, size_t n, uint64_t deadline_ns)
{
	size_t done = 0;
	int byte = -1;

	/* Echoing is slow: without this a pasted line outruns it. */
	ahead_fill();
	if (!wait_event_timeout(&ahead.changed, ahead_len(), deadline_ns))
		return 0;
	while (done < n && ahead_len() && (byte < 0 || byte != last)) {
		byte = (unsigned char)ahead.bytes[ahead.read++ % AHEAD_SIZE];
		buf[done++] = (char)byte;
	}
	waitq_wake(&ahead.changed);
	return done;
}

size_t terminal_read(char *buf, size_t n, uint64_t deadline_ns)
{
	return ahead_take(-1, buf, n, deadline_ns);
}

size_t terminal_read_to(char last, char *buf, size_t n, uint64_t deadline_ns)
{
	return ahead_take((unsigned char)last, buf, n, deadline_ns);
}

bool terminal_ready(void)
{
	ahead_fill();
	return ahead_len() > 0;
}

bool terminal_interrupted(void)
{
	ahead_fill();
	for (uint32_t at = ahead.written; at != ahead.read; at--) {
		if (ahead.bytes[(at - 1) % AHEAD_SIZE] != CTRL_C)
			continue;
		/* What was typed before it was meant for the command that now ends. */
		ahead.read = at;
		waitq_wake(&ahead.changed);
		return true;
	}
	return false;
}

bool terminal_sleep(uint64_t ns)
{
	return !wait_event_timeout(&ahead.changed, terminal_interrupted(), deadline_in(ns));
}
