/* SPDX-License-Identifier: MIT */
/* Between unpack.c and the file of each format. */
#pragma once

#include "build/pages.h"
#include "build/unpack.h"

struct unpack_ops {
	const char *name;
	uint8_t magic[6];
	size_t magic_bytes;
	/* Sets up u->state. Returns 0 or -XEN_ENOMEM. */
	int (*open)(struct unpack *u);
	/*
	 * Decodes from u->in on until there is a piece at *piece. Returns its length (any), 0 at
	 * the end of the format's own data, -XEN_EIO when the data is not as it should be,
	 * -XEN_ENODATA when it ends too early, or -XEN_ENOMEM.
	 */
	long (*next)(struct unpack *u, const uint8_t **piece);
	/* Frees u->state; not called when open failed. */
	void (*close)(struct unpack *u);
};

struct unpack {
	const struct unpack_ops *ops;
	const uint8_t *in;	/* what is still to be read */
	size_t in_left;
	size_t unpacked;	/* what shall come out in all */
	size_t made;		/* what the format has given so far */
	const uint8_t *ready;	/* of it, what is still to be handed on */
	size_t ready_bytes;
	void *state;		/* the format's */
};

extern const struct unpack_ops unpack_xz, unpack_lzma, unpack_gzip, unpack_zstd, unpack_lz4;
