/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The machine's memory, out of a table that firmware wrote: entries in any order, overlapping,
 * empty, wrapping, unaligned, with holes, above 4 GiB. Where entries overlap, RAM loses. From the
 * cleaned table come the ranges of usable RAM, from which the boot code takes what it needs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>

#define MEMMAP_PAGE	4096u
#define MEMMAP_RANGES	256

/** Bytes [start, end), both multiples of a page; start < end. */
struct memmap_range {
	uint64_t start;
	uint64_t end;
};

/** Usable RAM: sorted, apart from each other. */
struct memmap {
	unsigned count;
	uint64_t lost;		/* bytes dropped because there were too many ranges */
	struct memmap_range range[MEMMAP_RANGES];
};

/**
 * Writes a table without overlaps, sorted, neighbours of one type joined. Where entries overlap the
 * less usable type wins. Addresses stay as fine as they were. in and out must not overlap.
 * Returns the number of entries, or -XEN_E2BIG when max is too small (out is then unspecified).
 */
int memmap_clean(struct hvm_memmap_table_entry *out, size_t max,
		 const struct hvm_memmap_table_entry *in, size_t count);

/**
 * Makes the ranges of usable RAM below limit (0: no limit) out of any table. RAM is cut to whole
 * pages; a page that anything else touches is not RAM. The smallest ranges go when there is no
 * room for all.
 */
void memmap_build(struct memmap *map, const struct hvm_memmap_table_entry *table, size_t count,
		  uint64_t limit);

/** Takes [start, start + size), widened to whole pages, out of the usable RAM. */
void memmap_remove(struct memmap *map, uint64_t start, uint64_t size);

/** Puts whole pages (a range cut to whole pages) back. */
void memmap_add(struct memmap *map, uint64_t start, uint64_t size);

/** Bytes of usable RAM, and the end of the highest range (0 when there is none). */
uint64_t memmap_total(const struct memmap *map);
uint64_t memmap_top(const struct memmap *map);

/** True when all of [start, start + size) is usable RAM. */
bool memmap_contains(const struct memmap *map, uint64_t start, uint64_t size);

/**
 * Takes size bytes (whole pages) at a multiple of align (a power of two, at least a page) that end
 * at or below limit (0: anywhere) out of the map, as high as possible.
 * Returns false, with nothing taken, when no range is big enough.
 */
bool memmap_take(struct memmap *map, uint64_t size, uint64_t align, uint64_t limit,
		 uint64_t *start);

/** Returns NULL, or what is wrong with the map: order, overlap, alignment. */
const char *memmap_check(const struct memmap *map);
