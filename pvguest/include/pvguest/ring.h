/* SPDX-License-Identifier: MIT */
/*
 * Byte rings in shared memory, as the console and xenstore use them: two
 * free-running 32-bit indices and a buffer whose size is a power of two. The peer is not
 * trusted: its index is read once, and one that lies outside the ring is an error, never an
 * access outside the buffer. (Request/response rings are <xen/io/ring.h>.)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** One direction of a ring, as one side sees it. */
struct byte_ring {
	char *buf;
	uint32_t size;			/* a power of two */
	volatile uint32_t *cons;
	volatile uint32_t *prod;
};

/** Bytes that can be read now, or -XEN_EIO when the indices are impossible. */
long ring_readable(const struct byte_ring *r);

/** Bytes that can be written now, or -XEN_EIO when the indices are impossible. */
long ring_writable(const struct byte_ring *r);

/** Moves up to n bytes; returns how many (perhaps 0), or -XEN_EIO. The index is published
 * after the data. Telling the peer is the caller's business. */
long ring_read(struct byte_ring *r, void *buf, size_t n);
long ring_write(struct byte_ring *r, const void *buf, size_t n);

static inline uint32_t ring_load_acquire(const volatile uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void ring_store_release(volatile uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}
