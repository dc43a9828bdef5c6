/* SPDX-License-Identifier: MIT */
/* The queue by key as a list that is searched: what its tests compare it with. */
#pragma once

#include <hv/pheap.h>

/** The one of n nodes that should be on top, by looking at all; NULL when none is queued. */
static inline struct pheap_node *pheap_least(struct pheap_node *node, unsigned n)
{
	struct pheap_node *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct pheap_node *x = &node[i];

		if (!x->queued)
			continue;
		if (!best || pheap_key_before(x->key, best->key) ||
		    (x->key == best->key && x->age < best->age))
			best = x;
	}
	return best;
}
