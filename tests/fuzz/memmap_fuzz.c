// SPDX-License-Identifier: MIT
/*
 * Any bytes as the firmware's table, then as a history of removing, adding and taking. After each
 * step the map must be sorted, whole pages and without overlaps; no range may touch what the table
 * says is not RAM.
 */
#include "fuzz.h"

#include <string.h>

#include "hv/memmap.h"

#define TABLE_MAX 64

struct step {
	uint8_t what;
	uint64_t start, size;
} __attribute__((packed));

static struct memmap map;

static void check_against(const struct hvm_memmap_table_entry *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t start = table[i].addr;
		uint64_t size = table[i].size;

		if (table[i].type == XEN_HVM_MEMMAP_TYPE_RAM || size == 0)
			continue;
		uint64_t end = size <= UINT64_MAX - start ? start + size : UINT64_MAX;

		for (unsigned r = 0; r < map.count; r++)
			FUZZ_CHECK(map.range[r].end <= start || end <= map.range[r].start);
	}
}

static void check_clean(const struct hvm_memmap_table_entry *table, size_t count)
{
	static struct hvm_memmap_table_entry clean[2 * TABLE_MAX + 1];
	int n = memmap_clean(clean, 2 * TABLE_MAX + 1, table, count);

	FUZZ_CHECK(n >= 0);
	for (int i = 1; i < n; i++)
		FUZZ_CHECK(clean[i - 1].addr + clean[i - 1].size <= clean[i].addr);
}

static void apply(const struct step *step)
{
	uint64_t before = memmap_total(&map);
	uint64_t at;

	switch (step->what % 3) {
	case 0:
		memmap_remove(&map, step->start, step->size);
		FUZZ_CHECK(memmap_total(&map) <= before);
		break;
	case 1:
		memmap_add(&map, step->start, step->size);
		break;
	case 2:
		if (!memmap_take(&map, step->size, UINT64_C(4096) << (step->what / 3 % 20),
				 step->start, &at))
			break;
		FUZZ_CHECK(at % 4096 == 0 && !memmap_contains(&map, at, 1));
		FUZZ_CHECK(step->start == 0 || at + step->size <= step->start);
		break;
	}
	FUZZ_CHECK(memmap_check(&map) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hvm_memmap_table_entry table[TABLE_MAX];
	struct step step;
	size_t count;

	if (size == 0)
		return 0;
	count = data[0] % (TABLE_MAX + 1);
	data++;
	size--;
	if (count > size / sizeof(table[0]))
		count = size / sizeof(table[0]);
	memcpy(table, data, count * sizeof(table[0]));
	data += count * sizeof(table[0]);
	size -= count * sizeof(table[0]);
	check_clean(table, count);
	memmap_build(&map, table, count, 0);
	FUZZ_CHECK(memmap_check(&map) == NULL);
	check_against(table, count);
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		apply(&step);
	}
	return 0;
}
