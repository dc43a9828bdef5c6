/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a kernel: refused with one line, or planned so that every page
 * and table lies inside the domain and every segment inside the kernel's area.
 */
#include <stdlib.h>
#include <string.h>

#include "build/plan.h"

enum { PAGES = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_segments(const struct kernel *k, const struct plan *p)
{
	uint64_t end = (p->kernel.pfn + p->kernel.count) << 12;
	struct elf_segment s;
	unsigned i = 0;

	while (elf_load_next(&k->elf, &i, &s)) {
		uint64_t offset = kernel_virt(k, s.paddr) - p->virt_base;

		require(offset >= p->kernel.pfn << 12 && offset <= end && s.filesz <= end - offset);
		require(elf_segment_data(&k->elf, &s) >= k->elf.image);
	}
	require(k->hypercall_page == KERNEL_NONE ||
		(k->hypercall_page - k->virt_base) >> 12 < p->nr_pages);
}

static void check_plan(const struct kernel *k, uint64_t ramdisk)
{
	static uint64_t mfns[PAGES], entries[512];
	struct build_error err = { "" };
	struct plan p;

	if (plan_make(&p, k, ramdisk, PAGES, &err)) {
		require(err.text[0] && !strchr(err.text, '\n'));
		return;
	}
	require(p.pages_needed <= PAGES && p.stack.pfn < PAGES);
	require(p.p2m.pfn + p.p2m.count <= PAGES && p.ramdisk.pfn + p.ramdisk.count <= PAGES);
	check_segments(k, &p);
	for (uint64_t i = 0; i < plan_table_count(&p); i++) {
		require(plan_table_pfn(&p, i) < PAGES);
		plan_table_fill(&p, i, mfns, entries);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build_error err = { "" };
	struct kernel k;

	if (kernel_open(&k, data, size, &err)) {
		require(err.text[0] && !strchr(err.text, '\n'));
		return 0;
	}
	check_plan(&k, 0);
	check_plan(&k, 12345);
	return 0;
}
