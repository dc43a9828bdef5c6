// SPDX-License-Identifier: MIT
/*
 * The queue of timers of one CPU: pure, the time is an argument. Timers that
 * expire at the same moment fire in the order in which they were set.
 */
#include <hv/timer.h>

bool timer_queue_set(struct timer_queue *q, struct timer *t, uint64_t expires)
{
	if (t->node.queued)
		pheap_remove(&q->heap, &t->node);
	t->expires = MIN(expires, TIMER_NEVER);
	pheap_add(&q->heap, &t->node, t->expires);
	return q->heap.top == &t->node;
}

void timer_queue_stop(struct timer_queue *q, struct timer *t)
{
	if (t->node.queued)
		pheap_remove(&q->heap, &t->node);
}

struct timer *timer_queue_due(struct timer_queue *q, uint64_t now)
{
	struct pheap_node *n = pheap_top(&q->heap);

	if (!n || n->key > now)
		return NULL;
	pheap_remove(&q->heap, n);
	return container_of(n, struct timer, node);
}

uint64_t timer_queue_next(const struct timer_queue *q)
{
	return q->heap.top ? q->heap.top->key : TIMER_NEVER;
}
