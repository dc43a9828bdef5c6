/* SPDX-License-Identifier: MIT */
/*
 * The page tables map themselves, so their number depends on where they end: it
 * is found by trying until it does not change, which takes two or three rounds.
 */
#include "build/plan.h"

#include <string.h>

#include <xen/errno.h>

#define PAGE_BYTES	4096ULL
#define PADDING		(512ULL << 10)
#define REGION_ALIGN	(4ULL << 20)

#define PTE_PRESENT	0x001ULL
#define PTE_WRITE	0x002ULL
#define PTE_USER	0x004ULL
#define PTE_ACCESSED	0x020ULL
#define PTE_DIRTY	0x040ULL

static uint64_t pages(uint64_t bytes)
{
	return (bytes >> 12) + !!(bytes & (PAGE_BYTES - 1));
}

/* How many bits of an address one table of this level leaves to those below it. */
static unsigned table_shift(unsigned level)
{
	return 12 + 9 * level;
}

static void span_count(struct plan_span *s)
{
	for (unsigned level = 1; level <= 3; level++)
		s->tables[level] = ((s->end - 1) >> table_shift(level)) -
				   (s->start >> table_shift(level)) + 1;
}

static uint64_t span_tables(const struct plan_span *s)
{
	return s->tables[1] + s->tables[2] + s->tables[3];
}

/* From the top level down, as the tables lie behind each other. */
static void span_place(struct plan_span *s, uint64_t pfn)
{
	for (unsigned level = 3; level >= 1; level--) {
		s->first[level] = pfn;
		pfn += s->tables[level];
	}
}

/* The next `count` pages of the mapped region. */
static void area_mapped(struct plan *p, struct plan_area *a, uint64_t *pfn, uint64_t count)
{
	*a = (struct plan_area){
		.pfn = *pfn,
		.count = count,
		.virt = p->virt_base + *pfn * PAGE_BYTES,
		.mapped = true,
	};
	*pfn += count;
}

static void area_unmapped(struct plan_area *a, uint64_t *pfn, uint64_t count)
{
	*a = (struct plan_area){ .pfn = *pfn, .count = count };
	*pfn += count;
}

static int too_large(const struct plan *p, uint64_t needed, struct build_error *err)
{
	return build_fail(err, -XEN_ENOMEM, "not enough memory: the kernel, its ramdisk and tables "
			  "need %llu MiB, the domain has %llu MiB",
			  (unsigned long long)(needed + 255) >> 8,
			  (unsigned long long)p->nr_pages >> 8);
}

/* The tables and the stack, and with them the end of the mapped region. */
static int place_tables(struct plan *p, uint64_t *pfn, struct build_error *err)
{
	struct plan_span *s = &p->spans[0];
	uint64_t count = 4, before = *pfn, bytes;

	s->start = p->virt_base;
	do {
		*pfn = before;
		area_mapped(p, &p->tables, pfn, count);
		area_mapped(p, &p->stack, pfn, 1);
		bytes = *pfn * PAGE_BYTES + PADDING;
		/* An end of 0 is the top of the address space. */
		s->end = (p->virt_base + bytes + REGION_ALIGN - 1) & -REGION_ALIGN;
		if (s->end - s->start < bytes || !kernel_range_usable(s->start, s->end - 1))
			return build_fail(err, -XEN_EINVAL,
					  "the kernel does not fit the addresses from %#llx on",
					  (unsigned long long)s->start);
		span_count(s);
		bytes = 1 + span_tables(s);
		if (bytes <= count)
			break;
		count = bytes;
	} while (true);
	p->l4_pfn = p->tables.pfn;
	span_place(s, p->l4_pfn + 1);
	p->nr_spans = 1;
	return 0;
}

/* The p2m at an address of the kernel's own choice, with tables below the common L4. */
static int place_p2m(struct plan *p, const struct kernel *k, uint64_t *pfn,
		     struct build_error *err)
{
	struct plan_span *region = &p->spans[0], *s = &p->spans[1];
	uint64_t count = pages(p->nr_pages * sizeof(uint64_t));

	s->start = k->init_p2m;
	s->end = s->start + count * PAGE_BYTES;
	if (!kernel_range_usable(s->start, s->end - 1) ||
	    (s->start >> 39 <= (region->end - 1) >> 39 &&
	     region->start >> 39 <= (s->end - 1) >> 39))
		return build_fail(err, -XEN_EINVAL, "the kernel's INIT_P2M address %#llx has no room for the "
				  "list of frames", (unsigned long long)s->start);
	span_count(s);
	area_unmapped(&p->p2m_tables, pfn, span_tables(s));
	span_place(s, p->p2m_tables.pfn);
	area_unmapped(&p->p2m, pfn, count);
	s->pfn = p->p2m.pfn;
	p->p2m.virt = s->start;
	p->p2m.mapped = true;
	p->nr_spans = 2;
	return 0;
}

/* What comes first in the mapped region, up to the page tables. */
static void place_first(struct plan *p, const struct kernel *k, uint64_t ramdisk_pages,
			uint64_t *pfn)
{
	uint64_t first = (k->virt_start - k->virt_base) / PAGE_BYTES;
	uint64_t end = pages(k->virt_end - k->virt_base);

	*pfn = first;
	area_mapped(p, &p->kernel, pfn, end - first);
	if (ramdisk_pages && !k->ramdisk_unmapped)
		area_mapped(p, &p->ramdisk, pfn, ramdisk_pages);
	if (k->init_p2m == KERNEL_NONE)
		area_mapped(p, &p->p2m, pfn, pages(p->nr_pages * sizeof(uint64_t)));
	area_mapped(p, &p->start_info, pfn, 1);
	area_mapped(p, &p->xenstore, pfn, 1);
	area_mapped(p, &p->console, pfn, 1);
}

