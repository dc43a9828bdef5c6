// SPDX-License-Identifier: MIT
/*
 * The run queue's decisions: no clock and no locks in here, time is an argument.
 * The queue's own virtual time is the least of all who want the CPU, running or
 * waiting, and never goes back; it is the level to which those who come in are brought.
 */
#include <hv/runq.h>

#include <hv/check.h>

void runq_init(struct runq *q)
{
	pheap_init(&q->heap);
	q->now = 0;
}

void runq_set_weight(struct runq_entity *e, unsigned weight)
{
	CHECK(weight && weight <= RUNQ_WEIGHT_MAX);
	e->weight = weight;
	e->factor = (RUNQ_WEIGHT_DEFAULT << 16) / weight;
}

void runq_entity_init(struct runq_entity *e, unsigned weight)
{
	*e = (struct runq_entity){ 0 };
	runq_set_weight(e, weight);
}

void runq_charge(struct runq *q, struct runq_entity *e, uint64_t ran)
{
	struct pheap_node *n = pheap_top(&q->heap);
	uint64_t least;

	e->vtime += (uint64_t)(((unsigned __int128)ran * e->factor) >> 16);
	least = e->vtime;
	if (n && pheap_key_before(n->key, least))
		least = n->key;
	if (pheap_key_before(q->now, least))
		q->now = least;
}

static void add(struct runq *q, struct runq_entity *e)
{
	pheap_add(&q->heap, &e->node, e->vtime);
}

void runq_wake(struct runq *q, struct runq_entity *e)
{
	uint64_t least = q->now - RUNQ_LAG;

	if (pheap_key_before(e->vtime, least))
		e->vtime = least;
	add(q, e);
}

void runq_requeue(struct runq *q, struct runq_entity *e)
{
	add(q, e);
}

void runq_remove(struct runq *q, struct runq_entity *e)
{
	pheap_remove(&q->heap, &e->node);
}

struct runq_entity *runq_pick(struct runq *q)
{
	struct pheap_node *n = pheap_top(&q->heap);

	if (!n)
		return NULL;
	pheap_remove(&q->heap, n);
	if (pheap_key_before(q->now, n->key))
		q->now = n->key;
	return container_of(n, struct runq_entity, node);
}

bool runq_should_switch(const struct runq *q, const struct runq_entity *running,
			enum runq_reason why)
{
	const struct pheap_node *n = pheap_top(&q->heap);
	uint64_t level = running->vtime;

	if (!n)
		return false;
	/* Without that, two of equal weight would change places after two slices each. */
	if (why == RUNQ_TURN_OVER)
		level += RUNQ_SLICE / 2;
	return why == RUNQ_YIELD || pheap_key_before(n->key, level);
}

unsigned runq_check(const struct runq *q)
{
	return pheap_check(&q->heap);
}
