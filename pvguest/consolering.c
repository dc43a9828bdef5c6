// SPDX-License-Identifier: MIT
/* A domU's console: two byte rings in a page that the domain builder allocated. */
#include <pvguest/consoledev.h>

#include <pvguest/event.h>
#include <pvguest/memory.h>
#include <pvguest/ring.h>
#include <pvguest/start.h>

#include <xen/io/console.h>

static struct byte_ring in, out;
static evtchn_port_t port;
static void (*changed)(void);

static void peer_moved(evtchn_port_t p, void *ctx)
{
	(void)p;
	(void)ctx;
	changed();
}

static long ring_dev_write(const char *buf, size_t n)
{
	long done = ring_write(&out, buf, n);

	if (done > 0)
		event_notify(port);
	return done;
}

static long ring_dev_read(char *buf, size_t n)
{
	long done = ring_read(&in, buf, n);

	if (done > 0)
		event_notify(port);
	return done;
}

static bool ring_dev_drained(void)
{
	return ring_writable(&out) == (long)out.size;
}

static const struct console_dev console_ring = {
	.write = ring_dev_write,
	.read = ring_dev_read,
	.drained = ring_dev_drained,
	.crlf = true,
};

const struct console_dev *console_ring_open(void (*activity)(void))
{
	unsigned long pfn = mfn_to_pfn(pv_start_info->console.domU.mfn);
	struct xencons_interface *page;

	if (pfn == ~0UL)
		return NULL;
	page = pfn_to_virt(pfn);
	in = (struct byte_ring){ page->in, sizeof(page->in), &page->in_cons, &page->in_prod };
	out = (struct byte_ring){ page->out, sizeof(page->out), &page->out_cons, &page->out_prod };
	port = pv_start_info->console.domU.evtchn;
	changed = activity;
	event_set_handler(port, peer_moved, NULL);
	return &console_ring;
}
