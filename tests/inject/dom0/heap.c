// SPDX-License-Identifier: MIT
/*
 * A layer about newlib's allocator: each object has a header with its size and who asked for it. All ways of
 * getting memory end in _malloc_r() here, so that one counter numbers them.
 *
 * dom0's threads are cooperative and none waits in here: nothing needs a lock.
 */
#include "heap.h"

#include <errno.h>
#include <reent.h>
#include <string.h>

#include <pvguest/start.h>

#define SITES		4096		/* a power of two */
#define FRAME_MOST	(64 * 1024)	/* bytes; the next frame on a stack is nearer */
#define MAGIC		0x68656170u

struct header {
	size_t bytes;
	uint32_t site, magic;
};

_Static_assert(sizeof(struct header) == 16, "malloc's alignment is kept");

void *__real__malloc_r(struct _reent *r, size_t n);
void __real__free_r(struct _reent *r, void *p);
void *__wrap__malloc_r(struct _reent *r, size_t n);
void __wrap__free_r(struct _reent *r, void *p);
void *__wrap__calloc_r(struct _reent *r, size_t n, size_t size);
void *__wrap__realloc_r(struct _reent *r, void *p, size_t n);

static struct heap_site sites[SITES];
static struct heap_count now;
static size_t fail_at;

/* The frames above this one, as far as they look like some. */
static void callers(uint64_t *found)
{
	const uint64_t *frame = __builtin_frame_address(0);

	for (int i = 0; i < HEAP_DEPTH && frame[1]; i++) {
		const uint64_t *next = (const uint64_t *)frame[0];

		found[i] = frame[1];
		if (next <= frame || (uint64_t)next - (uint64_t)frame > FRAME_MOST)
			return;
		frame = next;
	}
}

static uint32_t site_find(void)
{
	struct heap_site s = { 0 };
	uint64_t hash = 0;
	uint32_t i;

	callers(s.callers);
	for (i = 0; i < HEAP_DEPTH; i++)
		hash = (hash ^ s.callers[i]) * 0x9e3779b97f4a7c15;
	i = (uint32_t)(hash >> 32) % SITES;
	for (unsigned tries = 0; tries < SITES; tries++, i = (i + 1) % SITES) {
		if (!sites[i].callers[0])
			sites[i] = s;
		if (!memcmp(sites[i].callers, s.callers, sizeof(s.callers)))
			return i;
	}
	pv_panic("heap: more than %u sites", SITES);
}

static bool refused(void)
{
	if (++now.requests != fail_at)
		return false;
	now.failed = true;
	return true;
}

static void *counted(struct header *h, size_t n)
{
	*h = (struct header){ .bytes = n, .site = site_find(), .magic = MAGIC };
	now.objects++;
	now.bytes += n;
	sites[h->site].objects++;
	sites[h->site].bytes += n;
	return h + 1;
}

void *__wrap__malloc_r(struct _reent *r, size_t n)
{
	struct header *h = NULL;

	if (n <= PTRDIFF_MAX - sizeof(*h) && !refused())
		h = __real__malloc_r(r, n + sizeof(*h));
	if (h)
		return counted(h, n);
	r->_errno = ENOMEM;
	return NULL;
}

void __wrap__free_r(struct _reent *r, void *p)
{
	struct header *h = (struct header *)p - 1;

	if (!p)
		return;
	if (h->magic != MAGIC)
		pv_panic("heap: %p is freed and is no object", p);
	h->magic = 0;
	now.objects--;
	now.bytes -= h->bytes;
	sites[h->site].objects--;
	sites[h->site].bytes -= h->bytes;
	__real__free_r(r, h);
}

void *__wrap__calloc_r(struct _reent *r, size_t n, size_t size)
{
	size_t bytes;
	void *p = NULL;

	if (__builtin_mul_overflow(n, size, &bytes))
		r->_errno = ENOMEM;
	else
		p = __wrap__malloc_r(r, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

/* Always a new object: what the old address still has is found out. */
void *__wrap__realloc_r(struct _reent *r, void *p, size_t n)
{
	const struct header *h = (const struct header *)p - 1;
	void *to = __wrap__malloc_r(r, n);

	if (to && p) {
		memcpy(to, p, n < h->bytes ? n : h->bytes);
		__wrap__free_r(r, p);
	}
	return to;
}

struct heap_count heap_count(void)
{
	return now;
}

const struct heap_site *heap_site(size_t i)
{
	for (uint32_t s = 0; s < SITES; s++)
		if (sites[s].callers[0] && !i--)
			return &sites[s];
	return NULL;
}

void heap_fail(size_t n)
{
	now.requests = 0;
	now.failed = false;
	fail_at = n;
}
