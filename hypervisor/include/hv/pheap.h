/* SPDX-License-Identifier: MIT */
/*
 * A queue by key whose links lie inside the objects (a pairing heap): nothing is
 * allocated, so nothing can fail, and the smallest is always at the top.
 *
 *            top = smallest
 *            /
 *         child --next-- sibling --next-- sibling
 *          /               /
 *        ...             ...
 *
 * Adding costs a comparison; taking one out costs O(log n) comparisons on average
 * over any history. Of two equal keys the one that was added first is the smaller.
 * Keys are compared by their difference, so they may wrap, as long as all that are
 * in one queue lie within 2^63 of each other.
 */
#pragma once

#include <hv/types.h>

struct pheap_node {
	struct pheap_node *child;	/* first of those below */
	struct pheap_node *next;	/* next below the same parent */
	struct pheap_node *prev;	/* previous sibling; of the first child: the parent */
	uint64_t key;
	uint64_t age;			/* order of adding */
	bool queued;
};

struct pheap {
	struct pheap_node *top;
	uint64_t added;
	uint32_t count;
};

/** True when key a comes before key b. */
static inline bool pheap_key_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static inline void pheap_init(struct pheap *h)
{
	*h = (struct pheap){ 0 };
}

/** Adds a node that is in no queue. */
void pheap_add(struct pheap *h, struct pheap_node *n, uint64_t key);
/** Takes out a node that is in this queue. */
void pheap_remove(struct pheap *h, struct pheap_node *n);

/** The smallest, or NULL. */
static inline struct pheap_node *pheap_top(const struct pheap *h)
{
	return h->top;
}

/** The one after n on a walk over all, from the top, in no order; NULL after the last. */
struct pheap_node *pheap_next(struct pheap_node *n);

/** Walks the whole queue; the number of things that are wrong with it. For tests. */
unsigned pheap_check(const struct pheap *h);
