// SPDX-License-Identifier: MIT
/*
 * The allocator of hv/heap.h: per size class a list of pages with room and a list of full ones,
 * and in each page's header one bit for each object (at most 252 of the smallest class).
 */
#include "hv/heap.h"

#include <stdbool.h>

#include "hv/bitmap.h"
#include "hv/mem.h"

#define HEADER_SIZE	64
#define SLAB_MAGIC	0x62616c73u	/* "slab" */
#define LARGE_MAGIC	0x6772616cu	/* "larg" */
#define MAX_OBJECTS	256

struct header {
	uint32_t magic;
	uint16_t class;		/* of a slab; order of a large object */
	uint16_t used;		/* live objects */
	struct list link;	/* in heap->partial, heap->full or heap->large */
	uint64_t live[BITMAP_WORDS(MAX_OBJECTS)];
	size_t large_size;
};

_Static_assert(sizeof(struct header) <= HEADER_SIZE, "the header must fit before the objects");

/* Chosen so that few bytes of a page's 4032 are left over. */
static const uint16_t class_size[HEAP_CLASSES] = {
	16, 32, 48, 64, 96, 128, 192, 256, 448, 672, 1008, HEAP_SMALL_MAX
};

static unsigned class_of(size_t size)
{
	unsigned class = 0;

	while (class_size[class] < size)
		class++;
	return class;
}

static unsigned class_capacity(unsigned class)
{
	return (HEAP_PAGE - HEADER_SIZE) / class_size[class];
}

static unsigned char *object_at(struct header *page, unsigned index)
{
	return (unsigned char *)page + HEADER_SIZE + (size_t)index * class_size[page->class];
}

/* The smallest order whose pages hold size bytes behind a header; size is bounded before. */
static unsigned large_order(size_t size)
{
	size_t pages = (size + HEADER_SIZE + HEAP_PAGE - 1) / HEAP_PAGE;
	unsigned order = 0;

	while ((size_t)1 << order < pages)
		order++;
	return order;
}

void heap_init(struct heap *heap, const struct heap_source *source)
{
	memset(heap, 0, sizeof(*heap));
	heap->source = *source;
	for (unsigned class = 0; class < HEAP_CLASSES; class++) {
		list_init(&heap->partial[class]);
		list_init(&heap->full[class]);
	}
	list_init(&heap->large);
}

static struct header *get_pages(struct heap *heap, unsigned order, uint32_t magic, unsigned class)
{
	struct header *page = heap->source.get(heap->source.ctx, order);

	if (page == NULL)
		return NULL;
	memset(page, 0, sizeof(*page));
	page->magic = magic;
	page->class = (uint16_t)class;
	heap->pages += (size_t)1 << order;
	return page;
}

static void put_pages(struct heap *heap, struct header *page, unsigned order)
{
	list_del(&page->link);
	page->magic = 0;
	heap->pages -= (size_t)1 << order;
	heap->source.put(heap->source.ctx, page, order);
}

static void *alloc_small(struct heap *heap, size_t size)
{
	unsigned class = class_of(size);
	struct header *page = list_first(&heap->partial[class], struct header, link);

	if (page == NULL) {
		page = get_pages(heap, 0, SLAB_MAGIC, class);
		if (page == NULL)
			return NULL;
		list_add(&heap->partial[class], &page->link);
	}

	unsigned index = (unsigned)bitmap_find_clear(page->live, class_capacity(class), 0);

	bitmap_set(page->live, index);
	if (++page->used == class_capacity(class)) {
		list_del(&page->link);
		list_add(&heap->full[class], &page->link);
	}
	heap->objects++;
	heap->bytes += class_size[class];
	return memset(object_at(page, index), 0, class_size[class]);
}

static void *alloc_large(struct heap *heap, size_t size)
{
	unsigned order;
	struct header *page;

	if (size > SIZE_MAX / 4)
		return NULL;
	order = large_order(size);
	page = get_pages(heap, order, LARGE_MAGIC, order);
	if (page == NULL)
		return NULL;
	page->used = 1;
	page->large_size = size;
	list_add(&heap->large, &page->link);
	heap->objects++;
	heap->bytes += size;
	return memset((unsigned char *)page + HEADER_SIZE, 0, size);
}

