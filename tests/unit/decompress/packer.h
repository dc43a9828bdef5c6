/* SPDX-License-Identifier: MIT */
/* Makes kernel files as Linux's makefile does: packed, the size behind, boot code before. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum packer_format { PACK_XZ, PACK_LZMA, PACK_GZIP, PACK_ZSTD, PACK_LZ4, PACK_FORMATS };

struct packed {
	uint8_t *file;
	size_t size;
	size_t payload;		/* where it starts in the file */
	size_t payload_bytes;	/* with the size behind it */
};

/** A bzImage of this image. */
void packer_bzimage(struct packed *p, enum packer_format format, const void *image, size_t size);

/** Nothing but the packed image. */
void packer_plain(struct packed *p, enum packer_format format, const void *image, size_t size);

void packer_free(struct packed *p);

/** Changes the size that the file says it unpacks to. */
void packer_lie(struct packed *p, uint32_t size);
