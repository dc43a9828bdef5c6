/* SPDX-License-Identifier: MIT */
/*
 * The allocator of whole frames: free blocks of 2^order frames, aligned to their size, in lists
 * by zone and order. A zone holds the frames whose number has the same highest bit, so that
 * a request for memory below an address looks at the low zones only, and any other
 * request spares them. A block never crosses zones. The caller holds a lock.
 *
 * A free block is known by FC_FREE and the order in its first frame; the lists are linked by
 * frame numbers. Frame 0 is never handed in: 0 ends a list.
 */
#pragma once

#include <hv/types.h>

#define BUDDY_ORDERS	19	/* up to 1 GiB */
#define BUDDY_ZONES	32	/* frame numbers have 32 bits */

struct buddy {
	uint32_t head[BUDDY_ZONES][BUDDY_ORDERS];
	uint32_t orders[BUDDY_ZONES];	/* bit n: the list of order n is not empty */
	uint32_t zones;			/* bit n: orders[n] is not 0 */
	uint64_t free;			/* frames */
	uint64_t total;			/* frames ever handed in by buddy_add() */
};

/** Hands frames [start, end) in for the first time. */
void buddy_add(struct buddy *b, mfn_t start, mfn_t end);

/** Takes 2^order frames with numbers below 2^bits (32: any). False when there is no such block. */
bool buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first);

/** Gives 2^order frames back, in any pieces that are blocks. */
void buddy_free(struct buddy *b, mfn_t first, unsigned order);
/** The same for any n adjacent frames, in the largest blocks that they make. */
void buddy_free_run(struct buddy *b, mfn_t first, uint64_t n);

/**
 * Number n of the free blocks of this order, in about the order in which buddy_alloc() would take
 * them; larger blocks count as several. False when there are fewer.
 */
bool buddy_ahead(const struct buddy *b, unsigned order, unsigned n, mfn_t *first);

/** Walks all lists. NULL, or what is wrong. */
const char *buddy_check(const struct buddy *b);
