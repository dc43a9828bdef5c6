// SPDX-License-Identifier: MIT
/*
 * Handles of mapped grants: pages of entries, the free ones in a list through
 * their ref field. The caller holds the mapper's map_lock.
 */
#include <hv/grant.h>

#include <hv/check.h>

bool maptrack_wants_page(const struct grant_domain *g)
{
	return g->map_free == MAPTRACK_NONE;
}

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

struct grant_map *maptrack_entry(const struct grant_domain *g, uint32_t handle)
{
	uint32_t handles = g->map_pages * MAPTRACK_PER_PAGE;

	if (handle >= handles)
		return NULL;
	handle = (uint32_t)index_clamp(handle, handles);
	return &g->map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}

uint32_t maptrack_alloc(struct grant_domain *g, struct grant_map **entry)
{
	uint32_t handle = g->map_free;
	struct grant_map *e = &g->map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];

	CHECK(!e->flags);
	g->map_free = e->ref;
	g->map_live++;
	*entry = e;
	return handle;
}

void maptrack_free(struct grant_domain *g, uint32_t handle, struct grant_map *e)
{
	CHECK(g->map_live);
	e->flags = 0;
	e->granter = NULL;
	e->ref = g->map_free;
	g->map_free = handle;
	g->map_live--;
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
