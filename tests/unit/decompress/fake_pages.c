/* SPDX-License-Identifier: MIT */
#include "decompress/fake_pages.h"

#include <stdlib.h>

#include "build/pages.h"
#include "build/runtime.h"
#include "pvguest/memory.h"

size_t fake_pages_left = ~0UL;
size_t fake_pages_used;
unsigned long fake_pool_pages;
bool (*fake_reclaim)(void);

bool pages_alloc(struct pages *p, size_t bytes)
{
	*p = (struct pages){ 0 };
	if (bytes > fake_pages_left)
		return false;
	p->at = malloc(bytes);
	p->count = bytes;
	fake_pages_left -= bytes;
	fake_pages_used += bytes;
	return true;
}

void pages_free(struct pages *p)
{
	free(p->at);
	fake_pages_left += p->count;
	fake_pages_used -= p->count;
	*p = (struct pages){ 0 };
}

void *page_alloc(unsigned int order)
{
	while (1UL << order > fake_pool_pages)
		if (!fake_reclaim || !fake_reclaim())
			return NULL;
	fake_pool_pages -= 1UL << order;
	fake_pages_used += PAGE_SIZE << order;
	return malloc(PAGE_SIZE << order);
}

void page_free(void *page, unsigned int order)
{
	fake_pool_pages += 1UL << order;
	fake_pages_used -= PAGE_SIZE << order;
	free(page);
}

unsigned long memory_free_pages(void)
{
	return fake_pool_pages;
}

unsigned long memory_total_pages(void)
{
	return FAKE_POOL_TOTAL;
}

void memory_set_reclaim(bool (*fn)(void))
{
	fake_reclaim = fn;
}

bool runtime_prepare(void)
{
	return true;
}
