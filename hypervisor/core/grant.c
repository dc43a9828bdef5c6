// SPDX-License-Identifier: MIT
/*
 * Grants that are in use. The shared entry is the guest's memory: flags and domain
 * are read together and changed together by compare-and-exchange, and whatever was
 * accepted is written down in the active entry, which alone counts from then on.
 * The caller holds the granter's lock.
 */
#include <hv/grant.h>

#include <hv/check.h>
#include <hv/mem.h>

#define PINS_MAX 0x7fffu
/* A guest that keeps changing its entry is told so after as many tries. */
#define TRIES 5

static grant_entry_v1_t *shared_entry(const struct grant_domain *g, uint32_t ref)
{
	ref = (uint32_t)index_clamp(ref, grant_core_entries(g));
	grant_entry_v1_t *page = g->frame[ref / GRANTS_PER_FRAME]->shared;

	return page ? &page[ref % GRANTS_PER_FRAME] : NULL;
}

static struct grant_active **bucket_slot(const struct grant_domain *g, uint32_t ref)
{
	ref = (uint32_t)index_clamp(ref, grant_core_entries(g));
	return &g->frame[ref / GRANTS_PER_FRAME]->bucket[ref % GRANTS_PER_FRAME / GRANT_BUCKET];
}

bool grant_core_wants_bucket(const struct grant_domain *g, uint32_t ref)
{
	return ref < grant_core_entries(g) && !*bucket_slot(g, ref);
}

void grant_core_add_bucket(struct grant_domain *g, uint32_t ref, struct grant_active *bucket)
{
	CHECK(grant_core_wants_bucket(g, ref));
	*bucket_slot(g, ref) = bucket;
}

struct grant_active *grant_core_active(const struct grant_domain *g, uint32_t ref)
{
	struct grant_active *bucket = *bucket_slot(g, ref);

	return bucket ? &bucket[ref % GRANT_BUCKET] : NULL;
}

static inline bool is_pinned(const struct grant_active *a)
{
	return a->host_read | a->host_write | a->device_read | a->device_write;
}

static inline bool is_written(const struct grant_active *a)
{
	return a->host_write | a->device_write;
}

/*
 * Marks the entry as read or written. first: nobody uses it yet, so that the entry
 * must allow what is asked; later only a wish to write is looked at.
 */
static int set_status(grant_entry_v1_t *e, bool first, domid_t by, bool readonly, bool map)
{
	const uint16_t kind = GTF_type_mask | (map ? GTF_sub_page : 0);
	uint32_t was = __atomic_load_n((uint32_t *)e, __ATOMIC_RELAXED);

	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint16_t f = (uint16_t)was;

		if (first && ((f & kind) != GTF_permit_access || was >> 16 != by))
			return GNTST_general_error;
		if (!readonly && (f & GTF_readonly))
			return GNTST_general_error;
		uint32_t now = was | GTF_reading | (readonly ? 0 : GTF_writing);

		if (__atomic_compare_exchange_n((uint32_t *)e, &was, now, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return GNTST_okay;
	}
	return GNTST_general_error;
}

static inline void count(struct grant_active *a, uint32_t flags, uint16_t by)
{
	bool readonly = flags & GNTMAP_readonly;

	if (flags & GNTMAP_host_map)
		*(readonly ? &a->host_read : &a->host_write) += by;
	if (flags & GNTMAP_device_map)
		*(readonly ? &a->device_read : &a->device_write) += by;
}

static bool is_at_limit(const struct grant_active *a)
{
	return (a->host_read | a->host_write | a->device_read | a->device_write) > PINS_MAX;
}

int grant_core_pin(struct grant_domain *g, uint32_t ref, domid_t by, uint32_t flags, bool map,
		   uint64_t *mfn)
{
	bool readonly = flags & GNTMAP_readonly;

	if (ref >= grant_core_entries(g))
		return GNTST_bad_gntref;
	struct grant_active *a = grant_core_active(g, ref);
	grant_entry_v1_t *e = shared_entry(g, ref);

	CHECK(a);
	if (!e)			/* the domain dies */
		return GNTST_general_error;
	bool first = !is_pinned(a);

	if (!first && (a->domid != by || is_at_limit(a)))
		return GNTST_general_error;
	if (first || (!readonly && !is_written(a))) {
		int status = set_status(e, first, by, readonly, map);

		if (status)
			return status;
	}
	/* Nothing below can fail. */
	if (first) {
		a->mfn = READ_ONCE(e->frame);
		a->domid = by;
		g->pinned++;
	}
	count(a, flags, 1);
	*mfn = a->mfn;
	return GNTST_okay;
}

void grant_core_unpin(struct grant_domain *g, uint32_t ref, uint32_t flags)
{
	struct grant_active *a = grant_core_active(g, ref);
	grant_entry_v1_t *e = shared_entry(g, ref);
	uint16_t clear = 0;

	CHECK(a && is_pinned(a));
	count(a, flags, (uint16_t)-1);
	if (!is_written(a) && !(flags & GNTMAP_readonly))
		clear |= GTF_writing;
	if (!is_pinned(a)) {
		clear |= GTF_reading;
		g->pinned--;
	}
	if (e && clear)
		__atomic_fetch_and(&e->flags, (uint16_t)~clear, __ATOMIC_SEQ_CST);
}

int grant_core_swap(struct grant_domain *g, uint32_t a, uint32_t b)
{
	uint32_t entries = grant_core_entries(g);

	if (a >= entries || b >= entries)
		return GNTST_bad_gntref;
	if (a == b)
		return GNTST_okay;
	const struct grant_active *aa = grant_core_active(g, a), *ab = grant_core_active(g, b);

	if ((aa && is_pinned(aa)) || (ab && is_pinned(ab)))
		return GNTST_eagain;
	grant_entry_v1_t *ea = shared_entry(g, a), *eb = shared_entry(g, b), was;

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

	if (!a || !is_pinned(a))
		return NULL;
	++*pinned;
	if (MAX(MAX(a->host_read, a->host_write), MAX(a->device_read, a->device_write)) >
	    PINS_MAX + 1)
		return "a count of pins wrapped";
	return NULL;
}

const char *grant_core_check(const struct grant_domain *g)
{
	uint32_t pinned = 0;

	for (uint32_t ref = 0; ref < grant_core_entries(g); ref++) {
		if (grant_core_wants_bucket(g, ref)) {	/* nor is any of the bucket in use */
			ref |= GRANT_BUCKET - 1;
			continue;
		}
		const char *wrong = check_active(g, ref, &pinned);

		if (wrong)
			return wrong;
	}
	return pinned == g->pinned ? NULL : "the number of pinned entries is wrong";
}
