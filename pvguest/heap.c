// SPDX-License-Identifier: MIT
/*
 * malloc's ground: a stretch of address space of its own that is backed with pages when
 * it grows. Pages stay when the break goes down, for the next time it goes up.
 */
#include <errno.h>
#include <unistd.h>

#include <pvguest/arch.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>

#define STEP 16			/* pages backed at a time at least */

static unsigned long heap_break = HEAP_WINDOW;
static unsigned long heap_backed = HEAP_WINDOW;

static int heap_back_pages(unsigned int n)
{
	xen_pfn_t mfns[STEP];
	void *pages[STEP];
	unsigned int i;

	for (i = 0; i < n; i++) {
		pages[i] = page_alloc(0);
		if (!pages[i])
			break;
		mfns[i] = virt_to_mfn(pages[i]);
	}
	if (i && !mmu_map(heap_backed, mfns, i, MAP_RW, DOMID_SELF, NULL, NULL)) {
		heap_backed += i * PAGE_SIZE;
		return 0;
	}
	mmu_unmap(heap_backed, i);
	while (i)
		page_free(pages[--i], 0);
	return -1;
}

unsigned long memory_heap_pages(void)
{
	return (heap_backed - HEAP_WINDOW) / PAGE_SIZE;
}

/* The memory lock is held. */
static bool break_move(ptrdiff_t increment)
{
	if (increment < 0 ? (unsigned long)-increment > heap_break - HEAP_WINDOW :
	    (unsigned long)increment > HEAP_WINDOW_END - heap_break)
		return false;
	while (heap_backed < heap_break + increment)
		if (heap_back_pages(STEP))
			return false;
	heap_break += increment;
	return true;
}

void *sbrk(ptrdiff_t increment)
{
	unsigned long old;
	bool moved;

	memory_lock();
	old = heap_break;
	moved = break_move(increment);
	memory_unlock();
	if (moved)
		return (void *)old;
	errno = ENOMEM;
	return (void *)-1;
}
