// SPDX-License-Identifier: MIT
/* The queue by key under any order of adding and taking out, against a list that is searched. */
#include "harness/harness.h"

#include <hv/check.h>
#include "pheap_model.h"

#define NODES 64u
#define FEW   4u	/* where every order is tried */

static struct pheap heap;
static struct pheap_node node[NODES];

static void check(void)
{
	unsigned queued = 0, met = 0;

	assert_int_equal(pheap_check(&heap), 0);
	assert_ptr_equal(pheap_top(&heap), pheap_least(node, NODES));
	for (unsigned i = 0; i < NODES; i++)
		queued += node[i].queued;
	for (struct pheap_node *n = pheap_top(&heap); n; n = pheap_next(n))
		assert_true(++met <= queued);
	assert_int_equal(met, queued);
}

/* From both sides of the wrap. */
static uint64_t pick_key(void)
{
	return choosing_all() ? choose(3) : (uint64_t)choose(20) - 10;
}

static void step(void)
{
	struct pheap_node *n = &node[choose(choosing_all() ? FEW : NODES)];

	if (!choosing_all() && !choose(4))
		n = pheap_top(&heap) ? pheap_top(&heap) : n;
	if (n->queued)
		pheap_remove(&heap, n);
	else
		pheap_add(&heap, n, pick_key());
	check();
}

static void start(void)
{
	pheap_init(&heap);
	for (unsigned i = 0; i < NODES; i++)
		node[i] = (struct pheap_node){ 0 };
}

static void end(void)
{
	while (pheap_top(&heap)) {
		pheap_remove(&heap, pheap_top(&heap));
		check();
	}
}

const struct harness harness = {
	.name = "the queue by key",
	.start = start,
	.step = step,
	.end = end,
	.steps = 6,
	.at_least = 100000,
	.chances = 20,
	.chance_steps = 2000,
};
