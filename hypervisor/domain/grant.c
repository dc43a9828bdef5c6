// SPDX-License-Identifier: MIT
/*
 * The grant table and the handles of a domain: made, grown, given up, taken back.
 *
 * The end has two parts. What the domain has mapped of others it gives up in
 * steps, first. Its own table is taken back later; pins that others hold in it stay
 * with them (they have a reference to the domain each), and the last to unpin frees
 * what is left.
 */
#include <hv/grant_core.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/log.h>

static struct domain *domain_of(struct grant_domain *g)
{
	return container_of(g, struct domain, grants);
}

/* ---- the table ------------------------------------------------------------------ */

static int add_frame(struct domain *d)
{
	struct grant_domain *g = &d->grants;
	struct grant_frame *f = xmalloc(sizeof(*f));

	if (!f)
		return -XEN_ENOMEM;
	f->shared = hv_pages_alloc(0);
	if (!f->shared) {
		xfree(f);
		return -XEN_ENOMEM;
	}
	frame_share(d, f->shared, false);
	g->frame[g->nr_frames++] = f;
	return 0;
}

int grant_table_grow(struct domain *d, uint32_t frames, struct budget *b)
{
	struct grant_domain *g = &d->grants;

	if (g->dead || frames > g->max_frames)
		return -XEN_EINVAL;
	while (g->nr_frames < frames) {
		if (!budget_take_n(b, 2))
			return -XEN_ERESTART;
		int err = add_frame(d);

		if (err)
			return err;
	}
	return 0;
}

void *grant_shared_page(struct domain *d, unsigned n, struct budget *b, int *err)
{
	struct grant_domain *g = &d->grants;
	void *page = NULL;

	*err = -XEN_EINVAL;
	if (n >= GRANT_FRAMES_MAX)
		return NULL;
	spin_lock(&g->lock);
	*err = grant_table_grow(d, n + 1, b);
	if (!*err)
		page = g->frame[index_clamp(n, g->nr_frames)]->shared;
	spin_unlock(&g->lock);
	return page;
}

int grant_domain_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack)
{
	struct grant_domain *g = &d->grants;

	spin_init(&g->lock, "grants");
	spin_init(&g->map_lock, "maptrack");
	g->id = d->id;
	g->max_frames = (int32_t)max_frames < 0 ? GRANT_FRAMES_DEFAULT : max_frames;
	g->map_pages_max = (int32_t)max_maptrack < 0 ? MAPTRACK_DEFAULT : max_maptrack;
	g->map_free = MAPTRACK_NONE;
	if (g->max_frames == 0 || g->max_frames > GRANT_FRAMES_MAX ||
	    g->map_pages_max > MAPTRACK_MAX)
		return -XEN_EINVAL;
	g->frame = xmalloc(g->max_frames * sizeof(*g->frame));
	if (!g->frame)
		return -XEN_ENOMEM;
	/* The toolstack puts the console's and xenstore's grants into the first page. */
	int err = add_frame(d);

	if (err) {
		xfree(g->frame);
		g->frame = NULL;
	}
	return err;
}

/* Dead, and nobody pins anything any more: forgets what stood beside the entries. */
static void free_active(struct grant_domain *g)
{
	for (uint32_t i = 0; i < g->nr_frames; i++) {
		for (unsigned b = 0; b < GRANT_BUCKETS; b++)
			xfree(g->frame[i]->bucket[b]);
		xfree(g->frame[i]);
	}
	xfree(g->frame);
	g->frame = NULL;
	g->nr_frames = 0;
}

/* No handle is in use, and who looks finds none any more; release_at counts the pages left. */
static int free_handles(struct grant_domain *g, struct budget *b)
{
	CHECK(!g->map_live);
	if (g->map_pages) {
		g->release_at = g->map_pages;
		g->map_pages = 0;
		g->map_free = MAPTRACK_NONE;
	}
	for (; g->map && g->release_at; g->release_at--) {
		if (!budget_take(b))
			return -XEN_ERESTART;
		hv_pages_free(g->map[g->release_at - 1], 0);
	}
	xfree(g->map);
	g->map = NULL;
	return 0;
}

/* lock held. */
static int take_back(struct grant_domain *g, struct budget *b)
{
	g->dead = true;
	for (uint32_t i = 0; i < g->nr_frames; i++) {
		if (!g->frame[i]->shared)
			continue;
		if (!budget_take(b))
			return -XEN_ERESTART;
		frame_unshare(g->frame[i]->shared);
		g->frame[i]->shared = NULL;
	}
	if (!g->pinned && g->frame)
		free_active(g);
	return 0;
}

int grant_domain_destroy(struct domain *d, struct budget *b)
{
	struct grant_domain *g = &d->grants;
	int rc = free_handles(g, b);

	if (rc)
		return rc;
	spin_lock(&g->lock);
	rc = take_back(g, b);
	spin_unlock(&g->lock);
	return rc;
}

/* ---- pins ------------------------------------------------------------------------ */

/* lock held. */
static bool add_bucket(struct grant_domain *g, uint32_t ref)
{
	struct grant_active *bucket = xmalloc(GRANT_BUCKET * sizeof(*bucket));

	if (bucket)
		grant_core_add_bucket(g, ref, bucket);
	return bucket;
}

