/* SPDX-License-Identifier: MIT */
/*
 * Pins of grants, in line: the part of core/grant.c that each map, unmap and copy goes through. Only
 * core/grant.c and domain/grant.c include this; the caller holds the granter's lock.
 *
 * The shared entry is the guest's memory: flags and domain are read together and changed together by
 * compare-and-exchange, and whatever was accepted is written down in the active entry, which alone
 * counts from then on.
 */
#pragma once

#include <hv/check.h>
#include <hv/grant.h>

/* A guest that keeps changing its entry is told so after as many tries. */
#define GRANT_TRIES 5

/* As a result of a pin: grant_core_add_bucket() first; the guest has changed its entry meanwhile. */
#define GRANT_WANTS_BUCKET 1
#define GRANT_WANTS_TRY	   2

/* Where an entry stands; ref is in range. */
static inline struct grant_frame *grant_core_frame(const struct grant_domain *g, uint32_t ref)
{
	return g->frame[ref / GRANTS_PER_FRAME];
}

static inline grant_entry_v1_t *grant_core_shared(const struct grant_domain *g, uint32_t ref)
{
	grant_entry_v1_t *page = grant_core_frame(g, ref)->shared;

	return page ? &page[ref % GRANTS_PER_FRAME] : NULL;
}

static inline struct grant_active **grant_core_bucket(const struct grant_domain *g, uint32_t ref)
{
	return &grant_core_frame(g, ref)->bucket[ref % GRANTS_PER_FRAME / GRANT_BUCKET];
}

/** The active entry, or NULL when it was never used; ref is in range. */
static inline struct grant_active *grant_core_active(const struct grant_domain *g, uint32_t ref)
{
	struct grant_active *bucket = *grant_core_bucket(g, ref);

	return bucket ? &bucket[ref % GRANT_BUCKET] : NULL;
}

/* The four counts of pins as one number; a count never carries into the next. */
#define GRANT_HOST_READ	 1UL
#define GRANT_HOST_WRITE	 (1UL << 16)
#define GRANT_DEVICE_READ	 (1UL << 32)
#define GRANT_DEVICE_WRITE (1UL << 48)
#define GRANT_WRITES		 0xffff0000ffff0000UL
#define GRANT_AT_LIMIT	 0x8000800080008000UL

/* What a pin with these flags counts; indexed by GNTMAP_device_map, _host_map, _readonly. */
static inline uint64_t grant_pin_unit(uint32_t flags)
{
	static const uint64_t units[8] = {
		[GNTMAP_device_map] = GRANT_DEVICE_WRITE,
		[GNTMAP_host_map] = GRANT_HOST_WRITE,
		[GNTMAP_device_map | GNTMAP_host_map] = GRANT_DEVICE_WRITE | GRANT_HOST_WRITE,
		[GNTMAP_readonly | GNTMAP_device_map] = GRANT_DEVICE_READ,
		[GNTMAP_readonly | GNTMAP_host_map] = GRANT_HOST_READ,
		[GNTMAP_readonly | GNTMAP_device_map | GNTMAP_host_map] =
			GRANT_DEVICE_READ | GRANT_HOST_READ,
	};

	return units[flags % ARRAY_SIZE(units)];
}

/*
 * Marks the entry as read or written, or wants another try. first: nobody uses it yet, so that the
 * entry must allow what is asked; later only a wish to write is looked at.
 */
static inline __attribute__((always_inline)) int grant_core_mark(grant_entry_v1_t *e, bool first, domid_t by,
								  uint32_t flags, bool map)
{
	const uint32_t write = ~flags & GNTMAP_readonly;
	const uint32_t looked_at = 0xffff0000 | GTF_type_mask | (map ? GTF_sub_page : 0);
	uint32_t was = __atomic_load_n((uint32_t *)e, __ATOMIC_RELAXED);
	uint32_t now = was | GTF_reading | write * (GTF_writing / GTF_readonly);

	_Static_assert(GNTMAP_readonly == GTF_readonly, "one bit says both");
	_Static_assert(offsetof(grant_entry_v1_t, domid) == 2, "the upper half");
	if (first && (was & looked_at) != ((uint32_t)by << 16 | GTF_permit_access))
		return GNTST_general_error;
	if (was & write)
		return GNTST_general_error;
	return likely(__atomic_compare_exchange_n((uint32_t *)e, &was, now, false, __ATOMIC_SEQ_CST,
						  __ATOMIC_RELAXED)) ? GNTST_okay : GRANT_WANTS_TRY;
}

/**
 * Pins an entry for use by a domain, as GNTMAP_host_map, _device_map, _readonly in flags say.
 * map: the page will be mapped, which GTF_sub_page forbids. Returns GNTST_okay and the frame;
 * or an error (or GRANT_WANTS_BUCKET, GRANT_WANTS_TRY), and nothing has changed.
 */
static inline __attribute__((always_inline)) int grant_core_pin(struct grant_domain *g, uint32_t ref,
								 domid_t by, uint32_t flags, bool map,
								 uint64_t *mfn)
{
	uint32_t entries = grant_core_entries(g);

	if (unlikely(ref >= entries))
		return GNTST_bad_gntref;
	ref = (uint32_t)index_clamp(ref, entries);
	grant_entry_v1_t *e = grant_core_shared(g, ref);
	struct grant_active *a = grant_core_active(g, ref);

	if (unlikely(!e))	/* the domain dies */
		return GNTST_general_error;
	if (unlikely(!a))
		return GRANT_WANTS_BUCKET;
	int status;

	if (likely(!a->pins)) {
		status = grant_core_mark(e, true, by, flags, map);
		if (unlikely(status))
			return status;
		a->pins = grant_pin_unit(flags);
		a->mfn = READ_ONCE(e->frame);
		a->domid = by;
		g->pinned++;
		*mfn = a->mfn;
		return GNTST_okay;
	}
	if (a->domid != by || (a->pins & GRANT_AT_LIMIT))
		return GNTST_general_error;
	if (!(flags & GNTMAP_readonly) && !(a->pins & GRANT_WRITES)) {
		status = grant_core_mark(e, false, by, flags, map);
		if (unlikely(status))
			return status;
	}
	a->pins += grant_pin_unit(flags);
	*mfn = a->mfn;
	return GNTST_okay;
}

/** Takes back what a pin with these flags gave. */
static inline void grant_core_unpin(struct grant_domain *g, uint32_t ref, uint32_t flags)
{
	struct grant_active *a = grant_core_active(g, ref);
	grant_entry_v1_t *e = grant_core_shared(g, ref);
	uint16_t clear = 0;

	CHECK(a && a->pins);
	a->pins -= grant_pin_unit(flags);
	if (!(a->pins & GRANT_WRITES) && !(flags & GNTMAP_readonly))
		clear |= GTF_writing;
	if (!a->pins) {
		clear |= GTF_reading;
		g->pinned--;
	}
	if (e && clear)
		__atomic_fetch_and(&e->flags, (uint16_t)~clear, __ATOMIC_SEQ_CST);
}
