/* SPDX-License-Identifier: MIT */
/* See hv/conring.h. */
#include <hv/conring.h>

void conring_put(struct conring *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		r->text[r->produced++ % CONRING_SIZE] = text[i];
	if (r->produced - r->cleared > CONRING_SIZE)
		r->cleared = r->produced - CONRING_SIZE;
}

uint32_t conring_oldest(const struct conring *r)
{
	return r->cleared;
}

size_t conring_get(const struct conring *r, uint32_t *at, char *to, size_t len)
{
	size_t n = 0;

	if (r->produced - *at > r->produced - r->cleared)
		*at = r->cleared;
	while (n < len && *at != r->produced)
		to[n++] = r->text[(*at)++ % CONRING_SIZE];
	return n;
}

void conring_clear(struct conring *r)
{
	r->cleared = r->produced;
}
