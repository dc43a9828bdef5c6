/* SPDX-License-Identifier: MIT */
/* See hv/alloc.h. */
#include <hv/alloc.h>

#include <hv/check.h>
#include <hv/heap.h>
#include <hv/lock.h>
#include <hv/mm.h>

/* heap lock must be held for this */
static spinlock_t heap_lock = SPINLOCK("heap");
static struct heap heap;
static bool ready;

static void *get_pages(void *ctx, unsigned order)
{
	(void)ctx;
	return hv_pages_alloc(order);
}

static void put_pages(void *ctx, void *pages, unsigned order)
{
	(void)ctx;
	hv_pages_free(pages, order);
}

static void bug(void *ctx, const void *object, const char *reason)
{
	(void)ctx;
	panic("heap: object %p: %s", object, reason);
}

static void init(void)
{
	static const struct heap_source source = { get_pages, put_pages, bug, NULL };

	heap_init(&heap, &source);
	ready = true;
}

void *xmalloc(size_t size)
{
	void *p;

	spin_lock(&heap_lock);
	if (unlikely(!ready))
		init();
	p = heap_alloc(&heap, size);
	spin_unlock(&heap_lock);
	return p;
}

void xfree(void *object)
{
	if (!object)
		return;
	spin_lock(&heap_lock);
	heap_free(&heap, object);
	spin_unlock(&heap_lock);
}

const char *alloc_check(void)
{
	const char *what;

	spin_lock(&heap_lock);
	what = ready ? heap_check(&heap) : NULL;
	spin_unlock(&heap_lock);
	return what;
}
