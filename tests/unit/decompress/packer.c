/* SPDX-License-Identifier: MIT */
#include "decompress/packer.h"

#include "xl/test.h"

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

enum { SETUP_SECTORS = 3, PAYLOAD_OFFSET = 700, LZ4_BLOCK = 8 << 20, TRAILER = 300 };

static size_t pack_xz(uint8_t *to, size_t room, const void *image, size_t size)
{
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{ .id = LZMA_FILTER_X86 }, { .id = LZMA_FILTER_LZMA2, .options = &options },
		{ .id = LZMA_VLI_UNKNOWN },
	};
	size_t bytes = 0;

	assert_false(lzma_lzma_preset(&options, 6));
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, image, size, to,
						   &bytes, room), LZMA_OK);
	return bytes;
}

static size_t pack_lzma(uint8_t *to, size_t room, const void *image, size_t size)
{
	lzma_options_lzma options;
	lzma_stream s = { .next_in = image, .avail_in = size, .next_out = to, .avail_out = room };

	assert_false(lzma_lzma_preset(&options, 6));
	assert_int_equal(lzma_alone_encoder(&s, &options), LZMA_OK);
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&s);
	return room - s.avail_out;
}

static size_t pack_gzip(uint8_t *to, size_t room, const void *image, size_t size)
{
	z_stream s = { .next_in = (Bytef *)image, .avail_in = size, .next_out = to, .avail_out = room };

	assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 16 + 15, 8, 0), Z_OK);
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	deflateEnd(&s);
	return s.total_out;
}

/* With a window larger than the contents and a check sum, as `zstd -22 --ultra` from a pipe. */
static size_t pack_zstd(uint8_t *to, size_t room, const void *image, size_t size)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_outBuffer out = { .dst = to, .size = room };
	ZSTD_inBuffer in = { .src = image, .size = size };

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 24);
	while (in.pos < in.size)
		assert_false(ZSTD_isError(ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue)));
	assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	return out.pos;
}

static size_t pack_lz4(uint8_t *to, size_t room, const void *image, size_t size)
{
	size_t at = 4;

	memcpy(to, "\x02\x21\x4c\x18", 4);
	for (size_t from = 0; from < size; from += LZ4_BLOCK) {
		size_t part = size - from < LZ4_BLOCK ? size - from : LZ4_BLOCK;
		int bytes = LZ4_compress_default((const char *)image + from, (char *)to + at + 4,
						 part, room - at - 4);

		assert_true(bytes > 0);
		memcpy(to + at, &bytes, 4);
		at += 4 + bytes;
	}
	return at;
}

static size_t pack_anew(enum packer_format format, uint8_t *to, size_t room, const void *image,
			size_t size)
{
	static size_t (*const packers[])(uint8_t *, size_t, const void *, size_t) = {
		[PACK_XZ] = pack_xz, [PACK_LZMA] = pack_lzma, [PACK_GZIP] = pack_gzip,
		[PACK_ZSTD] = pack_zstd, [PACK_LZ4] = pack_lz4,
	};
	size_t bytes = packers[format](to, room - 4, image, size);

	if (format != PACK_GZIP) {
		memcpy(to + bytes, &(uint32_t){ size }, 4);
		bytes += 4;
	}
	return bytes;
}

/* Packing takes seconds, and nearly all tests pack the same kernel: each format's last one is kept. */
static size_t pack(enum packer_format format, uint8_t *to, size_t room, const void *image,
		   size_t size)
{
	static struct {
		uint8_t *image, *packed;
		size_t size, bytes;
	} last[PACK_FORMATS];
	typeof(&last[0]) l = &last[format];

	if (!l->image || l->size != size || memcmp(l->image, image, size)) {
		free(l->image);
		free(l->packed);
		l->image = malloc(size);
		l->packed = malloc(room);
		l->size = size;
		l->bytes = pack_anew(format, l->packed, room, image, size);
		memcpy(l->image, image, size);
	}
	memcpy(to, l->packed, l->bytes);
	return l->bytes;
}

void packer_plain(struct packed *p, enum packer_format format, const void *image, size_t size)
{
	size_t room = size + (64 << 10);

	*p = (struct packed){ .file = calloc(1, room) };
	p->payload_bytes = p->size = pack(format, p->file, room, image, size);
}

void packer_bzimage(struct packed *p, enum packer_format format, const void *image, size_t size)
{
	size_t start = (SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET, room = size + (64 << 10);
	uint8_t *file = calloc(1, start + room + TRAILER);

	*p = (struct packed){ .file = file, .payload = start };
	p->payload_bytes = pack(format, file + start, room, image, size);
	p->size = start + p->payload_bytes + TRAILER;
	file[0x1f1] = SETUP_SECTORS;
	memcpy(file + 0x1fe, "\x55\xaa", 2);
	memcpy(file + 0x202, "HdrS\x0f\x02", 6);
	memcpy(file + 0x248, &(uint32_t){ PAYLOAD_OFFSET }, 4);
	memcpy(file + 0x24c, &(uint32_t){ p->payload_bytes }, 4);
}

void packer_lie(struct packed *p, uint32_t size)
{
	memcpy(p->file + p->payload + p->payload_bytes - 4, &size, 4);
}

void packer_free(struct packed *p)
{
	free(p->file);
	*p = (struct packed){ 0 };
}
