/* SPDX-License-Identifier: MIT */
/*
 * Where everything stands in a new domain's memory, decided before any of it
 * exists. The order is that of xen.h's "start of day":
 *
 *	pfn 0 is at virt_base
 *	   ... | kernel | ramdisk | p2m | start_info | xenstore | console | page tables | stack |
 *	   padding of 512 KiB at least, to a 4 MiB boundary of addresses: end of the mapped region
 *	   | p2m's page tables | p2m |	(only when the kernel has a place for it: INIT_P2M)
 *	   | ramdisk |			(only when the kernel takes it unmapped)
 *
 * Pure: numbers in, numbers out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/error.h"
#include "build/kernel.h"

enum { PLAN_MAX_PAGES_SHIFT = 28 };	/* 1 TiB */

/** count pages from pfn on, and where they are mapped (0 for "nowhere" when mapped is false). */
struct plan_area {
	uint64_t pfn;
	uint64_t count;
	uint64_t virt;
	bool mapped;
};

/** The tables of levels 3 to 1 that map one range of addresses to consecutive pfns. */
struct plan_span {
	uint64_t start, end;	/* addresses, end excluded */
	uint64_t pfn;		/* what start maps */
	uint64_t tables[4];	/* [1] to [3]: number of tables of that level */
	uint64_t first[4];	/* [1] to [3]: pfn of the first of them; the others follow */
};

struct plan {
	uint64_t nr_pages;	/* of the whole domain */
	uint64_t virt_base;
	struct plan_area kernel, ramdisk, p2m, start_info, xenstore, console, tables, stack;
	struct plan_area p2m_tables;	/* count 0 without INIT_P2M */
	struct plan_span spans[2];	/* the mapped region, and p2m if it has its own place */
	unsigned nr_spans;
	uint64_t l4_pfn;
	uint64_t pages_needed;	/* <= nr_pages */
};

/**
 * Plans a domain of nr_pages pages. ramdisk_bytes may be 0. Returns 0, or
 * -XEN_ENOMEM or -XEN_EINVAL with err filled.
 */
int plan_make(struct plan *p, const struct kernel *k, uint64_t ramdisk_bytes, uint64_t nr_pages,
	      struct build_error *err);

/** Number of page-table pages; they are numbered from 0, the L4 table, on. */
uint64_t plan_table_count(const struct plan *p);

/** The pfn of table `index`. */
uint64_t plan_table_pfn(const struct plan *p, uint64_t index);

/** Writes the 512 entries of table `index`; mfns[pfn] is the frame of each page of the domain. */
void plan_table_fill(const struct plan *p, uint64_t index, const uint64_t *mfns,
		     uint64_t entries[512]);

/** How many pages of the area `tables` are page tables; the search may leave spare ones behind. */
uint64_t plan_mapped_tables(const struct plan *p);

/** Is this page of the domain one of the page tables? */
bool plan_is_table(const struct plan *p, uint64_t pfn);
