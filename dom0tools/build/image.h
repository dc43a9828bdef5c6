/* SPDX-License-Identifier: MIT */
/*
 * A kernel file of any kind: an ELF image, one packed by gzip, or a bzImage. A packed one is unpacked
 * straight into its domain. Only the part up to its Xen notes must be known before there is a domain
 * to write to; that part is kept meanwhile if dom0 has room for it, and unpacked a second time if not.
 *
 *	image_open -> (create the domain) -> image_write -> image_close
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/bzimage.h"
#include "build/digest.h"
#include "build/error.h"
#include "build/kernel.h"
#include "build/pages.h"
#include "build/unpack.h"

struct image_piece;

struct image {
	struct kernel kernel;
	struct payload payload;
	struct unpack *unpack;		/* stands behind the pieces that were kept */
	struct image_piece *first, *last;
	bool keep;			/* there has been room for all pieces so far */
	size_t seen;			/* bytes that came out of unpack */
	struct pages head;		/* the image's first piece: its program headers */
	struct digest digest;		/* what kernel was read from */
	struct pages whole;		/* or this, when the notes were not enough */
};

/**
 * Reads as much of the file as is needed to know where the kernel wants to live. The file must stay
 * in place. Returns 0, or -XEN_Exxx with err filled. memory_bytes: what the domain will have.
 */
int image_open(struct image *im, const void *file, size_t size, uint64_t memory_bytes,
	       struct build_error *err);

/** Takes `bytes` of the kernel for the address that it asks for. Returns 0 or -XEN_Exxx. */
typedef int (*image_put)(void *ctx, uint64_t address, const void *data, size_t bytes);

/** Hands all contents on, once; a damaged file may be noticed as late as here. */
int image_write(struct image *im, image_put put, void *ctx, struct build_error *err);

/** After image_open(), whatever it returned. */
void image_close(struct image *im);
