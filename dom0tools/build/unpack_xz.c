/* SPDX-License-Identifier: MIT */
/*
 * xz, as Debian's kernels are, and the older lzma, by liblzma. Its dictionary (32 MiB for a kernel) is
 * the only large thing it asks memory for, and lies in pages of its own.
 */
#include "build/unpackformat.h"

#include <stdlib.h>

#include <lzma.h>
#include <xen/xen.h>
#include <xen/errno.h>

enum {
	LARGE = 1 << 20,
	MEMORY_LIMIT = 256 << 20,	/* a header that asks for more is none of a kernel */
};

struct xz {
	lzma_stream stream;
	lzma_allocator allocator;
	struct pages dictionary;
	uint8_t piece[UNPACK_PIECE];
};

static void *xz_alloc(void *opaque, size_t count, size_t size)
{
	struct xz *x = opaque;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	if (bytes < LARGE || x->dictionary.at)
		return malloc(bytes);
	return pages_alloc(&x->dictionary, bytes) ? x->dictionary.at : NULL;
}

static void xz_free(void *opaque, void *p)
{
	struct xz *x = opaque;

	if (p && p == x->dictionary.at)
		pages_free(&x->dictionary);
	else
		free(p);
}

static struct xz *xz_new(struct unpack *u)
{
	struct xz *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->allocator = (lzma_allocator){ .alloc = xz_alloc, .free = xz_free, .opaque = x };
	x->stream = (lzma_stream){
		.allocator = &x->allocator,
		.next_in = u->in,
		.avail_in = u->in_left,
	};
	u->state = x;
	return x;
}

static int finish_open(struct unpack *u, lzma_ret result)
{
	if (result == LZMA_OK)
		return 0;
	free(u->state);
	return -XEN_ENOMEM;
}

static int xz_open(struct unpack *u)
{
	struct xz *x = xz_new(u);

	if (!x)
		return -XEN_ENOMEM;
	return finish_open(u, lzma_stream_decoder(&x->stream, MEMORY_LIMIT, 0));
}

static int lzma_open(struct unpack *u)
{
	struct xz *x = xz_new(u);

	if (!x)
		return -XEN_ENOMEM;
	return finish_open(u, lzma_alone_decoder(&x->stream, MEMORY_LIMIT));
}

static long xz_next(struct unpack *u, const uint8_t **piece)
{
	struct xz *x = u->state;
	size_t made;
	lzma_ret result;

	x->stream.next_out = x->piece;
	x->stream.avail_out = sizeof(x->piece);
	result = lzma_code(&x->stream, LZMA_FINISH);
	made = sizeof(x->piece) - x->stream.avail_out;
	*piece = x->piece;
	if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR)
		return -XEN_ENOMEM;
	if (result == LZMA_BUF_ERROR || (result == LZMA_OK && !made))
		return -XEN_ENODATA;
	if (result != LZMA_OK && result != LZMA_STREAM_END)
		return -XEN_EIO;
	return made;
}

static void xz_close(struct unpack *u)
{
	struct xz *x = u->state;

	lzma_end(&x->stream);
	free(x);
}

const struct unpack_ops unpack_xz = {
	.name = "xz",
	.magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
	.magic_bytes = 6,
	.open = xz_open,
	.next = xz_next,
	.close = xz_close,
};

const struct unpack_ops unpack_lzma = {
	.name = "lzma",
	.magic = { 0x5d, 0, 0 },	/* the properties that everybody uses */
	.magic_bytes = 3,
	.open = lzma_open,
	.next = xz_next,
	.close = xz_close,
};
