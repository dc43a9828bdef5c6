/* SPDX-License-Identifier: MIT */
/* Single pages of the pool, mapped side by side: the pool's own large pieces are soon gone. */
#include "build/pages.h"

#include <stdlib.h>

#include "pvguest/memory.h"

/* What the rest of dom0 is left with: its heap, threads and rings go on while a domain is built. */
#define RESERVE	(2UL << 20 >> PAGE_SHIFT)

static void free_frames(const xen_pfn_t *mfns, size_t count)
{
	while (count)
		page_free(pfn_to_virt(mfn_to_pfn(mfns[--count])), 0);
}

static size_t take_frames(xen_pfn_t *mfns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *page = page_alloc(0);

		if (!page)
			return i;
		mfns[i] = virt_to_mfn(page);
	}
	return count;
}

bool pages_alloc(struct pages *p, size_t bytes)
{
	size_t count = (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK), taken;

	*p = (struct pages){ 0 };
	if (!count)
		return false;
	while (count + RESERVE > memory_free_pages())
		if (!memory_reclaim())
			return false;
	p->mfns = malloc(count * sizeof(p->mfns[0]));
	if (!p->mfns)
		return false;
	taken = take_frames(p->mfns, count);
	if (taken == count)
		p->at = map_frames(p->mfns, count, MAP_RW);
	if (p->at) {
		p->count = count;
		return true;
	}
	free_frames(p->mfns, taken);
	free(p->mfns);
	*p = (struct pages){ 0 };
	return false;
}

void pages_free(struct pages *p)
{
	if (!p->at)
		return;
	unmap_pages(p->at, p->count);
	free_frames(p->mfns, p->count);
	free(p->mfns);
	*p = (struct pages){ 0 };
}
