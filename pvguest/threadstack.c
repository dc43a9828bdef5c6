// SPDX-License-Identifier: MIT
/*
 * Thread stacks: pages mapped in the map window, where an unmapped page lies between any two
 * mappings. Stacks of the usual size are kept for the next thread.
 */
#include <pvguest/threadhost.h>

#include <stdlib.h>

#include <pvguest/arch.h>
#include <pvguest/memory.h>
#include <pvguest/thread.h>

#define KEPT_BYTES	(64 * 1024)
#define KEPT_MAX	8

static void *kept[KEPT_MAX];
static unsigned int kept_count;

size_t thread_stacks_kept(void)
{
	return kept_count * KEPT_BYTES;
}

static void pages_release(const xen_pfn_t *mfns, size_t n)
{
	while (n--)
		page_free(pfn_to_virt(mfn_to_pfn(mfns[n])), 0);
}

void *thread_stack_alloc(size_t *bytes)
{
	size_t n = (*bytes + PAGE_SIZE - 1) / PAGE_SIZE, got;
	void *stack = NULL;
	xen_pfn_t *mfns;

	*bytes = n * PAGE_SIZE;
	if (*bytes == KEPT_BYTES && kept_count)
		return kept[--kept_count];
	mfns = calloc(n, sizeof(*mfns));
	if (!mfns)
		return NULL;
	for (got = 0; got < n; got++) {
		void *page = page_alloc(0);

		if (!page)
			break;
		mfns[got] = virt_to_mfn(page);
	}
	if (got == n)
		stack = map_frames(mfns, n, MAP_RW);
	if (!stack)
		pages_release(mfns, got);
	free(mfns);
	return stack;
}

void thread_stack_free(void *stack, size_t bytes)
{
	size_t n = bytes / PAGE_SIZE;

	if (bytes == KEPT_BYTES && kept_count < KEPT_MAX) {
		kept[kept_count++] = stack;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char *page = (char *)stack + i * PAGE_SIZE;
		unsigned long pfn = virt_to_pfn(page);

		mmu_unmap((unsigned long)page, 1);
		page_free(pfn_to_virt(pfn), 0);
	}
	map_release(stack, n);
}
