/* SPDX-License-Identifier: MIT */
/*
 * Counts of deaths, a number for each domain id, in pages that are made when a domain of theirs first
 * connects.
 */
#include "internal.h"

#include <stdlib.h>

uint16_t life_of(const struct store *store, domid_t domid)
{
	const uint16_t *page = domid < DOMID_FIRST_RESERVED ? store->lives[domid / LIFE_PAGE] : NULL;

	return page ? page[domid % LIFE_PAGE] : 0;
}

int life_reserve(struct store *store, domid_t domid)
{
	uint16_t **page = &store->lives[domid / LIFE_PAGE];

	if (!*page)
		*page = calloc(LIFE_PAGE, sizeof(**page));
	return *page ? 0 : -ENOMEM;
}

void life_end(struct store *store, domid_t domid)
{
	uint16_t *page = store->lives[domid / LIFE_PAGE];

	if (page)
		page[domid % LIFE_PAGE]++;
}

void life_clear(struct store *store)
{
	for (size_t i = 0; i < LIFE_PAGES; i++)
		free(store->lives[i]);
}
