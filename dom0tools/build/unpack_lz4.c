/* SPDX-License-Identifier: MIT */
/*
 * lz4 in the old frame that Linux uses, its blocks by liblz4:
 *
 *	magic | length, block | length, block | ...	(lengths in 32 bits)
 *
 * A block is 8 MiB unpacked, the last one less. There is no sum to check.
 */
#include "build/unpackformat.h"

#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <xen/xen.h>
#include <xen/errno.h>

enum { BLOCK = 8 << 20, MAGIC_BYTES = 4 };

static const uint8_t magic[MAGIC_BYTES] = { 0x02, 0x21, 0x4c, 0x18 };

static int lz4_open(struct unpack *u)
{
	struct pages *p = calloc(1, sizeof(*p));
	size_t most = u->unpacked < BLOCK ? u->unpacked : BLOCK;

	if (!p)
		return -XEN_ENOMEM;
	if (!pages_alloc(p, most ? most : 1)) {
		free(p);
		return -XEN_ENOMEM;
	}
	u->in += MAGIC_BYTES;
	u->in_left -= MAGIC_BYTES;
	u->state = p;
	return 0;
}

/* The magic number may stand between blocks again, where files were joined. */
static bool take_length(struct unpack *u, uint32_t *length)
{
	do {
		if (u->in_left < sizeof(*length))
			return false;
		memcpy(length, u->in, sizeof(*length));
		u->in += sizeof(*length);
		u->in_left -= sizeof(*length);
	} while (!memcmp(length, magic, MAGIC_BYTES));
	return true;
}

static long lz4_next(struct unpack *u, const uint8_t **piece)
{
	struct pages *p = u->state;
	size_t room = u->unpacked - u->made;
	uint32_t length;
	int made;

	if (!u->in_left)
		return 0;
	if (!take_length(u, &length) || length > u->in_left)
		return -XEN_ENODATA;
	if (length > INT32_MAX)
		return -XEN_EIO;
	made = LZ4_decompress_safe((const char *)u->in, (char *)p->at, length,
				   room < BLOCK ? room : BLOCK);
	if (made <= 0)
		return -XEN_EIO;
	u->in += length;
	u->in_left -= length;
	*piece = p->at;
	return made;
}

static void lz4_close(struct unpack *u)
{
	pages_free(u->state);
	free(u->state);
}

const struct unpack_ops unpack_lz4 = {
	.name = "lz4",
	.magic = { 0x02, 0x21, 0x4c, 0x18 },
	.magic_bytes = MAGIC_BYTES,
	.open = lz4_open,
	.next = lz4_next,
	.close = lz4_close,
};
