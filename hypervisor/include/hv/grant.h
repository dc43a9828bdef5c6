/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1. A domain offers pages to others in a table that it
 * shares with the hypervisor; each entry is eight bytes of memory that it may change
 * at any time. So what was decided when an entry was first used stands beside it, in
 * memory of our own, as long as somebody uses it:
 *
 *   entry (shared, GTF_*)      active: who, which frame, how many read and write
 *   GTF_reading  ------------- any pin
 *   GTF_writing  ------------- a pin for writing
 *
 * Who maps a grant gets a handle: an index into the mapper's own table of maps
 * ("maptrack"). A mapping's page-table entry owns the reference to the frame, and the
 * handle owns a pin and a reference to the granting domain, so that a dead domain's
 * structure stays until the last of its pages is unmapped elsewhere.
 *
 * Layers: core/grant.c and core/maptrack.c decide, the caller holds the lock;
 * domain/grant.c owns the tables; domain/grantmap.c changes page tables.
 *
 * Locks: of the granter, grants.lock; of the mapper, grants.map_lock. Neither is held
 * while the other, or a page-table lock, is taken.
 */
#pragma once

#include <hv/budget.h>
#include <hv/check.h>
#include <hv/frame.h>
#include <hv/lock.h>
#include <hv/types.h>
#include <xen/grant_table.h>

struct domain;

#define GRANTS_PER_FRAME    512u	/* entries in a page of the table */
#define GRANT_BUCKET	    32u		/* active entries that are allocated together */
#define GRANT_BUCKETS	    (GRANTS_PER_FRAME / GRANT_BUCKET)
#define GRANT_FRAMES_DEFAULT 64u
#define GRANT_FRAMES_MAX    4096u
#define MAPTRACK_PER_PAGE   256u
#define MAPTRACK_DEFAULT    1024u	/* pages */
#define MAPTRACK_MAX	    65536u
#define MAPTRACK_NONE	    (~0U)

/* An entry in use. Counts of pins; all are 0: not in use, the rest means nothing. */
struct grant_active {
	union {
		struct {
			uint16_t host_read, host_write;
			uint16_t device_read, device_write;
		};
		uint64_t pins;	/* all four at once */
	};
	uint32_t mfn;
	domid_t domid;		/* who uses it */
	uint16_t pad;
};

_Static_assert(sizeof(struct grant_active) == 16, "a bucket is half a KiB");

struct grant_frame {
	grant_entry_v1_t *shared;	/* a page, shared with the guest; NULL: taken back */
	struct grant_active *bucket[GRANT_BUCKETS];	/* NULL: none of it was ever used */
};

/* What this domain has mapped; a handle that is free has no flags. */
struct grant_map {
	struct grant_domain *granter;	/* with a reference to its domain */
	uint32_t ref;			/* free: the next free handle */
	uint16_t flags;			/* GNTMAP_* of what is mapped still, and GRANT_MAP_BUSY */
	uint16_t pad;
};

_Static_assert(sizeof(struct grant_map) * MAPTRACK_PER_PAGE == PAGE_SIZE, "whole pages");

#define GRANT_MAP_BUSY 0x8000	/* an unmap is under way */

struct grant_domain {
	spinlock_t lock;
	/* lock must be held for these */
	domid_t id;
	bool dead;			/* the table was taken back */
	uint32_t nr_frames, max_frames;
	uint32_t pinned;		/* active entries with pins */
	struct grant_frame **frame;	/* max_frames of them */

	spinlock_t map_lock;
	/* map_lock must be held for these */
	uint32_t map_pages, map_pages_max;
	uint32_t map_free;		/* first free handle, MAPTRACK_NONE: none */
	uint32_t map_live;		/* handles in use */
	uint32_t release_at;		/* how far the release at the end has come; then the pages to free */
	struct grant_map **map;		/* map_pages_max of them; NULL: nothing mapped ever */
};

/* ---- decisions on grants (core/grant.c); lock held ------------------------------- */

/** Number of entries. */
static inline uint32_t grant_core_entries(const struct grant_domain *g)
{
	return g->nr_frames * GRANTS_PER_FRAME;
}

/** The active part of an entry that has none yet. bucket: GRANT_BUCKET zeroed entries. */
void grant_core_add_bucket(struct grant_domain *g, uint32_t ref, struct grant_active *bucket);
/** Exchanges two entries: GNTST_okay, _bad_gntref, or _eagain when one is in use. */
int grant_core_swap(struct grant_domain *g, uint32_t a, uint32_t b);
/** Whole-state check: NULL, or what is wrong. */
const char *grant_core_check(const struct grant_domain *g);

