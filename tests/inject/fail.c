/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail when a test wants it, so that each way out of building a domain is gone in a
 * whole machine: the n-th of all small objects and blocks of frames that the hypervisor takes.
 */
#include <hv/alloc.h>
#include <hv/buddy.h>
#include <hv/log.h>

#include "inject.h"

void *__real_xmalloc(size_t size);
bool __real_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first);
void *__wrap_xmalloc(size_t size);
bool __wrap_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first);

static unsigned count, fail_at;

static bool fails(void)
{
	unsigned n = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);

	return n == fail_at;
}

void inject_failure(unsigned n)
{
	log_printf("(XEN) %u allocations, %s\n", count,
		   fail_at && count >= fail_at ? "one made to fail" : "none made to fail");
	count = 0;
	fail_at = n;
}

void *__wrap_xmalloc(size_t size)
{
	return fails() ? NULL : __real_xmalloc(size);
}

bool __wrap_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first)
{
	return !fails() && __real_buddy_alloc(b, order, bits, first);
}
