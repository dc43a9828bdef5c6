/* SPDX-License-Identifier: MIT */
/* Which instructions of the hypervisor may fault, and where they go on then. */
#include <hv/traps.h>

#include "image.h"

uint64_t ex_table_search(uint64_t rip)
{
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
		if ((uint64_t)&e->from + (int64_t)e->from == rip)
			return (uint64_t)&e->to + (int64_t)e->to;
	return 0;
}
