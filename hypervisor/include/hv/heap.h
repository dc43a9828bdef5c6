/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Small objects out of pages. Every page that the heap holds starts with a header, and what is
 * used and what is free stands in that header only, never inside the objects: an object that is
 * overrun or used after it was freed cannot lead the allocator astray, and freeing twice is seen.
 *
 *      page      +64                                              +4096
 *      | header  | object | object | object | ...        | left over |
 *
 * Objects up to HEAP_SMALL_MAX bytes share pages of one size class. A larger one has pages of its
 * own, header included: what needs whole pages is better served by the frame allocator itself.
 * Objects are aligned to 16 bytes. The caller holds the heap's lock.
 */
#include <stddef.h>
#include <stdint.h>

#include "hv/list.h"

#define HEAP_PAGE	4096
#define HEAP_CLASSES	12
#define HEAP_SMALL_MAX	2016

/** Where the pages come from. */
struct heap_source {
	/* 1 << order pages, aligned to a page, or NULL when there are none. */
	void *(*get)(void *ctx, unsigned order);
	void (*put)(void *ctx, void *pages, unsigned order);
	/* Told of a pointer that is no live object of this heap. Should not return. */
	void (*bug)(void *ctx, const void *object, const char *reason);
	void *ctx;
};

struct heap {
	struct heap_source source;
	struct list partial[HEAP_CLASSES];	/* pages with a free place */
	struct list full[HEAP_CLASSES];
	struct list large;
	size_t pages;		/* held from the source */
	size_t objects;		/* live ones */
	size_t bytes;		/* in live objects, rounded up to their places */
};

void heap_init(struct heap *heap, const struct heap_source *source);

/** Returns zeroed memory, or NULL when size is 0 or the source has no page left. */
void *heap_alloc(struct heap *heap, size_t size);

/** Gives an object back; NULL is allowed. Pages that fall empty go back to the source. */
void heap_free(struct heap *heap, void *object);

/** Walks the whole heap. Returns NULL, or what is wrong with it. */
const char *heap_check(const struct heap *heap);
