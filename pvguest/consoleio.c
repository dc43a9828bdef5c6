// SPDX-License-Identifier: MIT
/* dom0's console: the hypervisor's serial line, by console_io and VIRQ_CONSOLE. */
#include <pvguest/consoledev.h>

#include <pvguest/event.h>
#include <pvguest/hypercall.h>

#define CHUNK 1024

static void (*changed)(void);

static void virq_fired(evtchn_port_t port, void *ctx)
{
	(void)port;
	(void)ctx;
	changed();
}

static long io_write(const char *buf, size_t n)
{
	long rc;

	if (n > CHUNK)
		n = CHUNK;
	rc = hypercall_console_io(CONSOLEIO_write, n, (char *)buf);
	return rc < 0 ? rc : (long)n;
}

static long io_read(char *buf, size_t n)
{
	return hypercall_console_io(CONSOLEIO_read, n > CHUNK ? CHUNK : n, buf);
}

static bool io_drained(void)
{
	return true;
}

static const struct console_dev console_io = {
	.write = io_write,
	.read = io_read,
	.drained = io_drained,
	.crlf = false,		/* the hypervisor adds the '\r' */
};

const struct console_dev *console_io_open(void (*activity)(void))
{
	int port = event_bind_virq(VIRQ_CONSOLE);

	changed = activity;
	if (port >= 0)
		event_set_handler(port, virq_fired, NULL);
	return &console_io;
}
