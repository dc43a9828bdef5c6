/* SPDX-License-Identifier: MIT */
/*
 * Small objects of the hypervisor's own, from one heap (hv/heap.h) over whole
 * pages. Zeroed, aligned to 16 bytes. Objects of a page or more: hv_pages_alloc().
 */
#pragma once

#include <stddef.h>

/** Zeroed memory, or NULL. */
void *xmalloc(size_t size);
/** Gives it back; NULL is allowed. */
void xfree(void *object);
/** Walks the whole heap: NULL, or what is wrong with it. */
const char *alloc_check(void);
