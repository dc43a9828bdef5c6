/* SPDX-License-Identifier: MIT */
/*
 * Compressed kernels, unpacked piece by piece by the formats' own libraries. A piece is at most
 * UNPACK_PIECE bytes, so that the caller can put it where it belongs and let others run; the whole
 * is nowhere kept (but for zstd, whose window is the whole).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/error.h"

enum { UNPACK_PIECE = 256 << 10 };

struct unpack;

/** The name of the format that the bytes are in, or NULL for one that cannot be unpacked. */
const char *unpack_format(const void *packed, size_t bytes);

/**
 * Begins at the first byte. `unpacked` is how many bytes shall come out; packed stays in place
 * until unpack_close(). NULL with err filled: unknown format, or dom0 is out of memory.
 */
struct unpack *unpack_open(const void *packed, size_t bytes, size_t unpacked,
			   struct build_error *err);

/** Whether it costs nothing to begin again: these bytes have been unpacked before. */
bool unpack_is_kept(const struct unpack *u);

/**
 * The next piece, valid until the next call: its length, 0 at the end (all checks passed, as many
 * bytes came out as should), or -XEN_Exxx with err filled.
 */
long unpack_next(struct unpack *u, const uint8_t **piece, struct build_error *err);

/** May be NULL. */
void unpack_close(struct unpack *u);
