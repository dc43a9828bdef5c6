// SPDX-License-Identifier: MIT
/*
 * Mapping and unmapping of granted pages.
 *
 * map:   handle -> pin the grant -> reference the frame -> write the entry -> fill the handle
 * unmap: claim the handle -> take out the entry -> flush -> drop frame, pin, handle
 *
 * A pin ends only after the flush: it is what tells the granter that its page is its
 * own again.
 */
#include "grant_table_op.h"

#include <hv/domain.h>
#include <hv/grantmap.h>
#include <hv/tlb.h>

#define MAP_KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define MAP_KEPT  (MAP_KINDS | GNTMAP_readonly | GNTMAP_application_map | GNTMAP_contains_pte)

static int map_host(struct vcpu *v, struct domain *rd, const struct gnttab_map_grant_ref *op,
		    uint64_t mfn_n)
{
	bool readonly = op->flags & GNTMAP_readonly;
	int status;
	struct frame *f = grant_frame_get(rd->id, mfn_n, readonly, &status);

	if (unlikely(!f))
		return status;
	status = grantmap_create(v, op->host_addr, op->flags, f);
	if (unlikely(status))
		grant_frame_put(f, readonly);
	return status;
}

/* One reference (and use) of the frame for each kind of mapping. */
static int map_frame(struct vcpu *v, struct domain *rd, const struct gnttab_map_grant_ref *op,
		     uint64_t mfn_n)
{
	bool readonly = op->flags & GNTMAP_readonly;
	int status = GNTST_okay;

	if (likely(!(op->flags & GNTMAP_device_map)))
		return map_host(v, rd, op, mfn_n);
	struct frame *f = grant_frame_get(rd->id, mfn_n, readonly, &status);

	if (!f)
		return status;
	if (op->flags & GNTMAP_host_map)
		status = map_host(v, rd, op, mfn_n);
	if (status)
		grant_frame_put(f, readonly);
	return status;
}

static int map_handle(struct vcpu *v, struct domain *rd, struct gnttab_map_grant_ref *op,
		      struct grant_map *e)
{
	uint64_t mfn_n;
	int status = grant_pin(rd, op->ref, v->domain->id, op->flags, true, &mfn_n);

	if (status)
		return status;
	status = map_frame(v, rd, op, mfn_n);
	if (status) {
		grant_unpin(&rd->grants, op->ref, op->flags);
		return status;
	}
	/* Nothing below can fail. With its flags the handle becomes known to unmap. */
	e->granter = &rd->grants;
	e->ref = op->ref;
	__atomic_store_n(&e->flags, (uint16_t)(op->flags & MAP_KEPT), __ATOMIC_RELEASE);
	op->dev_bus_addr = mfn_n << PAGE_SHIFT;
	return GNTST_okay;
}

void grant_map_element(struct vcpu *v, void *element, struct grant_batch *batch)
{
	struct gnttab_map_grant_ref *op = element;
	struct grant_map *e;

	(void)batch;
	if (!(op->flags & MAP_KINDS)) {
		op->status = GNTST_bad_gntref;
		return;
	}
	struct domain *rd = op->dom == v->domain->id ? domain_ref(v->domain) : domain_get(op->dom);

	if (!rd) {
		op->status = GNTST_bad_domain;
		return;
	}
	uint32_t handle = grant_handle_alloc(v->domain, &e);

	if (handle == MAPTRACK_NONE) {
		op->status = GNTST_no_space;
		domain_put(rd);
		return;
	}
	op->status = (int16_t)map_handle(v, rd, op, e);
	if (likely(!op->status)) {
		/* The handle keeps the reference to the domain. */
		op->handle = handle;
		return;
	}
	grant_handle_free(v->domain, handle, e);
	domain_put(rd);
}

/* Reserves a handle for one unmapping; NULL when it is none, or one is under way. */
static struct grant_map *claim(struct grant_domain *g, uint32_t handle)
{
	spin_lock(&g->map_lock);
	struct grant_map *e = maptrack_entry(g, handle);

	if (likely(e && e->flags && !(e->flags & GRANT_MAP_BUSY)))
		e->flags |= GRANT_MAP_BUSY;
	else
		e = NULL;
	spin_unlock(&g->map_lock);
	return e;
}

