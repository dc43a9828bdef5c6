// SPDX-License-Identifier: MIT
/*
 * The memory map against a plain model: a small address space as an array with the type of each
 * 512-byte piece, painted by the table's entries, the less usable type on top.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <xen/errno.h>

#include "hv/memmap.h"

#define RAM	XEN_HVM_MEMMAP_TYPE_RAM
#define RES	XEN_HVM_MEMMAP_TYPE_RESERVED
#define ACPI	XEN_HVM_MEMMAP_TYPE_ACPI
#define BAD	XEN_HVM_MEMMAP_TYPE_UNUSABLE
#define GB	(UINT64_C(1) << 30)

typedef struct hvm_memmap_table_entry entry_t;

static struct memmap map;

static void build(const entry_t *table, size_t n, uint64_t limit)
{
	const char *fault;

	memmap_build(&map, table, n, limit);
	fault = memmap_check(&map);
	if (fault != NULL)
		fail_msg("%s", fault);
}

static void assert_ranges(const struct memmap_range *want, unsigned n)
{
	assert_int_equal(map.count, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(map.range[i].start, want[i].start);
		assert_int_equal(map.range[i].end, want[i].end);
	}
}

static void a_pcs_table_gives_its_ram(void **state)
{
	static const entry_t table[] = {	/* q35 with 6 GiB, shuffled */
		{ .addr = 4 * GB, .size = 4 * GB, .type = RAM },
		{ .addr = 0xfffc0000, .size = 0x40000, .type = RES },
		{ .addr = 0, .size = 0x9fc00, .type = RAM },
		{ .addr = 0xb0000000, .size = 0x10000000, .type = RES },
		{ .addr = 0x100000, .size = 0x7fee0000, .type = RAM },
		{ .addr = 0x9fc00, .size = 0x400, .type = RES },
		{ .addr = 0xf0000, .size = 0x10000, .type = RES },
	};
	static const struct memmap_range want[] = {
		{ 0, 0x9f000 }, { 0x100000, 0x7ffe0000 }, { 4 * GB, 8 * GB },
	};

	(void)state;
	build(table, 7, 0);
	assert_ranges(want, 3);
	assert_int_equal(memmap_total(&map), 0x9f000 + 0x7fee0000 + 4 * GB);
	assert_int_equal(memmap_top(&map), 8 * GB);
}

static void ram_loses_where_entries_overlap(void **state)
{
	static const entry_t table[] = {
		{ .addr = 0x4000, .size = 0x801, .type = RES },
		{ .addr = 0, .size = 0x10000, .type = RAM },
		{ .addr = 0xf000, .size = 0x8000, .type = 12345 },	/* a type not known */
		{ .addr = 0x1000, .size = 0x1000, .type = 0 },
		{ .addr = 0x8000, .size = 0, .type = RES },		/* empty: nothing */
	};
	static const struct memmap_range want[] = {
		{ 0, 0x1000 }, { 0x2000, 0x4000 }, { 0x5000, 0xf000 },
	};

	(void)state;
	build(table, 5, 0);
	assert_ranges(want, 3);
}

static void ram_in_pieces_that_touch_is_one_range(void **state)
{
	static const entry_t table[] = {
		{ .addr = 0x1800, .size = 0x1800, .type = RAM },
		{ .addr = 0x0, .size = 0x1900, .type = RAM },
	};
	static const struct memmap_range want[] = { { 0, 0x3000 } };

	(void)state;
	build(table, 2, 0);
	assert_ranges(want, 1);
}

static void entries_that_wrap_end_at_the_top(void **state)
{
	static const entry_t table[] = {
		{ .addr = UINT64_MAX - 0x2fff, .size = UINT64_MAX, .type = RAM },
		{ .addr = 0x1000, .size = UINT64_MAX, .type = BAD },
		{ .addr = 0, .size = 0x3000, .type = RAM },
	};
	static const struct memmap_range want[] = { { 0, 0x1000 } };

	(void)state;
	build(table, 3, 0);
	assert_ranges(want, 1);
	build(table, 1, 0);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.range[0].end, UINT64_MAX - 0xfff);
	build(NULL, 0, 0);
	assert_int_equal(map.count, 0);
	assert_int_equal(memmap_top(&map), 0);
}

static void a_limit_cuts_the_map(void **state)
{
	static const entry_t table[] = {
		{ .addr = 0, .size = 0x10000, .type = RAM },
		{ .addr = 4 * GB, .size = GB, .type = RAM },
	};
	static const struct memmap_range want[] = { { 0, 0x8000 } };

	(void)state;
	build(table, 2, 0x8fff);
	assert_ranges(want, 1);
}

#define PIECES	256
#define PIECE	512u

static int rank(uint32_t type)
{
	return type == 0 ? 0 : type == RAM ? 1 : type == ACPI ? 3 : type == RES ? 5 : 6;
}

/* Compares both results with the model for one table. */
static void check_against_model(const entry_t *table, size_t n)
{
	static uint32_t model[PIECES];
	entry_t clean[64];
	int count;

	memset(model, 0, sizeof(model));
	for (size_t i = 0; i < n; i++) {
		for (uint64_t p = table[i].addr / PIECE;
		     p < (table[i].addr + table[i].size) / PIECE; p++) {
			if (rank(table[i].type) > rank(model[p]))
				model[p] = table[i].type;
		}
	}
	count = memmap_clean(clean, 64, table, n);
	assert_true(count >= 0);
	for (int i = 1; i < count; i++) {
		uint64_t end = clean[i - 1].addr + clean[i - 1].size;

		assert_true(clean[i].addr > end ||
			    (clean[i].addr == end && clean[i].type != clean[i - 1].type));
	}
	for (uint64_t p = 0; p < PIECES; p++) {
		uint32_t type = 0;

		for (int i = 0; i < count; i++) {
			if (clean[i].addr <= p * PIECE && p * PIECE < clean[i].addr + clean[i].size)
				type = clean[i].type;
		}
		assert_int_equal(type, model[p]);
	}
	build(table, n, 0);
	for (uint64_t page = 0; page < PIECES / 8; page++) {
		bool ram = true;

		for (int i = 0; i < 8; i++)
			ram &= model[page * 8 + i] == RAM;
		assert_int_equal(memmap_contains(&map, page * 4096, 4096), ram);
	}
}

