// SPDX-License-Identifier: MIT
/*
 * Finds a function by address, in the table that link.sh adds with the second link: addresses
 * ascending, then as many names. In the first link, and without link.sh, there is none.
 */
#include <pvguest/symbols.h>

#include <string.h>

extern const uint32_t pv_symbol_count __attribute__((weak));
extern const uint32_t pv_symbol_addrs[] __attribute__((weak));
extern const char pv_symbol_names[] __attribute__((weak));
extern const char pv_image_start[], pv_text_end[];

const char *symbol_find(uint64_t addr, uint64_t *offset)
{
	const char *name = pv_symbol_names;
	uint32_t next = 0;

	if (!name || addr < (uint64_t)pv_image_start || addr >= (uint64_t)pv_text_end)
		return NULL;
	while (next < pv_symbol_count && pv_symbol_addrs[next] <= addr)
		next++;
	if (!next)
		return NULL;
	for (uint32_t i = 0; i < next - 1; i++)
		name += strlen(name) + 1;
	*offset = addr - pv_symbol_addrs[next - 1];
	return name;
}
