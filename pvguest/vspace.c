// SPDX-License-Identifier: MIT
/*
 * The free ranges of a piece of address space, as an ascending list of holes. A
 * range of n pages takes n + 1: the last is its guard page.
 */
#include <pvguest/vspace.h>

#include <stdlib.h>

#define PAGE_BYTES 4096UL

struct vspace_hole {
	struct vspace_hole *next;
	unsigned long start, end;
};

static struct vspace_hole *hole_new(unsigned long start, unsigned long end,
				    struct vspace_hole *next)
{
	struct vspace_hole *h = malloc(sizeof(*h));

	if (h)
		*h = (struct vspace_hole){ .next = next, .start = start, .end = end };
	return h;
}

int vspace_init(struct vspace *vs, unsigned long start, unsigned long end)
{
	vs->start = start + PAGE_BYTES;
	vs->end = end;
	vs->holes = hole_new(vs->start, end, NULL);
	return vs->holes ? 0 : -1;
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
	if (!*link)
		return 0;
	va = (*link)->start;
	(*link)->start += bytes;
	if ((*link)->start == (*link)->end) {
		struct vspace_hole *empty = *link;

		*link = empty->next;
		free(empty);
	}
	return va;
}

/* Joins h with the hole after it when they touch. */
static void hole_join(struct vspace_hole *h)
{
	struct vspace_hole *next = h->next;

	if (!next || h->end != next->start)
		return;
	h->end = next->end;
	h->next = next->next;
	free(next);
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
	if ((after && after->start < end) || (before && before->end > va))
		return -1;
	if (before && before->end == va) {
		before->end = end;
		hole_join(before);
		return 0;
	}
	if (after && after->start == end) {
		after->start = va;
		return 0;
	}
	after = hole_new(va, end, after);
	if (!after)
		return 0;
	if (before)
		before->next = after;
	else
		vs->holes = after;
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
}
