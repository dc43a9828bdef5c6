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

/* A guest that keeps changing its entry is told so after as many tries. */
#define TRIES 5

/* Where an entry stands; ref is in range. */
static inline struct grant_frame *frame_for(const struct grant_domain *g, uint32_t ref)
{
	return g->frame[ref / GRANTS_PER_FRAME];
}

static grant_entry_v1_t *shared_entry(const struct grant_domain *g, uint32_t ref)
{
	grant_entry_v1_t *page = frame_for(g, ref)->shared;

	return page ? &page[ref % GRANTS_PER_FRAME] : NULL;
}

static struct grant_active **bucket_slot(const struct grant_domain *g, uint32_t ref)
{
	return &frame_for(g, ref)->bucket[ref % GRANTS_PER_FRAME / GRANT_BUCKET];
}

bool grant_core_wants_bucket(const struct grant_domain *g, uint32_t ref)
{
	uint32_t entries = grant_core_entries(g);

	return ref < entries && !*bucket_slot(g, (uint32_t)index_clamp(ref, entries));
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

/* The four counts of pins as one number; a count never carries into the next. */
#define ONE_HOST_READ	 1UL
#define ONE_HOST_WRITE	 (1UL << 16)
#define ONE_DEVICE_READ	 (1UL << 32)
#define ONE_DEVICE_WRITE (1UL << 48)
#define WRITES		 0xffff0000ffff0000UL
#define AT_LIMIT	 0x8000800080008000UL

/* What a pin with these flags counts; indexed by GNTMAP_device_map, _host_map, _readonly. */
static inline uint64_t pin_unit(uint32_t flags)
{
	static const uint64_t units[8] = {
		[GNTMAP_device_map] = ONE_DEVICE_WRITE,
		[GNTMAP_host_map] = ONE_HOST_WRITE,
		[GNTMAP_device_map | GNTMAP_host_map] = ONE_DEVICE_WRITE | ONE_HOST_WRITE,
		[GNTMAP_readonly | GNTMAP_device_map] = ONE_DEVICE_READ,
		[GNTMAP_readonly | GNTMAP_host_map] = ONE_HOST_READ,
		[GNTMAP_readonly | GNTMAP_device_map | GNTMAP_host_map] =
			ONE_DEVICE_READ | ONE_HOST_READ,
	};

	return units[flags % ARRAY_SIZE(units)];
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

int grant_core_pin(struct grant_domain *g, uint32_t ref, domid_t by, uint32_t flags, bool map,
		   uint64_t *mfn)
{
	uint32_t entries = grant_core_entries(g);
	bool readonly = flags & GNTMAP_readonly;

	if (unlikely(ref >= entries))
		return GNTST_bad_gntref;
	ref = (uint32_t)index_clamp(ref, entries);
	grant_entry_v1_t *e = shared_entry(g, ref);
	struct grant_active *a = grant_core_active(g, ref);

	if (unlikely(!e))	/* the domain dies */
		return GNTST_general_error;
	if (unlikely(!a))
		return GRANT_WANTS_BUCKET;
	bool first = !a->pins;

	if (!first && (a->domid != by || (a->pins & AT_LIMIT)))
		return GNTST_general_error;
	if (first || (!readonly && !(a->pins & WRITES))) {
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
	a->pins += pin_unit(flags);
	*mfn = a->mfn;
	return GNTST_okay;
}

void grant_core_unpin(struct grant_domain *g, uint32_t ref, uint32_t flags)
{
	struct grant_active *a = grant_core_active(g, ref);
	grant_entry_v1_t *e = shared_entry(g, ref);
	uint16_t clear = 0;

	CHECK(a && a->pins);
	a->pins -= pin_unit(flags);
	if (!(a->pins & WRITES) && !(flags & GNTMAP_readonly))
		clear |= GTF_writing;
	if (!a->pins) {
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
	a = (uint32_t)index_clamp(a, entries);
	b = (uint32_t)index_clamp(b, entries);
	if (a == b)
		return GNTST_okay;
	const struct grant_active *aa = grant_core_active(g, a), *ab = grant_core_active(g, b);

	if ((aa && aa->pins) || (ab && ab->pins))
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

	if (!a || !a->pins)
		return NULL;
	++*pinned;
	/* Counts end at 0x8000; more means that one fell below 0. */
	return a->pins & AT_LIMIT & a->pins << 1 ? "a count of pins wrapped" : NULL;
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
