/* SPDX-License-Identifier: MIT */
/*
 * Blocks of the page pool, found by an array: they can be given back in the middle of any allocation,
 * because that takes nothing but the pool.
 */
#include "build/kept.h"

#include <stdlib.h>
#include <string.h>

#include "pvguest/memory.h"

enum { BLOCK_ORDER = 6 };
#define BLOCK (PAGE_SIZE << BLOCK_ORDER)

/* Bytes in blocks; the last one may be filled in part. */
struct store {
	uint8_t **blocks;
	size_t room, count, bytes;
};

static struct {
	struct store packed, unpacked;
	size_t wanted;		/* bytes that unpacked will have */
	bool filling, complete;
	unsigned readers;
} kept;

static void store_release(struct store *s)
{
	while (s->count)
		page_free(s->blocks[--s->count], BLOCK_ORDER);
	s->bytes = 0;
}

/* Called when a page is wanted and there is none, also by malloc(): it must not free() anything. */
static bool take_back(void)
{
	bool some = kept.packed.count || kept.unpacked.count;

	if (kept.readers)
		return false;
	store_release(&kept.unpacked);
	store_release(&kept.packed);
	kept.filling = kept.complete = false;
	return some;
}

static bool store_room(struct store *s, size_t bytes)
{
	free(s->blocks);
	s->room = (bytes + BLOCK - 1) / BLOCK;
	s->blocks = calloc(s->room, sizeof(s->blocks[0]));
	return s->blocks;
}

static bool store_block(struct store *s)
{
	uint8_t *block = s->count < s->room ? page_alloc(BLOCK_ORDER) : NULL;

	/* The allocation may have taken back all that was here. */
	if (block && !kept.filling) {
		page_free(block, BLOCK_ORDER);
		return false;
	}
	if (block)
		s->blocks[s->count++] = block;
	return block;
}

static bool store_add(struct store *s, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		size_t at = s->bytes % BLOCK, n = bytes < BLOCK - at ? bytes : BLOCK - at;

		if (!at && !store_block(s))
			return false;
		memcpy(s->blocks[s->bytes / BLOCK] + at, data, n);
		s->bytes += n;
		data += n;
		bytes -= n;
	}
	return true;
}

static size_t store_piece(const struct store *s, size_t offset, const uint8_t **piece)
{
	size_t left = s->bytes - offset;

	if (!left)
		return 0;
	*piece = s->blocks[offset / BLOCK] + offset % BLOCK;
	return left < BLOCK - offset % BLOCK ? left : BLOCK - offset % BLOCK;
}

void kept_begin(const void *packed, size_t bytes, size_t unpacked)
{
	size_t pages = (bytes + unpacked) / PAGE_SIZE + (2UL << BLOCK_ORDER);

	take_back();
	if (kept.readers || memory_free_pages() < memory_total_pages() / 2 + pages ||
	    !store_room(&kept.packed, bytes) || !store_room(&kept.unpacked, unpacked))
		return;
	memory_set_reclaim(take_back);
	kept.wanted = unpacked;
	kept.filling = true;
	if (!store_add(&kept.packed, packed, bytes))
		take_back();
}

void kept_add(const void *data, size_t bytes)
{
	if (kept.filling && !store_add(&kept.unpacked, data, bytes))
		take_back();
}

void kept_complete(void)
{
	kept.complete = kept.filling && kept.unpacked.bytes == kept.wanted;
	kept.filling = false;
}

void kept_end(void)
{
	if (!kept.complete)
		take_back();
}

/* newlib's memcmp() goes byte by byte where the two are not aligned alike. */
static bool bytes_are_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;

	for (; n >= sizeof(x); n -= sizeof(x), a += sizeof(x), b += sizeof(x)) {
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		if (x != y)
			return false;
	}
	return !memcmp(a, b, n);
}

static bool is_same(const uint8_t *packed, size_t bytes)
{
	const uint8_t *piece;
	size_t n;

	if (kept.packed.bytes != bytes)
		return false;
	for (size_t at = 0; (n = store_piece(&kept.packed, at, &piece)); at += n)
		if (!bytes_are_same(piece, packed + at, n))
			return false;
	return true;
}

bool kept_open(const void *packed, size_t bytes, size_t unpacked)
{
	if (!kept.complete || kept.wanted != unpacked || !is_same(packed, bytes))
		return false;
	kept.readers++;
	return true;
}

size_t kept_piece(size_t offset, const uint8_t **piece)
{
	return store_piece(&kept.unpacked, offset, piece);
}

void kept_close(void)
{
	kept.readers--;
}