void *heap_alloc(struct heap *heap, size_t size)
{
	if (size == 0)
		return NULL;
	return size <= HEAP_SMALL_MAX ? alloc_small(heap, size) : alloc_large(heap, size);
}

static void free_small(struct heap *heap, struct header *page, size_t offset)
{
	unsigned class = page->class;
	size_t index = (offset - HEADER_SIZE) / class_size[class];

	bitmap_clear(page->live, index);
	heap->objects--;
	heap->bytes -= class_size[class];
	if (page->used-- == class_capacity(class)) {
		list_del(&page->link);
		list_add(&heap->partial[class], &page->link);
	}
	if (page->used == 0)
		put_pages(heap, page, 0);
}

static void free_large(struct heap *heap, struct header *page)
{
	heap->objects--;
	heap->bytes -= page->large_size;
	put_pages(heap, page, page->class);
}

/* Returns NULL when offset in this page is a live object, else why not. */
static const char *object_fault(const struct header *page, size_t offset)
{
	if (page->magic == LARGE_MAGIC)
		return offset == HEADER_SIZE ? NULL : "not the start of an object";
	if (page->magic != SLAB_MAGIC || page->class >= HEAP_CLASSES)
		return "not in a page of the heap";
	if (offset < HEADER_SIZE || (offset - HEADER_SIZE) % class_size[page->class] != 0)
		return "not the start of an object";

	size_t index = (offset - HEADER_SIZE) / class_size[page->class];

	if (index >= class_capacity(page->class) || !bitmap_test(page->live, index))
		return "already free";
	return NULL;
}

void heap_free(struct heap *heap, void *object)
{
	if (object == NULL)
		return;

	size_t offset = (uintptr_t)object % HEAP_PAGE;
	struct header *page = (struct header *)((char *)object - offset);
	const char *fault = object_fault(page, offset);

	if (fault != NULL)
		heap->source.bug(heap->source.ctx, object, fault);
	else if (page->magic == LARGE_MAGIC)
		free_large(heap, page);
	else
		free_small(heap, page, offset);
}

struct totals {
	size_t pages, objects, bytes;
};

static const char *check_slab(const struct header *page, unsigned class, bool full,
			      struct totals *sum)
{
	unsigned capacity = class_capacity(class);

	if (page->magic != SLAB_MAGIC || page->class != class)
		return "a slab's header is overwritten";
	if (page->used == 0 || (page->used == capacity) != full)
		return "a slab is in the wrong list";
	if (bitmap_count(page->live, MAX_OBJECTS) != page->used ||
	    bitmap_find_set(page->live, MAX_OBJECTS, capacity) != MAX_OBJECTS)
		return "a slab's map and its count differ";
	sum->pages++;
	sum->objects += page->used;
	sum->bytes += (size_t)page->used * class_size[class];
	return NULL;
}

static const char *check_slabs(const struct list *head, unsigned class, bool full,
			       struct totals *sum)
{
	const struct header *page;
	const char *fault = NULL;

	list_for_each(page, head, link) {
		if (page->link.next->prev != &page->link)
			return "a list of slabs is broken";
		fault = check_slab(page, class, full, sum);
		if (fault != NULL)
			break;
	}
	return fault;
}

static const char *check_large(const struct heap *heap, struct totals *sum)
{
	const struct header *page;

	list_for_each(page, &heap->large, link) {
		if (page->link.next->prev != &page->link)
			return "the list of large objects is broken";
		if (page->magic != LARGE_MAGIC || page->used != 1 ||
		    page->class != large_order(page->large_size))
			return "a large object's header is overwritten";
		sum->pages += (size_t)1 << page->class;
		sum->objects++;
		sum->bytes += page->large_size;
	}
	return NULL;
}

const char *heap_check(const struct heap *heap)
{
	struct totals sum = { 0 };
	const char *fault = NULL;

	for (unsigned class = 0; class < HEAP_CLASSES && fault == NULL; class++) {
		fault = check_slabs(&heap->partial[class], class, false, &sum);
		if (fault == NULL)
			fault = check_slabs(&heap->full[class], class, true, &sum);
	}
	if (fault == NULL)
		fault = check_large(heap, &sum);
	if (fault != NULL)
		return fault;
	if (sum.pages != heap->pages || sum.objects != heap->objects || sum.bytes != heap->bytes)
		return "the totals differ from what is there";
	return NULL;
}
