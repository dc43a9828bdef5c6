// SPDX-License-Identifier: MIT
/*
 * Handles of mapped grants: pages of entries, the free ones in a list through
 * their ref field. The caller holds the mapper's map_lock.
 */
#include <hv/grant.h>

#include <hv/check.h>

bool maptrack_is_full(const struct grant_domain *g)
{
	return g->map_pages >= g->map_pages_max;
}

void maptrack_add_page(struct grant_domain *g, struct grant_map *page)
{
	uint32_t first = g->map_pages * MAPTRACK_PER_PAGE;

	CHECK(!maptrack_is_full(g));
	for (uint32_t i = 0; i < MAPTRACK_PER_PAGE; i++)
		page[i].ref = i + 1 < MAPTRACK_PER_PAGE ? first + i + 1 : g->map_free;
	g->map[g->map_pages++] = page;
	g->map_free = first;
}

const char *maptrack_check(const struct grant_domain *g)
{
	uint32_t handles = g->map_pages * MAPTRACK_PER_PAGE, free = 0;

	for (uint32_t h = g->map_free; h != MAPTRACK_NONE; free++) {
		const struct grant_map *e = maptrack_entry(g, h);

		if (!e || free > handles)
			return "the list of free handles is broken";
		if (e->flags || e->granter)
			return "a free handle maps something";
		h = e->ref;
	}
	return free + g->map_live == handles ? NULL : "handles were lost";
}
