// SPDX-License-Identifier: MIT
/* The domain's console: who waits for what, and newlines. The device is below (consoledev.h). */
#include <pvguest/console.h>

#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/consoledev.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#include <xen/sched.h>

#define EMERGENCY_STALL_NS	(NSEC_PER_SEC / 2)

static const struct console_dev *dev;
static struct waitq activity;
static struct mutex writer;
static enum console_mode mode;

/* Input that the device has given and nobody has read. */
static struct {
	char buf[256];
	size_t at, end;
} pending;

static void wake_all(void)
{
	waitq_wake(&activity);
}

/* Called with `writer` held. Output to a broken device is dropped. */
static void send_all(const char *buf, size_t n)
{
	while (dev && n) {
		long done = dev->write(buf, n);

		if (done < 0)
			return;
		if (!done)
			waitq_wait(&activity, 0);
		buf += done;
		n -= done;
	}
}

size_t console_write_raw(const void *buf, size_t n)
{
	mutex_lock(&writer);
	send_all(buf, n);
	mutex_unlock(&writer);
	return n;
}

size_t console_write(const void *buf, size_t n)
{
	const char *at = buf, *end = at + n;

	mutex_lock(&writer);
	while (dev && at < end) {
		const char *line = dev->crlf ? memchr(at, '\n', end - at) : NULL;

		send_all(at, (line ? line : end) - at);
		if (line)
			send_all("\r\n", 2);
		at = line ? line + 1 : end;
	}
	mutex_unlock(&writer);
	return n;
}

bool console_readable(void)
{
	long n;

	if (pending.at < pending.end)
		return true;
	n = dev ? dev->read(pending.buf, sizeof(pending.buf)) : 0;
	if (n <= 0)
		return false;
	pending.at = 0;
	pending.end = n;
	return true;
}

size_t console_read(void *buf, size_t n, uint64_t deadline_ns)
{
	if (!n || !wait_event_timeout(&activity, console_readable(), deadline_ns))
		return 0;
	if (n > pending.end - pending.at)
		n = pending.end - pending.at;
	memcpy(buf, pending.buf + pending.at, n);
	pending.at += n;
	return n;
}

int console_getc(uint64_t deadline_ns)
{
	unsigned char c;

	return console_read(&c, 1, deadline_ns) ? c : -1;
}

void console_set_mode(enum console_mode m)
{
	mode = m;
}

enum console_mode console_get_mode(void)
{
	return mode;
}

void console_flush(uint64_t ns)
{
	uint64_t deadline = deadline_in(ns);

	if (dev)
		wait_event_timeout(&activity, dev->drained(), deadline);
}

void console_emergency(const char *buf, size_t n)
{
	uint64_t stall = deadline_in(EMERGENCY_STALL_NS);

	hypercall_console_io(CONSOLEIO_write, n, (char *)buf);
	if (!dev || !dev->crlf)
		return;
	while (n) {
		long done = *buf == '\n' ? dev->write("\r", 1) : 1;

		if (done > 0)
			done = dev->write(buf, 1);
		if (done > 0) {
			stall = deadline_in(EMERGENCY_STALL_NS);
			buf++;
			n--;
		} else if (done < 0 || clock_monotonic_ns() > stall) {
			return;
		} else {
			hypercall_sched_op(SCHEDOP_yield, NULL);
		}
	}
}

void console_init(void)
{
	pending.at = pending.end = 0;
	dev = pv_is_dom0() ? console_io_open(wake_all) : console_ring_open(wake_all);
}
