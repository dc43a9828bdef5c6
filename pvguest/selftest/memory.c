// SPDX-License-Identifier: MIT
/* Pages, mappings, the heap; and all memory taken and given back. */
#include "selftest.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/memory.h>
#include <pvguest/trap.h>

extern char pv_image_start[];

static void test_all_pages(void)
{
	unsigned long before = memory_free_pages(), count = 0;
	void **list = NULL, **page;

	/* Each page points at the one before. */
	while ((page = page_alloc(0))) {
		*page = list;
		list = page;
		count++;
	}
	check(count + 64 >= before, "nearly all free pages can be had");
	check(memory_free_pages() < 64, "then next to none are free");
	check(!page_alloc(0) && !page_alloc(3), "and the next is refused");
	check(!malloc(64 << 20), "malloc is refused too");
	while (list) {
		page = list;
		list = *page;
		page_free(page, 0);
	}
	check(memory_free_pages() + 512 >= before, "they come back");
	page = page_alloc(9);
	check(page && !((uintptr_t)page & 0x1fffff), "2 MiB at one piece are aligned");
	memset(page, 0x55, 512 * PAGE_SIZE);
	page_free(page, 9);
}

/* All lengths up to some words, at all places in a word: what is around stays. */
static bool copies_are_exact(void)
{
	unsigned char from[64], to[64];
	bool good = true;

	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i + 1);
	for (unsigned int i = 0; i < 8 * 8 * 40; i++) {
		unsigned int source = i % 8, at = i / 8 % 8, n = i / 64;

		memset(to, 0xee, sizeof(to));
		good &= memcpy(to + at, from + source, n) == to + at;
		for (unsigned int k = 0; k < sizeof(to); k++)
			good &= to[k] == (k >= at && k < at + n ? from[source + k - at] : 0xee);
		memset(to, 0xee, sizeof(to));
		good &= memset(to + at, 0x1a5, n) == to + at;
		for (unsigned int k = 0; k < sizeof(to); k++)
			good &= to[k] == (k >= at && k < at + n ? 0xa5 : 0xee);
		/* Over itself, in both directions. */
		memcpy(to, from, sizeof(to));
		good &= memmove(to + at, to + source, n) == to + at;
		for (unsigned int k = 0; k < sizeof(to); k++)
			good &= to[k] == from[k >= at && k < at + n ? source + k - at : k];
	}
	return good;
}

static void test_mappings(void)
{
	char *a = page_alloc(0), *b = page_alloc(0), *m;
	xen_pfn_t mfns[3] = { virt_to_mfn(b), virt_to_mfn(a), 0x123456789abUL };
	int errs[3];

	strcpy(a, "first");
	strcpy(b, "second");
	m = map_frames(mfns, 2, MAP_RW);
	check(m && !strcmp(m, "second") && !strcmp(m + PAGE_SIZE, "first"),
	      "own frames can be mapped in any order");
	check(virt_to_mfn(m) == mfns[0] && virt_to_pfn(m) == virt_to_pfn(b),
	      "the mapping's frame and page number are found");
	check(!trap_probe_read(m + 2 * PAGE_SIZE), "a guard page follows");
	unmap_pages(m, 2);
	check(!trap_probe_read(m), "after unmapping it is gone");
	m = map_frames(mfns, 2, MAP_READ);
	check(m && trap_probe_read(m) && !trap_probe_write(m), "a read-only mapping is read-only");
	unmap_pages(m, 2);
	errno = 0;
	check(!map_frames(mfns, 3, MAP_RW) && errno, "a frame that is none is refused");
	m = map_foreign(DOMID_SELF, mfns, 3, MAP_RW, errs);
	check(m && !errs[0] && !errs[1] && errs[2] < 0, "or left out, when errors are asked for");
	if (m)
		unmap_pages(m, 3);
	page_free(a, 0);
	page_free(b, 0);
}

static void test_heap(void)
{
	char *blocks[64];
	bool good = true;

	for (unsigned int i = 0; i < 64; i++) {
		blocks[i] = malloc(20000 + i);
		memset(blocks[i], i, 20000 + i);
	}
	for (unsigned int i = 0; i < 64; i++) {
		good = good && blocks[i][0] == (char)i && blocks[i][19999 + i] == (char)i;
		free(blocks[i]);
	}
	check(good, "malloc's blocks keep their contents");
	blocks[0] = malloc(1);
	check(virt_to_pfn(blocks[0]) != ~0UL, "the heap's pages have numbers");
	free(blocks[0]);
}

void test_memory(void)
{
	check(!trap_probe_read(NULL), "page 0 is not mapped");
	check(!trap_probe_write(pv_image_start), "code is not writable");
	check(trap_probe_read(pv_image_start), "code is readable");
	check(copies_are_exact(), "memcpy, memmove and memset change what they shall and no more");
	test_mappings();
	test_heap();
	test_all_pages();
}
