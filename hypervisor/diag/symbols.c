/* SPDX-License-Identifier: MIT */
/* See hv/symbols.h. The table is made by tests/tools/symtab.py: offsets from the image's start, sorted. */
#include <hv/symbols.h>

#include <hv/str.h>

extern const uint32_t symtab_count, symtab_addrs[];
extern const char symtab_names[];
extern const char image_start[], text_end[];

const char *symbol_find(uint64_t addr, uint64_t *offset, uint64_t *size)
{
	uint64_t at = addr - (uint64_t)image_start, end = (uint64_t)(text_end - image_start);
	uint32_t found = symtab_count;
	const char *name = symtab_names;

	if (at >= end)
		return NULL;
	for (uint32_t i = 0; i < symtab_count && symtab_addrs[i] <= at; i++)
		found = i;
	if (found == symtab_count)
		return NULL;
	for (uint32_t i = 0; i < found; i++)
		name += str_len(name) + 1;
	*offset = at - symtab_addrs[found];
	*size = (found + 1 < symtab_count ? symtab_addrs[found + 1] : end) - symtab_addrs[found];
	return name;
}