/*
 * Ends the reservation: what is left mapped stays, and with nothing left the handle goes. map_lock
 * is held.
 */
static inline void settle(struct grant_domain *g, uint32_t handle, struct grant_map *e,
			  uint32_t flags)
{
	if (unlikely(flags & MAP_KINDS))
		e->flags = (uint16_t)(flags & MAP_KEPT);
	else
		maptrack_free(g, handle, e);
}

struct unmap_request {
	uint64_t host_addr, device_addr, new_addr;
	uint32_t handle;
};

static int unmap(struct vcpu *v, const struct unmap_request *r, struct grant_batch *batch)
{
	struct grant_domain *g = &v->domain->grants;
	struct unmapped *u = &batch->item[batch->n];
	struct grant_map *e = claim(g, r->handle);
	uint32_t done = 0;
	int status = GNTST_okay;

	if (!e)
		return GNTST_bad_handle;
	/* Nobody else changes it now. */
	uint64_t mfn_n = grant_pinned_mfn(e->granter, e->ref);
	bool device = r->device_addr && (e->flags & GNTMAP_device_map);

	if (device && r->device_addr != mfn_n << PAGE_SHIFT) {
		status = GNTST_bad_dev_addr;
	} else if (r->host_addr && (e->flags & GNTMAP_host_map)) {
		status = grantmap_replace(v, r->host_addr, e->flags, mfn_n, r->new_addr,
					  &u->old_entry);
		if (!status)
			done |= GNTMAP_host_map;
	}
	if (!status && device)
		done |= GNTMAP_device_map;
	if (!done) {
		spin_lock(&g->map_lock);
		settle(g, r->handle, e, e->flags);
		spin_unlock(&g->map_lock);
		return status;
	}
	u->granter = e->granter;
	u->entry = e;
	u->ref = e->ref;
	u->handle = r->handle;
	u->done = (uint16_t)(done | (e->flags & GNTMAP_readonly));
	u->left = (uint16_t)(e->flags & ~done);
	batch->flush |= done & GNTMAP_host_map;
	batch->n++;
	return GNTST_okay;
}

/* What the mapping held of the frame and of the grant. */
static inline void let_go(struct vcpu *v, const struct unmapped *u)
{
	if (unlikely(u->done & GNTMAP_device_map))
		grant_frame_put(frame_of(mfn(grant_pinned_mfn(u->granter, u->ref))),
				u->done & GNTMAP_readonly);
	if (u->done & GNTMAP_host_map)
		grantmap_put(v, u->old_entry);
	grant_unpin(u->granter, u->ref, u->done);
}

void grant_unmap_finish(struct vcpu *v, struct grant_batch *batch)
{
	const struct unmapped *end = &batch->item[batch->n];
	struct grant_domain *g = &v->domain->grants;

	if (batch->flush)
		domain_flush(v->domain);
	for (const struct unmapped *u = batch->item; u < end; u++)
		let_go(v, u);
	spin_lock(&g->map_lock);
	for (const struct unmapped *u = batch->item; u < end; u++)
		settle(g, u->handle, u->entry, u->left);
	spin_unlock(&g->map_lock);
	/* The references that the handles had. */
	for (const struct unmapped *u = batch->item; u < end; u++)
		if (likely(!(u->left & MAP_KINDS)))
			domain_put(container_of(u->granter, struct domain, grants));
	batch->n = 0;
	batch->flush = false;
}

void grant_unmap_element(struct vcpu *v, void *element, struct grant_batch *batch)
{
	struct gnttab_unmap_grant_ref *op = element;
	const struct unmap_request r = {
		.host_addr = op->host_addr,
		.device_addr = op->dev_bus_addr,
		.handle = op->handle,
	};

	op->status = (int16_t)unmap(v, &r, batch);
}

void grant_replace_element(struct vcpu *v, void *element, struct grant_batch *batch)
{
	struct gnttab_unmap_and_replace *op = element;
	const struct unmap_request r = {
		.host_addr = op->host_addr,
		.new_addr = op->new_addr,
		.handle = op->handle,
	};

	op->status = (int16_t)unmap(v, &r, batch);
}