/* ---- handles (core/maptrack.c); map_lock held --------------------------------------- */

/** True when a handle needs a page, which maptrack_add_page() brings. */
static inline bool maptrack_wants_page(const struct grant_domain *g)
{
	return g->map_free == MAPTRACK_NONE;
}
/** True when no more pages are allowed. */
bool maptrack_is_full(const struct grant_domain *g);
void maptrack_add_page(struct grant_domain *g, struct grant_map *page);
/** A free handle, now in use but without flags. There is one: see maptrack_wants_page(). */
static inline uint32_t maptrack_alloc(struct grant_domain *g, struct grant_map **entry)
{
	uint32_t handle = g->map_free;
	struct grant_map *e = &g->map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];

	CHECK(!e->flags);
	g->map_free = e->ref;
	g->map_live++;
	*entry = e;
	return handle;
}

static inline void maptrack_free(struct grant_domain *g, uint32_t handle, struct grant_map *e)
{
	CHECK(g->map_live);
	e->flags = 0;
	e->granter = NULL;
	e->ref = g->map_free;
	g->map_free = handle;
	g->map_live--;
}

/** The entry, or NULL for a number that is no handle. It may be free. */
static inline struct grant_map *maptrack_entry(const struct grant_domain *g, uint32_t handle)
{
	uint32_t handles = g->map_pages * MAPTRACK_PER_PAGE;

	if (unlikely(handle >= handles))
		return NULL;
	handle = (uint32_t)index_clamp(handle, handles);
	return &g->map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}
const char *maptrack_check(const struct grant_domain *g);

/* ---- tables (domain/grant.c) ------------------------------------------------------------ */

/** limits as in XEN_DOMCTL_createdomain (max_grant_frames, max_maptrack_frames; below 0: the
 *  default). 0, -XEN_EINVAL, -XEN_ENOMEM. */
int grant_domain_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack);
/** Gives up what d has mapped of others, in steps; 0 or -XEN_ERESTART. Its page tables keep
 *  their references until they go. */
int grant_domain_release_maps(struct domain *d, struct budget *b);
/** Takes the table back, in steps: 0 or -XEN_ERESTART. What others have mapped of it stays theirs, until they
 *  unmap it. */
int grant_domain_destroy(struct domain *d, struct budget *b);
/** Makes the table at least so many frames long: 0, -XEN_EINVAL (limit), -XEN_ENOMEM,
 *  -XEN_ERESTART when the budget is spent. lock held. */
int grant_table_grow(struct domain *d, uint32_t frames, struct budget *b);
/** Frame n of d's grant table, growing it; for memory_op acquire_resource. NULL: *err says why, as
 *  grant_table_grow() does. */
void *grant_shared_page(struct domain *d, unsigned n, struct budget *b, int *err);
/** Pins with the lock taken, and a bucket where one is missing. */
int grant_pin(struct domain *d, uint32_t ref, domid_t by, uint32_t flags, bool map,
	      uint64_t *mfn);
void grant_unpin(struct grant_domain *g, uint32_t ref, uint32_t flags);
/** The frame of an entry that the caller has pinned, so that its bucket and content stay. */
static inline uint64_t grant_pinned_mfn(const struct grant_domain *g, uint32_t ref)
{
	const struct grant_frame *f = g->frame[ref / GRANTS_PER_FRAME];

	return f->bucket[ref % GRANTS_PER_FRAME / GRANT_BUCKET][ref % GRANT_BUCKET].mfn;
}
/** A handle of d, its entry without flags; MAPTRACK_NONE when there is no room. */
uint32_t grant_handle_alloc(struct domain *d, struct grant_map **entry);
void grant_handle_free(struct domain *d, uint32_t handle, struct grant_map *entry);
/** A reference to a frame of this domain, for writing or only reading; NULL and *status GNTST_*. */
static inline struct frame *grant_frame_get(domid_t owner, uint64_t mfn_n, bool readonly,
					    int *status)
{
	struct frame *f = frame_get_of(mfn(mfn_n), owner);

	if (likely(f) && (readonly || likely(frame_type_take(f, FRAME_WRITABLE))))
		return f;
	*status = GNTST_bad_page;
	if (f) {		/* its own, but in use as a page table or the like */
		frame_put(f);
		*status = GNTST_general_error;
	}
	return NULL;
}

static inline void grant_frame_put(struct frame *f, bool readonly)
{
	if (!readonly)
		frame_type_drop(f);
	frame_put(f);
}
void grant_dump(struct domain *d);
