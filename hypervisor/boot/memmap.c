// SPDX-License-Identifier: MIT
/*
 * Cleans the firmware's memory table and keeps the ranges of usable RAM while the machine starts,
 * until the frame allocator takes them over. Firmware tables are small (tens of entries) and read
 * once, so the sweep below prefers needing no memory of its own to being fast.
 */
#include "hv/memmap.h"

#include <xen/errno.h>

static uint64_t page_down(uint64_t at)
{
	return at & ~(uint64_t)(MEMMAP_PAGE - 1);
}

/* Up to a page; the top page of the address space is never reached. */
static uint64_t page_up(uint64_t at)
{
	return at > page_down(UINT64_MAX) ? page_down(UINT64_MAX) : page_down(at + MEMMAP_PAGE - 1);
}

static uint64_t end_of(uint64_t start, uint64_t size)
{
	return size <= UINT64_MAX - start ? start + size : UINT64_MAX;
}

/* The higher number wins where entries overlap. Types that are not known are not usable. */
static int type_rank(uint32_t type)
{
	switch (type) {
	case XEN_HVM_MEMMAP_TYPE_RAM: return 1;
	case XEN_HVM_MEMMAP_TYPE_PMEM: return 2;
	case XEN_HVM_MEMMAP_TYPE_ACPI: return 3;
	case XEN_HVM_MEMMAP_TYPE_NVS: return 4;
	case XEN_HVM_MEMMAP_TYPE_UNUSABLE:
	case XEN_HVM_MEMMAP_TYPE_DISABLED: return 6;
	default: return 5;
	}
}

/* A walk upwards through the table as it would be without overlaps. */
struct sweep {
	const struct hvm_memmap_table_entry *table;
	size_t count;
	uint64_t at;
};

/* The type at address at (0: a hole), and where the next entry starts or ends. */
static uint32_t sweep_look(const struct sweep *sweep, uint64_t at, uint64_t *next)
{
	uint32_t type = 0;

	*next = UINT64_MAX;
	for (size_t i = 0; i < sweep->count; i++) {
		const struct hvm_memmap_table_entry *e = &sweep->table[i];
		uint64_t end = end_of(e->addr, e->size);

		if (e->addr <= at && at < end && (type == 0 || type_rank(e->type) > type_rank(type)))
			type = e->type != 0 ? e->type : XEN_HVM_MEMMAP_TYPE_RESERVED;
		if (e->addr > at && e->addr < *next)
			*next = e->addr;
		if (end > at && end < *next)
			*next = end;
	}
	return type;
}

/* The next stretch of one type. Returns false at the end. */
static bool sweep_next(struct sweep *sweep, struct hvm_memmap_table_entry *stretch)
{
	uint64_t start = sweep->at;
	uint64_t end;
	uint32_t type;

	do {
		start = sweep->at;
		type = sweep_look(sweep, start, &sweep->at);
	} while (type == 0 && sweep->at != UINT64_MAX);
	if (type == 0)
		return false;
	while (sweep->at != UINT64_MAX && sweep_look(sweep, sweep->at, &end) == type)
		sweep->at = end;
	*stretch = (struct hvm_memmap_table_entry){
		.addr = start, .size = sweep->at - start, .type = type,
	};
	return start < sweep->at;
}

int memmap_clean(struct hvm_memmap_table_entry *out, size_t max,
		 const struct hvm_memmap_table_entry *in, size_t count)
{
	struct sweep sweep = { in, count, 0 };
	struct hvm_memmap_table_entry stretch;
	size_t n = 0;

	while (sweep_next(&sweep, &stretch)) {
		if (n == max)
			return -XEN_E2BIG;
		out[n++] = stretch;
	}
	return (int)n;
}

static uint64_t range_size(struct memmap_range r)
{
	return r.end - r.start;
}

static void delete_ranges(struct memmap *map, unsigned at, unsigned n)
{
	map->count -= n;
	for (unsigned i = at; i < map->count; i++)
		map->range[i] = map->range[i + n];
}

