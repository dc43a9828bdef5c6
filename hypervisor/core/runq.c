// SPDX-License-Identifier: MIT
/*
 * The run queue's decisions: no clock and no locks in here, time is an argument.
 * The queue's own virtual time is the least of all who want the CPU, running or
 * waiting; it is the level to which those who come in are brought. Those who came in ahead
 * of it are left out until they have caught up: who mostly sleeps, or is held back by a cap,
 * would draw the queue's time back to where nobody else stands.
 */
#include <hv/runq.h>

#include <hv/check.h>

/* How far, in slices, one who comes from another queue may stand from this one's time, and
 * one who runs alone from who waits elsewhere. Queues in step stay well within that; what is
 * beyond was gathered where nobody could compare. */
#define WINDOW 4
/* So many slices of its claim keeps who was held back by a cap. With its weight it may be due much
 * more than its cap, and gets that only if it goes before the others each time it may run. */
#define KEPT 16
/* More virtual time than any two in a queue are apart. */
#define LAST (1ULL << 44)

void runq_init(struct runq *q)
{
	pheap_init(&q->heap);
	q->running = NULL;
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
	*e = (struct runq_entity){ .crowd = 1 };
	runq_set_weight(e, weight);
}

static inline struct runq_entity *entity_of(struct pheap_node *n)
{
	return container_of(n, struct runq_entity, node);
}

static inline uint64_t virtual(const struct runq_entity *e, uint64_t time)
{
	return (uint64_t)(((unsigned __int128)time * e->factor) >> 16);
}

/* Nobody waits but those who wait for a CPU that would idle. */
static inline bool only_last(const struct pheap_node *top)
{
	return !top || container_of(top, const struct runq_entity, node)->wait == RUNQ_LAST;
}

/* What a slice costs it. */
static uint64_t own_slice(const struct runq_entity *e)
{
	return virtual(e, RUNQ_SLICE * e->crowd);
}

/* The window of e among others: their slices count too, for by those it gets out of step, but
 * not those of the light, who are few and long. */
static uint64_t window(const struct runq_entity *e, uint64_t others_slice)
{
	return WINDOW * MAX(own_slice(e), MIN(others_slice, WINDOW * RUNQ_SLICE));
}

static inline void raise(uint64_t *to, uint64_t least)
{
	if (pheap_key_before(*to, least))
		*to = least;
}

static inline void lower(uint64_t *to, uint64_t most)
{
	if (pheap_key_before(most, *to))
		*to = most;
}

void runq_charge(struct runq *q, struct runq_entity *e, uint64_t time)
{
	struct pheap_node *n = pheap_top(&q->heap);

	e->vtime += virtual(e, time);
	if (e->early && pheap_key_before(e->vtime, q->now))
		return;
	e->early = false;
	/* Back, too: one may have come from another queue that had less. */
	q->now = e->vtime;
	if (n && !entity_of(n)->early)
		lower(&q->now, n->key);
}

static void add(struct runq *q, struct runq_entity *e)
{
	uint64_t key = e->vtime;

	if (e->wait != RUNQ_BY_TIME)
		raise(&key, q->now);
	if (e->wait == RUNQ_LAST)
		key += LAST;
	pheap_add(&q->heap, &e->node, key);
}

/* One who slept: neither what it missed counts for much, nor what it had long ago elsewhere. Who
 * was held back while it wanted to run keeps more of its claim. */
static void settle(const struct runq *q, struct runq_entity *e, bool slept)
{
	raise(&e->vtime, q->now - (slept ? virtual(e, RUNQ_LAG) : KEPT * own_slice(e)));
	lower(&e->vtime, q->now + WINDOW * own_slice(e));
	e->early = pheap_key_before(e->vtime, q->now);
}

/* One who comes from another queue, where it was settled. */
static void arrive(struct runq *q, struct runq_entity *e)
{
	struct pheap_node *n = pheap_top(&q->heap);
	struct runq_entity *r = q->running;
	uint64_t slice;

	if (!r && !n) {
		if (!e->early)
			q->now = e->vtime;
		raise(&q->now, e->vtime);
		return;
	}
	if (!n) {
		/* Who runs alone gets time that nobody was due; that is not held against it. */
		lower(&r->vtime, e->vtime + window(r, own_slice(e)));
		lower(&q->now, e->vtime);
	}
	/* The queue's time is that of the one who has had least: a light one's goes in long steps. */
	if (n && (!r || pheap_key_before(n->key, r->vtime)))
		r = entity_of(n);
	slice = r->early ? WINDOW * RUNQ_SLICE : own_slice(r);
	raise(&e->vtime, q->now - WINDOW * MAX(own_slice(e), slice));
	lower(&e->vtime, q->now + window(e, slice));
}

void runq_wake(struct runq *q, struct runq_entity *e, bool slept)
{
	if (unlikely(e->visitor))
		arrive(q, e);
	else
		settle(q, e, slept);
	e->visitor = false;
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

void runq_depart(const struct runq *q, struct runq_entity *e, bool slept)
{
	if (slept && !e->visitor)
		settle(q, e, true);
	e->visitor = true;
}

void runq_floor(const struct runq *q, struct runq_entity *e, int64_t lag)
{
	int64_t most = (int64_t)own_slice(e);

	raise(&e->vtime, q->now + (uint64_t)MIN(lag, most));
}

struct runq_entity *runq_pick(struct runq *q)
{
	struct pheap_node *n = pheap_top(&q->heap);

	if (!n)
		return NULL;
	pheap_remove(&q->heap, n);
	if (!entity_of(n)->early && entity_of(n)->wait != RUNQ_LAST)
		q->now = n->key;
	return entity_of(n);
}

bool runq_should_switch(const struct runq *q, const struct runq_entity *running,
			enum runq_reason why)
{
	const struct pheap_node *n = pheap_top(&q->heap);
	uint64_t level = running->vtime;

	if (only_last(n))
		return false;
	/* Without that, two of equal weight would change places after two slices each. */
	if (why == RUNQ_TURN_OVER)
		level += own_slice(running) / 2;
	return why == RUNQ_YIELD || pheap_key_before(n->key, level);
}

/* ---- between queues ------------------------------------------------------------------- */

struct runq_claim runq_claim(const struct runq *q, const struct runq_entity *e)
{
	return (struct runq_claim){
		.vtime = e->vtime, .slice = own_slice(e), .level = q->now,
	};
}

int64_t runq_compare(struct runq *q, const struct runq_claim *c)
{
	struct pheap_node *n = pheap_top(&q->heap);
	struct runq_entity *r = q->running;
	int64_t gap;

	if (only_last(n))
		n = NULL;
	if (!r)
		return n ? 0 : INT64_MAX;
	gap = (int64_t)(r->vtime - (c->vtime + c->slice / 2));
	if (gap > 0)
		return gap;
	if (n) {
		/* Who runs may have come in ahead, and do so whenever somebody looks. */
		gap = (int64_t)((entity_of(n)->early ? q->now : n->key) - (c->vtime + c->slice));
		return MAX(gap, 0);
	}
	raise(&r->vtime, c->level - window(r, c->slice) - c->slice);
	raise(&q->now, r->vtime);
	return 0;
}

unsigned runq_check(const struct runq *q)
{
	return pheap_check(&q->heap);
}
