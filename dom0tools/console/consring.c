/* SPDX-License-Identifier: MIT */
/*
 * The two byte rings of a console page, from the daemon's side.
 */
#include "consring.h"

#include "pvguest/ring.h"

long consring_take(struct xencons_interface *page, char *buf, size_t n)
{
	struct byte_ring ring = {
		page->out, sizeof(page->out), &page->out_cons, &page->out_prod,
	};

	return ring_read(&ring, buf, n);
}

long consring_give(struct xencons_interface *page, const char *buf, size_t n)
{
	struct byte_ring ring = {
		page->in, sizeof(page->in), &page->in_cons, &page->in_prod,
	};

	return ring_write(&ring, buf, n);
}