/* Puts a range before the one at index at. When there is no room, the smallest of all goes. */
static void insert_range(struct memmap *map, unsigned at, struct memmap_range r)
{
	if (map->count == MEMMAP_RANGES) {
		unsigned smallest = 0;

		for (unsigned i = 1; i < map->count; i++) {
			if (range_size(map->range[i]) < range_size(map->range[smallest]))
				smallest = i;
		}
		if (range_size(r) <= range_size(map->range[smallest])) {
			map->lost += range_size(r);
			return;
		}
		map->lost += range_size(map->range[smallest]);
		delete_ranges(map, smallest, 1);
		if (smallest < at)
			at--;
	}
	for (unsigned i = map->count; i > at; i--)
		map->range[i] = map->range[i - 1];
	map->range[at] = r;
	map->count++;
}

void memmap_add(struct memmap *map, uint64_t start, uint64_t size)
{
	struct memmap_range r = { page_up(start), page_down(end_of(start, size)) };
	unsigned first = 0, last;

	if (r.start >= r.end)
		return;
	while (first < map->count && map->range[first].end < r.start)
		first++;
	for (last = first; last < map->count && map->range[last].start <= r.end; last++) {
		if (map->range[last].start < r.start)
			r.start = map->range[last].start;
		if (map->range[last].end > r.end)
			r.end = map->range[last].end;
	}
	if (last == first) {
		insert_range(map, first, r);
		return;
	}
	map->range[first] = r;
	delete_ranges(map, first + 1, last - first - 1);
}

void memmap_remove(struct memmap *map, uint64_t start, uint64_t size)
{
	uint64_t end = page_up(end_of(start, size));
	unsigned i = 0;

	start = page_down(start);
	if (size == 0)
		return;
	while (i < map->count && map->range[i].start < end) {
		struct memmap_range *r = &map->range[i];

		if (r->end <= start) {
			i++;
		} else if (r->start < start && r->end > end) {
			struct memmap_range upper = { end, r->end };

			r->end = start;
			insert_range(map, i + 1, upper);
			return;
		} else if (r->start < start) {
			r->end = start;
			i++;
		} else if (r->end > end) {
			r->start = end;
			return;
		} else {
			delete_ranges(map, i, 1);
		}
	}
}

void memmap_build(struct memmap *map, const struct hvm_memmap_table_entry *table, size_t count,
		  uint64_t limit)
{
	struct sweep sweep = { table, count, 0 };
	struct hvm_memmap_table_entry stretch;

	map->count = 0;
	map->lost = 0;
	while (sweep_next(&sweep, &stretch)) {
		uint64_t end = stretch.addr + stretch.size;

		if (limit != 0 && end > limit)
			end = limit;
		if (stretch.type == XEN_HVM_MEMMAP_TYPE_RAM && stretch.addr < end)
			memmap_add(map, stretch.addr, end - stretch.addr);
	}
}

uint64_t memmap_total(const struct memmap *map)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < map->count; i++)
		sum += range_size(map->range[i]);
	return sum;
}

uint64_t memmap_top(const struct memmap *map)
{
	return map->count > 0 ? map->range[map->count - 1].end : 0;
}

bool memmap_contains(const struct memmap *map, uint64_t start, uint64_t size)
{
	for (unsigned i = 0; i < map->count; i++) {
		const struct memmap_range *r = &map->range[i];

		if (r->start <= start && start <= r->end && size <= r->end - start)
			return true;
	}
	return false;
}

bool memmap_take(struct memmap *map, uint64_t size, uint64_t align, uint64_t limit,
		 uint64_t *start)
{
	if (size == 0 || size > page_down(UINT64_MAX))
		return false;
	size = page_up(size);
	for (unsigned i = map->count; i-- > 0;) {
		const struct memmap_range *r = &map->range[i];
		uint64_t end = limit != 0 && limit < r->end ? page_down(limit) : r->end;

		if (end < size)
			continue;
		uint64_t at = (end - size) & ~(align - 1);

		if (at < r->start)
			continue;
		memmap_remove(map, at, size);
		*start = at;
		return true;
	}
	return false;
}

const char *memmap_check(const struct memmap *map)
{
	if (map->count > MEMMAP_RANGES)
		return "more ranges than there is room for";
	for (unsigned i = 0; i < map->count; i++) {
		const struct memmap_range *r = &map->range[i];

		if (r->start >= r->end)
			return "an empty range";
		if (r->start % MEMMAP_PAGE != 0 || r->end % MEMMAP_PAGE != 0)
			return "a range that is not whole pages";
		if (i > 0 && map->range[i - 1].end >= r->start)
			return "ranges that overlap, touch, or are out of order";
	}
	return NULL;
}