int plan_make(struct plan *p, const struct kernel *k, uint64_t ramdisk_bytes, uint64_t nr_pages,
	      struct build_error *err)
{
	uint64_t ramdisk_pages = pages(ramdisk_bytes), pfn, end;
	int result;

	*p = (struct plan){ .nr_pages = nr_pages, .virt_base = k->virt_base };
	end = pages(k->virt_end - k->virt_base);
	if (!nr_pages || nr_pages >> PLAN_MAX_PAGES_SHIFT)
		return build_fail(err, -XEN_EINVAL, "a domain cannot have %llu pages",
				  (unsigned long long)nr_pages);
	if (end > nr_pages || ramdisk_pages > nr_pages - end)
		return too_large(p, ramdisk_pages > (1ULL << 40) ? end : end + ramdisk_pages, err);
	place_first(p, k, ramdisk_pages, &pfn);
	result = place_tables(p, &pfn, err);
	if (result)
		return result;
	end = (p->spans[0].end - p->virt_base) / PAGE_BYTES;
	if (k->init_p2m != KERNEL_NONE || (ramdisk_pages && k->ramdisk_unmapped))
		pfn = end;
	if (k->init_p2m != KERNEL_NONE) {
		result = place_p2m(p, k, &pfn, err);
		if (result)
			return result;
	}
	if (ramdisk_pages && k->ramdisk_unmapped)
		area_unmapped(&p->ramdisk, &pfn, ramdisk_pages);
	p->pages_needed = pfn;
	return pfn > nr_pages ? too_large(p, pfn, err) : 0;
}

uint64_t plan_table_count(const struct plan *p)
{
	uint64_t count = 1;

	for (unsigned i = 0; i < p->nr_spans; i++)
		count += span_tables(&p->spans[i]);
	return count;
}

/* Turns the number of a table into its span, level and index; false for the L4 table. */
static bool find_table(const struct plan *p, uint64_t *index, unsigned *span, unsigned *level)
{
	if (!(*index)--)
		return false;
	for (*span = 0; *span < p->nr_spans; (*span)++) {
		for (*level = 3; *level >= 1; (*level)--) {
			uint64_t count = p->spans[*span].tables[*level];

			if (*index < count)
				return true;
			*index -= count;
		}
	}
	return false;
}

uint64_t plan_table_pfn(const struct plan *p, uint64_t index)
{
	unsigned span, level;

	if (!find_table(p, &index, &span, &level))
		return p->l4_pfn;
	return p->spans[span].first[level] + index;
}

uint64_t plan_mapped_tables(const struct plan *p)
{
	return 1 + span_tables(&p->spans[0]);
}

bool plan_is_table(const struct plan *p, uint64_t pfn)
{
	return pfn - p->tables.pfn < plan_mapped_tables(p) ||
	       (p->nr_spans > 1 && pfn - p->p2m_tables.pfn < p->p2m_tables.count);
}

/* The entries of an L1 table that begins at `va`: those of the span's pages that the domain has. */
static void fill_leaves(const struct plan *p, const struct plan_span *s, uint64_t va,
			const uint64_t *mfns, uint64_t entries[512])
{
	unsigned first = va < s->start ? (s->start - va) / PAGE_BYTES : 0;
	uint64_t pfn = s->pfn + (va + first * PAGE_BYTES - s->start) / PAGE_BYTES;
	uint64_t left = (s->end - 1 - (va + first * PAGE_BYTES)) / PAGE_BYTES + 1;

	for (unsigned i = first; i < 512 && left-- && pfn < p->nr_pages; i++, pfn++)
		entries[i] = mfns[pfn] << 12 | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY |
			     (plan_is_table(p, pfn) ? 0 : PTE_WRITE);
}

/*
 * The entries of a table of this level, L4 to L2, that begins at `va`: those of the span's tables
 * below it. Bits that all addresses of the kernel's half have in common do not count.
 */
static void fill_branches(const struct plan_span *s, uint64_t va, unsigned level,
			  const uint64_t *mfns, uint64_t entries[512])
{
	const uint64_t mask = (1ULL << 48) - 1;
	unsigned shift = table_shift(level - 1);
	uint64_t base = (va & mask) >> shift, first = (s->start & mask) >> shift;
	uint64_t last = ((s->end - 1) & mask) >> shift;

	for (uint64_t at = first > base ? first : base; at <= last && at < base + 512; at++)
		entries[at - base] = mfns[s->first[level - 1] + (at - first)] << 12 |
				     PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY;
}

void plan_table_fill(const struct plan *p, uint64_t index, const uint64_t *mfns,
		     uint64_t entries[512])
{
	unsigned span, level;
	const struct plan_span *s;
	uint64_t va;

	memset(entries, 0, 512 * sizeof(entries[0]));
	if (!find_table(p, &index, &span, &level)) {
		for (span = 0; span < p->nr_spans; span++)
			fill_branches(&p->spans[span], 0, 4, mfns, entries);
		return;
	}
	s = &p->spans[span];
	va = ((s->start >> table_shift(level)) + index) << table_shift(level);
	if (level == 1)
		fill_leaves(p, s, va, mfns, entries);
	else
		fill_branches(s, va, level, mfns, entries);
}
