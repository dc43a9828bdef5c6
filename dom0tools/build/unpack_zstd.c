/* SPDX-License-Identifier: MIT */
/*
 * zstd, by its library. Kernels are packed with a window of 128 MiB, more than they are long: it is
 * cheaper to unpack into one buffer of the size that is known, which then is the window.
 */
#define ZSTD_STATIC_LINKING_ONLY	/* for stableOutBuffer */

#include "build/unpackformat.h"

#include <stdlib.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
	ZSTD_DCtx *context;
	struct pages pages;
	ZSTD_outBuffer out;
	ZSTD_inBuffer in;
	size_t given;		/* of out */
	bool ended;
};

static void zstd_drop(struct zstd *z)
{
	ZSTD_freeDCtx(z->context);
	pages_free(&z->pages);
	free(z);
}

static int zstd_open(struct unpack *u)
{
	struct zstd *z = calloc(1, sizeof(*z));

	if (!z)
		return -XEN_ENOMEM;
	z->context = ZSTD_createDCtx();
	if (!z->context || !pages_alloc(&z->pages, u->unpacked) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_stableOutBuffer, 1))) {
		zstd_drop(z);
		return -XEN_ENOMEM;
	}
	z->out = (ZSTD_outBuffer){ .dst = z->pages.at, .size = u->unpacked };
	z->in = (ZSTD_inBuffer){ .src = u->in };
	u->state = z;
	return 0;
}

static long error_of(size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return -XEN_ENOMEM;
	default:
		return -XEN_EIO;
	}
}

/* Some of the input at a time, until there is enough for a piece. */
static long zstd_next(struct unpack *u, const uint8_t **piece)
{
	enum { SOME = 32 << 10 };
	struct zstd *z = u->state;
	long made;

	while (!z->ended && z->out.pos - z->given < UNPACK_PIECE) {
		size_t result, in_before = z->in.pos, out_before = z->out.pos;

		if (z->in.size == z->in.pos)
			z->in.size += u->in_left - z->in.size < SOME ? u->in_left - z->in.size : SOME;
		result = ZSTD_decompressStream(z->context, &z->out, &z->in);
		if (ZSTD_isError(result))
			return error_of(result);
		z->ended = !result;
		if (!z->ended && z->in.pos == in_before && z->out.pos == out_before)
			return z->in.pos == u->in_left ? -XEN_ENODATA : -XEN_EIO;
	}
	*piece = z->pages.at + z->given;
	made = z->out.pos - z->given;
	z->given = z->out.pos;
	return made;
}

static void zstd_close(struct unpack *u)
{
	zstd_drop(u->state);
}

const struct unpack_ops unpack_zstd = {
	.name = "zstd",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_bytes = 4,
	.open = zstd_open,
	.next = zstd_next,
	.close = zstd_close,
};
