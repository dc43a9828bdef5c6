// SPDX-License-Identifier: MIT
/* Byte rings shared with a peer that may write anything into its index. */
#include <pvguest/ring.h>

#include <string.h>

#include <xen/errno.h>

/* Bytes between the indices, of which one is ours; more than the ring holds is a lie. */
static long ring_used(const struct byte_ring *r, uint32_t prod, uint32_t cons)
{
	uint32_t used = prod - cons;

	return used <= r->size ? (long)used : -XEN_EIO;
}

long ring_readable(const struct byte_ring *r)
{
	return ring_used(r, ring_load_acquire(r->prod), *r->cons);
}

long ring_writable(const struct byte_ring *r)
{
	long used = ring_used(r, *r->prod, ring_load_acquire(r->cons));

	return used < 0 ? used : (long)r->size - used;
}

long ring_read(struct byte_ring *r, void *buf, size_t n)
{
	uint32_t cons = *r->cons, at = cons & (r->size - 1);
	long used = ring_used(r, ring_load_acquire(r->prod), cons);
	size_t first;

	if (used <= 0)
		return used;
	if (n > (size_t)used)
		n = used;
	first = n < r->size - at ? n : r->size - at;
	memcpy(buf, r->buf + at, first);
	memcpy((char *)buf + first, r->buf, n - first);
	ring_store_release(r->cons, cons + n);
	return n;
}

long ring_write(struct byte_ring *r, const void *buf, size_t n)
{
	uint32_t prod = *r->prod, at = prod & (r->size - 1);
	long used = ring_used(r, prod, ring_load_acquire(r->cons));
	size_t room, first;

	if (used < 0)
		return used;
	room = r->size - used;
	if (n > room)
		n = room;
	first = n < r->size - at ? n : r->size - at;
	memcpy(r->buf + at, buf, first);
	memcpy(r->buf, (const char *)buf + first, n - first);
	ring_store_release(r->prod, prod + n);
	return n;
}
