// SPDX-License-Identifier: MIT
/*
 * The free ranges of a piece of address space, as an ascending list of holes. A
 * range of n pages takes n + 1: the last is its guard page.
 *
 * Giving a range back may make a hole more. Its node is had when the range is given out, so that giving
 * back cannot fail: there are always as many nodes, holes and spare ones, as ranges given out and one.
 */
#include <pvguest/vspace.h>

#include <stdbool.h>
#include <stdlib.h>

#define PAGE_BYTES 4096UL

struct vspace_hole {
	struct vspace_hole *next;
	unsigned long start, end;
};

static void spare_put(struct vspace *vs, struct vspace_hole *h)
{
	h->next = vs->spare;
	vs->spare = h;
}

static struct vspace_hole *spare_take(struct vspace *vs)
{
	struct vspace_hole *h = vs->spare;

	if (h)
		vs->spare = h->next;
	return h;
}

static bool spare_new(struct vspace *vs)
{
	struct vspace_hole *h = malloc(sizeof(*h));

	if (h)
		spare_put(vs, h);
	return h;
}

int vspace_init(struct vspace *vs, unsigned long start, unsigned long end)
{
	vs->start = start + PAGE_BYTES;
	vs->end = end;
	vs->spare = NULL;
	vs->holes = malloc(sizeof(*vs->holes));
	if (!vs->holes)
		return -1;
	*vs->holes = (struct vspace_hole){ .start = vs->start, .end = end };
	return 0;
}

unsigned long vspace_alloc(struct vspace *vs, size_t n)
{
	struct vspace_hole **link = &vs->holes;
	unsigned long bytes, va;

	if (!n || n >= (vs->end - vs->start) / PAGE_BYTES)
		return 0;
	bytes = (n + 1) * PAGE_BYTES;
	for (; *link; link = &(*link)->next)
		if ((*link)->end - (*link)->start >= bytes)
			break;
	if (!*link || !spare_new(vs))
		return 0;
	va = (*link)->start;
	(*link)->start += bytes;
	if ((*link)->start == (*link)->end) {
		struct vspace_hole *empty = *link;

		*link = empty->next;
		spare_put(vs, empty);
	}
	return va;
}

/* Joins h with the hole after it when they touch. */
static void hole_join(struct vspace *vs, struct vspace_hole *h)
{
	struct vspace_hole *next = h->next;

	if (!next || h->end != next->start)
		return;
	h->end = next->end;
	h->next = next->next;
	spare_put(vs, next);
}

/* Makes [start, end) a hole between two others; false when that needs a node and there is none. */
static bool hole_add(struct vspace *vs, struct vspace_hole *before, unsigned long start, unsigned long end)
{
	struct vspace_hole **link = before ? &before->next : &vs->holes;
	struct vspace_hole *after = *link, *h;

	if (before && before->end == start) {
		before->end = end;
		hole_join(vs, before);
		return true;
	}
	if (after && after->start == end) {
		after->start = start;
		return true;
	}
	h = spare_take(vs);
	if (!h)
		return false;
	*h = (struct vspace_hole){ .next = after, .start = start, .end = end };
	*link = h;
	return true;
}

int vspace_free(struct vspace *vs, unsigned long va, size_t n)
{
	struct vspace_hole *before = NULL, *after = vs->holes;
	unsigned long end;

	if (va < vs->start || va >= vs->end || !n || n >= (vs->end - va) / PAGE_BYTES)
		return -1;
	end = va + (n + 1) * PAGE_BYTES;
	while (after && after->start < va) {
		before = after;
		after = after->next;
	}
	if ((after && after->start < end) || (before && before->end > va) || !hole_add(vs, before, va, end))
		return -1;
	free(spare_take(vs));
	return 0;
}

unsigned long vspace_free_pages(const struct vspace *vs)
{
	unsigned long bytes = 0;

	for (const struct vspace_hole *h = vs->holes; h; h = h->next)
		bytes += h->end - h->start;
	return bytes / PAGE_BYTES;
}

void vspace_destroy(struct vspace *vs)
{
	while (vs->holes) {
		struct vspace_hole *next = vs->holes->next;

		free(vs->holes);
		vs->holes = next;
	}
	while (vs->spare)
		free(spare_take(vs));
}
