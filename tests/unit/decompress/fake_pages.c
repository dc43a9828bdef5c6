/* SPDX-License-Identifier: MIT */
#include "decompress/fake_pages.h"

#include <stdlib.h>

#include "build/pages.h"
#include "build/runtime.h"

size_t fake_pages_left = ~0UL;
size_t fake_pages_used;

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

bool runtime_prepare(void)
{
	return true;
}