/* Once more, with what was wanting; the guest may change its entry some times, but not for ever. */
static __attribute__((noinline)) int pin_again(struct domain *d, uint32_t ref, domid_t by, uint32_t flags,
					       bool map, uint64_t *mfn)
{
	struct grant_domain *g = &d->grants;
	int status = GRANT_WANTS_TRY;

	spin_lock(&g->lock);
	for (unsigned tries = 1; tries < GRANT_TRIES && status == GRANT_WANTS_TRY; tries++) {
		status = grant_core_pin(g, ref, by, flags, map, mfn);
		if (status == GRANT_WANTS_BUCKET && add_bucket(g, ref))
			status = GRANT_WANTS_TRY;
	}
	spin_unlock(&g->lock);
	return status > 0 ? GNTST_general_error : status;
}

int grant_pin(struct domain *d, uint32_t ref, domid_t by, uint32_t flags, bool map,
	      uint64_t *mfn)
{
	struct grant_domain *g = &d->grants;
	int status;

	spin_lock(&g->lock);
	status = grant_core_pin(g, ref, by, flags, map, mfn);
	spin_unlock(&g->lock);
	return likely(status <= 0) ? status : pin_again(d, ref, by, flags, map, mfn);
}

void grant_unpin(struct grant_domain *g, uint32_t ref, uint32_t flags)
{
	spin_lock(&g->lock);
	grant_core_unpin(g, ref, flags);
	if (unlikely(g->dead) && !g->pinned)
		free_active(g);
	spin_unlock(&g->lock);
}

/* ---- handles ------------------------------------------------------------------------- */

/* map_lock held. */
static bool add_map_page(struct grant_domain *g)
{
	if (maptrack_is_full(g))
		return false;
	if (!g->map)
		g->map = xmalloc(g->map_pages_max * sizeof(*g->map));
	struct grant_map *page = g->map ? hv_pages_alloc(0) : NULL;

	if (page)
		maptrack_add_page(g, page);
	return page;
}

uint32_t grant_handle_alloc(struct domain *d, struct grant_map **entry)
{
	struct grant_domain *g = &d->grants;
	uint32_t handle = MAPTRACK_NONE;

	spin_lock(&g->map_lock);
	if (likely(!maptrack_wants_page(g)) || add_map_page(g))
		handle = maptrack_alloc(g, entry);
	spin_unlock(&g->map_lock);
	return handle;
}

void grant_handle_free(struct domain *d, uint32_t handle, struct grant_map *entry)
{
	spin_lock(&d->grants.map_lock);
	maptrack_free(&d->grants, handle, entry);
	spin_unlock(&d->grants.map_lock);
}

/* ---- giving up what was mapped ----------------------------------------------------- */

/*
 * A device mapping's reference belongs to its handle; a CPU mapping's to its page-table
 * entry, which goes with the page tables.
 */
static void release_handle(struct grant_domain *g, uint32_t handle)
{
	struct grant_map *e = maptrack_entry(g, handle);
	uint32_t flags = e->flags & (GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
	struct grant_domain *granter = e->granter;

	if (!flags)
		return;
	if (flags & GNTMAP_device_map)
		grant_frame_put(frame_of(mfn(grant_pinned_mfn(granter, e->ref))),
				flags & GNTMAP_readonly);
	grant_unpin(granter, e->ref, flags);
	maptrack_free(g, handle, e);
	domain_put(domain_of(granter));
}

int grant_domain_release_maps(struct domain *d, struct budget *b)
{
	struct grant_domain *g = &d->grants;

	/* Its vCPUs do not run any more: nobody else looks at its handles. */
	while (g->map_live && g->release_at < g->map_pages * MAPTRACK_PER_PAGE) {
		if (!budget_take(b))
			return -XEN_ERESTART;
		release_handle(g, g->release_at++);
	}
	return 0;
}

/* ---- debug key g -------------------------------------------------------------------- */

static void dump_entry(const struct grant_domain *g, uint32_t ref)
{
	const struct grant_active *a = grant_core_active(g, ref);
	const grant_entry_v1_t *page = g->frame[ref / GRANTS_PER_FRAME]->shared;

	if (!a || !(a->host_read | a->host_write | a->device_read | a->device_write) || !page)
		return;
	log_printf("(XEN)   [%4u] mfn %x to d%u: CPU r %u w %u, device r %u w %u, flags %x\n", ref,
		   a->mfn, a->domid, a->host_read, a->host_write, a->device_read, a->device_write,
		   page[ref % GRANTS_PER_FRAME].flags);
}

void grant_dump(struct domain *d)
{
	struct grant_domain *g = &d->grants;

	spin_lock(&g->lock);
	log_printf("(XEN) Grants of %pd: version 1, %u of %u frames, %u in use, "
		   "%u of others mapped\n",
		   d, g->nr_frames, g->max_frames, g->pinned, g->map_live);
	if (g->pinned)
		for (uint32_t ref = 0; ref < grant_core_entries(g); ref++)
			dump_entry(g, ref);
	spin_unlock(&g->lock);
}
