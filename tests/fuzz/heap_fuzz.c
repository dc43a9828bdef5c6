// SPDX-License-Identifier: MIT
/*
 * Any bytes as a history of allocating and freeing, also of pointers that are none. Objects are
 * filled and looked at again before they go, the source runs dry now and then, and the heap's own
 * check holds after every step.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "hv/heap.h"

#define SLOTS 32

static struct {
	unsigned char *object;
	size_t size;
	unsigned char fill;
} slot[SLOTS];

static size_t held;
static unsigned bugs;
static int dry;

static void *get(void *ctx, unsigned order)
{
	size_t bytes = (size_t)HEAP_PAGE << order;

	(void)ctx;
	if (dry || order > 6)
		return NULL;
	held += (size_t)1 << order;
	return memset(aligned_alloc(HEAP_PAGE, bytes), 0xa5, bytes);
}

static void put(void *ctx, void *pages, unsigned order)
{
	(void)ctx;
	held -= (size_t)1 << order;
	free(pages);
}

static void bug(void *ctx, const void *object, const char *reason)
{
	(void)ctx;
	(void)object;
	FUZZ_CHECK(reason != NULL);
	bugs++;
}

static void release(struct heap *heap, unsigned n)
{
	for (size_t i = 0; i < slot[n].size; i++)
		FUZZ_CHECK(slot[n].object[i] == slot[n].fill);
	heap_free(heap, slot[n].object);
	slot[n].object = NULL;
	slot[n].size = 0;
}

static void allocate(struct heap *heap, unsigned n, size_t size, unsigned char fill)
{
	release(heap, n);
	slot[n].object = heap_alloc(heap, size);
	if (slot[n].object == NULL)
		return;
	FUZZ_CHECK((uintptr_t)slot[n].object % 16 == 0);
	for (size_t i = 0; i < size; i++)
		FUZZ_CHECK(slot[n].object[i] == 0);
	memset(slot[n].object, fill, size);
	slot[n].size = size;
	slot[n].fill = fill;
}

/* The middle of a live object is refused, and nothing changes. */
static void free_wrongly(struct heap *heap, unsigned n, size_t offset)
{
	unsigned before = bugs;

	if (slot[n].size < 2)
		return;
	heap_free(heap, slot[n].object + 1 + offset % (slot[n].size < 4000 ? slot[n].size - 1 : 3999));
	FUZZ_CHECK(bugs == before + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct heap_source source = { get, put, bug, NULL };
	struct heap heap;

	heap_init(&heap, &source);
	for (; size >= 4; data += 4, size -= 4) {
		unsigned n = data[1] % SLOTS;
		size_t amount = data[2] | (size_t)data[3] << 8;

		dry = (data[0] & 0x1c) == 0x1c;
		switch (data[0] % 4) {
		case 0: release(&heap, n); break;
		case 1: free_wrongly(&heap, n, amount); break;
		case 2: allocate(&heap, n, amount % 300, data[0]); break;
		case 3: allocate(&heap, n, amount, data[0]); break;
		}
		FUZZ_CHECK(heap_check(&heap) == NULL && heap.pages == held);
	}
	for (unsigned n = 0; n < SLOTS; n++)
		release(&heap, n);
	FUZZ_CHECK(heap.objects == 0 && held == 0);
	return 0;
}
