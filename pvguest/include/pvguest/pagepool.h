/* SPDX-License-Identifier: MIT */
/*
 * A buddy allocator for pages that lie in one array. Pure: no hypercalls, no locks. The free lists
 * run through the free pages themselves; `state` has one byte a page.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGEPOOL_MAX_ORDER 18

struct pagepool_block;

struct pagepool {
	char *base;			/* address of page 0 */
	uint8_t *state;			/* one for each page, see pagepool.c */
	unsigned long pages;
	unsigned long free_pages;
	struct pagepool_block *free[PAGEPOOL_MAX_ORDER + 1];
};

/** No page is free at first. `state` has `pages` bytes and is initialised here. */
void pagepool_init(struct pagepool *pool, void *base, uint8_t *state, unsigned long pages);

/** Makes pages [first, end) free. Each must be unknown to the pool so far. */
void pagepool_add(struct pagepool *pool, unsigned long first, unsigned long end);

/** The number of the first of 2^order pages, or ~0UL. */
unsigned long pagepool_alloc(struct pagepool *pool, unsigned int order);

/** Returns 0, or -1 when that is not a block of this order that pagepool_alloc() gave out. */
int pagepool_free(struct pagepool *pool, unsigned long page, unsigned int order);

/** NULL when the pool's structure is sound, else what is wrong. */
const char *pagepool_check(const struct pagepool *pool);