static void random_tables_agree_with_the_model(void **state)
{
	static const uint32_t types[] = { RAM, RAM, RAM, RES, ACPI, BAD };
	uint32_t seed = 42;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		entry_t table[10] = { 0 };
		size_t n = round % 11;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			table[i].addr = (seed >> 8) % (PIECES / 2) * PIECE;
			table[i].size = (seed >> 20) % (PIECES / 2) * PIECE;
			table[i].type = types[(seed >> 4) % 6];
		}
		check_against_model(table, n);
	}
}

static void cleaning_tells_when_there_is_no_room(void **state)
{
	static const entry_t table[] = {
		{ .addr = 0, .size = 0x9000, .type = RAM },
		{ .addr = 0x4000, .size = 0x1000, .type = RES },
	};
	entry_t out[3];

	(void)state;
	assert_int_equal(memmap_clean(out, 3, table, 2), 3);
	assert_int_equal(memmap_clean(out, 2, table, 2), -XEN_E2BIG);
}

static void removing_and_adding_keep_the_ranges_apart(void **state)
{
	static const entry_t table[] = { { .addr = 0, .size = 0x20000, .type = RAM } };
	static const struct memmap_range split[] = { { 0, 0x3000 }, { 0x6000, 0x20000 } };
	static const struct memmap_range whole[] = { { 0, 0x20000 } };

	(void)state;
	build(table, 1, 0);
	memmap_remove(&map, 0x3fff, 0x1002);	/* touches pages 3, 4 and 5 */
	assert_ranges(split, 2);
	memmap_remove(&map, 0x4000, 0);
	memmap_remove(&map, 0x3000, 0x3000);
	assert_ranges(split, 2);
	memmap_add(&map, 0x3001, 0x2fff);	/* pages 4 and 5 are whole */
	memmap_add(&map, 0x3000, 0x1000);
	assert_ranges(whole, 1);
	memmap_add(&map, 0x8000, 0x1000);
	memmap_add(&map, 0x8001, 0x100);
	assert_ranges(whole, 1);
	memmap_remove(&map, 0, UINT64_MAX);
	assert_int_equal(map.count, 0);
}

static void taking_goes_from_the_top_and_below_the_limit(void **state)
{
	static const entry_t table[] = {
		{ .addr = 0x1000, .size = 0x1ff000, .type = RAM },
		{ .addr = 4 * GB, .size = 0x3000, .type = RAM },
	};
	uint64_t at;

	(void)state;
	build(table, 2, 0);
	assert_true(memmap_take(&map, 0x1001, 0x1000, 0, &at));
	assert_int_equal(at, 4 * GB + 0x1000);
	assert_true(memmap_take(&map, 0x1000, 0x1000, 4 * GB, &at));
	assert_int_equal(at, 0x1ff000);
	assert_true(memmap_take(&map, 0x1000, 0x100000, 4 * GB, &at));
	assert_int_equal(at, 0x100000);
	assert_true(memmap_take(&map, 0x1000, 0x1000, 0x2fff, &at));
	assert_int_equal(at, 0x1000);
	assert_null(memmap_check(&map));
	assert_false(memmap_contains(&map, at, 1));
	assert_false(memmap_take(&map, 0x200000, 0x1000, 0, &at));
	assert_false(memmap_take(&map, 0, 0x1000, 0, &at));
	assert_false(memmap_take(&map, UINT64_MAX, 0x1000, 0, &at));
	assert_false(memmap_take(&map, 0x1000, 0x1000, 0x1000, &at));
}

static void too_many_ranges_lose_the_smallest(void **state)
{
	static entry_t table[MEMMAP_RANGES + 10];

	(void)state;
	for (unsigned i = 0; i < MEMMAP_RANGES + 10; i++)
		table[i] = (entry_t){ .addr = i * 0x10000,
				      .size = i < 10 ? 0x1000 : 0x2000, .type = RAM };
	build(table, MEMMAP_RANGES + 10, 0);
	assert_int_equal(map.count, MEMMAP_RANGES);
	assert_int_equal(map.lost, 10 * 0x1000);
	assert_false(memmap_contains(&map, 0, 0x1000));
	memmap_add(&map, 0x8000, 0x1000);
	assert_int_equal(map.lost, 11 * 0x1000);
	memmap_remove(&map, 10 * 0x10000 + 0x800, 0x10);
	assert_null(memmap_check(&map));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pcs_table_gives_its_ram),
		cmocka_unit_test(ram_loses_where_entries_overlap),
		cmocka_unit_test(ram_in_pieces_that_touch_is_one_range),
		cmocka_unit_test(entries_that_wrap_end_at_the_top),
		cmocka_unit_test(a_limit_cuts_the_map),
		cmocka_unit_test(random_tables_agree_with_the_model),
		cmocka_unit_test(cleaning_tells_when_there_is_no_room),
		cmocka_unit_test(removing_and_adding_keep_the_ranges_apart),
		cmocka_unit_test(taking_goes_from_the_top_and_below_the_limit),
		cmocka_unit_test(too_many_ranges_lose_the_smallest),
	};

	return cmocka_run_group_tests_name("boot_memmap", tests, NULL, NULL);
}
