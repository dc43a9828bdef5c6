/* SPDX-License-Identifier: MIT */
/* gzip, by zlib, which checks sum and length at the end. */
#include "build/unpackformat.h"

#include <stdlib.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <zlib.h>

struct gzip {
	z_stream stream;
	bool ended;
	uint8_t piece[UNPACK_PIECE];
};

enum { GZIP_HEADER = 16 };	/* added to the window's bits: not zlib's own header */

static int gzip_open(struct unpack *u)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g)
		return -XEN_ENOMEM;
	g->stream.next_in = (Bytef *)u->in;
	if (inflateInit2(&g->stream, GZIP_HEADER + MAX_WBITS) != Z_OK) {
		free(g);
		return -XEN_ENOMEM;
	}
	u->state = g;
	return 0;
}

/* zlib counts in 32 bits, so it is fed in parts. */
static long gzip_next(struct unpack *u, const uint8_t **piece)
{
	struct gzip *g = u->state;
	const uInt part = 1U << 30;
	int result = Z_OK;

	*piece = g->piece;
	g->stream.next_out = g->piece;
	g->stream.avail_out = sizeof(g->piece);
	while (!g->ended && result == Z_OK && g->stream.avail_out) {
		uInt before = u->in_left < part ? u->in_left : part;

		g->stream.avail_in = before;
		result = inflate(&g->stream, Z_NO_FLUSH);
		u->in_left -= before - g->stream.avail_in;
		g->ended = result == Z_STREAM_END;
		if (result == Z_MEM_ERROR)
			return -XEN_ENOMEM;
		if (result == Z_BUF_ERROR)
			return -XEN_ENODATA;
		if (result != Z_OK && result != Z_STREAM_END)
			return -XEN_EIO;
	}
	return sizeof(g->piece) - g->stream.avail_out;
}

static void gzip_close(struct unpack *u)
{
	struct gzip *g = u->state;

	inflateEnd(&g->stream);
	free(g);
}

const struct unpack_ops unpack_gzip = {
	.name = "gzip",
	.magic = { 0x1f, 0x8b, 8 },
	.magic_bytes = 3,
	.open = gzip_open,
	.next = gzip_next,
	.close = gzip_close,
};
