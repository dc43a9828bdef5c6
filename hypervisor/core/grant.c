// SPDX-License-Identifier: MIT
/*
 * Grants that are in use. The shared entry is the guest's memory: flags and domain
 * are read together and changed together by compare-and-exchange, and whatever was
 * accepted is written down in the active entry, which alone counts from then on.
 * The caller holds the granter's lock.
 */
#include <hv/grant_core.h>

#include <hv/check.h>
#include <hv/mem.h>

/* True when the entry has no active part yet. */
static bool wants_bucket(const struct grant_domain *g, uint32_t ref)
{
	uint32_t entries = grant_core_entries(g);

	return ref < entries && !*grant_core_bucket(g, (uint32_t)index_clamp(ref, entries));
}

void grant_core_add_bucket(struct grant_domain *g, uint32_t ref, struct grant_active *bucket)
{
	CHECK(wants_bucket(g, ref));
	*grant_core_bucket(g, ref) = bucket;
}

int grant_core_swap(struct grant_domain *g, uint32_t a, uint32_t b)
{
	uint32_t entries = grant_core_entries(g);

	if (a >= entries || b >= entries)
		return GNTST_bad_gntref;
	a = (uint32_t)index_clamp(a, entries);
	b = (uint32_t)index_clamp(b, entries);
	if (a == b)
		return GNTST_okay;
	const struct grant_active *aa = grant_core_active(g, a), *ab = grant_core_active(g, b);

	if ((aa && aa->pins) || (ab && ab->pins))
		return GNTST_eagain;
	grant_entry_v1_t *ea = grant_core_shared(g, a), *eb = grant_core_shared(g, b), was;

	if (!ea || !eb)
		return GNTST_general_error;
	was = *ea;
	*ea = *eb;
	*eb = was;
	return GNTST_okay;
}

static const char *check_active(const struct grant_domain *g, uint32_t ref, uint32_t *pinned)
{
	const struct grant_active *a = grant_core_active(g, ref);

	if (!a || !a->pins)
		return NULL;
	++*pinned;
	/* Counts end at 0x8000; more means that one fell below 0. */
	return a->pins & GRANT_AT_LIMIT & a->pins << 1 ? "a count of pins wrapped" : NULL;
}

const char *grant_core_check(const struct grant_domain *g)
{
	uint32_t pinned = 0;

	for (uint32_t ref = 0; ref < grant_core_entries(g); ref++) {
		if (wants_bucket(g, ref)) {	/* nor is any of the bucket in use */
			ref |= GRANT_BUCKET - 1;
			continue;
		}
		const char *wrong = check_active(g, ref, &pinned);

		if (wrong)
			return wrong;
	}
	return pinned == g->pinned ? NULL : "the number of pinned entries is wrong";
}
