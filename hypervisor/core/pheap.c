// SPDX-License-Identifier: MIT
/*
 * Run queues and timers want their smallest element, and an element anywhere out
 * of the queue, at little cost and without memory that could run out. A pairing
 * heap gives that: merging two heaps is one comparison, and taking the top out
 * merges its children in pairs. All loops, no recursion: the stack is small.
 */
#include <hv/pheap.h>

#include <hv/check.h>

static bool before(const struct pheap_node *a, const struct pheap_node *b)
{
	if (a->key != b->key)
		return pheap_key_before(a->key, b->key);
	return a->age < b->age;
}

/* Both are tops (no siblings, no parent); either may be NULL. */
static struct pheap_node *merge(struct pheap_node *a, struct pheap_node *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (before(b, a)) {
		struct pheap_node *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Takes the first of a list of siblings off it, as a top of its own. */
static struct pheap_node *cut_first(struct pheap_node **list)
{
	struct pheap_node *n = *list;

	if (!n)
		return NULL;
	*list = n->next;
	n->next = NULL;
	n->prev = NULL;
	return n;
}

/* Merges siblings into one heap: in pairs from the left, then the pairs from the right. */
static struct pheap_node *merge_siblings(struct pheap_node *list)
{
	struct pheap_node *pairs = NULL, *all = NULL;

	while (list) {
		struct pheap_node *a = cut_first(&list);
		struct pheap_node *pair = merge(a, cut_first(&list));

		pair->next = pairs;
		pairs = pair;
	}
	while (pairs)
		all = merge(all, cut_first(&pairs));
	return all;
}

void pheap_add(struct pheap *h, struct pheap_node *n, uint64_t key)
{
	CHECK(!n->queued);
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
	n->key = key;
	n->age = h->added++;
	n->queued = true;
	h->top = merge(h->top, n);
	h->count++;
}

void pheap_remove(struct pheap *h, struct pheap_node *n)
{
	CHECK(n->queued && h->count);
	if (n == h->top) {
		h->top = merge_siblings(n->child);
	} else {
		if (n->prev->child == n)
			n->prev->child = n->next;
		else
			n->prev->next = n->next;
		if (n->next)
			n->next->prev = n->prev;
		h->top = merge(h->top, merge_siblings(n->child));
	}
	n->queued = false;
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
	h->count--;
}

struct pheap_node *pheap_next(struct pheap_node *n)
{
	if (n->child)
		return n->child;
	while (n && !n->next) {
		/* to the first of the siblings, then to the parent */
		while (n->prev && n->prev->child != n)
			n = n->prev;
		n = n->prev;
	}
	return n ? n->next : NULL;
}

unsigned pheap_check(const struct pheap *h)
{
	unsigned wrong = 0, count = 0;

	if (h->top && (h->top->next || h->top->prev))
		wrong++;
	for (struct pheap_node *n = h->top; n && count <= h->count; n = pheap_next(n)) {
		count++;
		if (!n->queued)
			wrong++;
		for (const struct pheap_node *c = n->child, *p = n; c; p = c, c = c->next) {
			if (c->prev != p)
				wrong++;
			if (before(c, n))
				wrong++;
		}
	}
	return wrong + (count != h->count);
}
