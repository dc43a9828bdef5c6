// SPDX-License-Identifier: MIT
/*
 * Who is there: domains by id, the list of them, and references. What has no reference left nobody
 * finds, and its structure goes.
 */
#include "domlist.h"

#include <hv/alloc.h>
#include <hv/domstate.h>

struct domain *domain_list;
spinlock_t domlist_lock = SPINLOCK("domlist");

/*
 * domlist lock must be held for these: id to domain, in pages that are there while one of their
 * ids is in use. Who looks up a domain that is there for certain needs no lock.
 */
#define IDS_PER_PAGE (PAGE_SIZE / sizeof(struct domain *))
static struct domain **by_id[DIV_ROUND_UP(DOMID_FIRST_RESERVED, IDS_PER_PAGE)];
static uint16_t ids_used[ARRAY_SIZE(by_id)];

static struct domain *lookup(domid_t id)
{
	struct domain **page;

	if (id >= DOMID_FIRST_RESERVED)
		return NULL;
	page = by_id[index_clamp(id / IDS_PER_PAGE, ARRAY_SIZE(by_id))];
	return page ? page[id % IDS_PER_PAGE] : NULL;
}

struct domain *domain_by_owner(domid_t id)
{
	return lookup(id);
}

struct domain *domain_get(domid_t id)
{
	struct domain *d;

	spin_lock(&domlist_lock);
	d = lookup(id);
	if (d && !d->listed)
		d = NULL;
	if (d)
		domain_ref(d);
	spin_unlock(&domlist_lock);
	return d;
}

struct domain *domain_get_from(domid_t from)
{
	struct domain *d = NULL;
	size_t page = from / IDS_PER_PAGE, i = from % IDS_PER_PAGE;

	spin_lock(&domlist_lock);
	for (; !d && page < ARRAY_SIZE(by_id); page++, i = 0) {
		struct domain **ids = by_id[index_clamp(page, ARRAY_SIZE(by_id))];

		for (; ids && i < IDS_PER_PAGE && !d; i++)
			if (ids[i] && ids[i]->listed)
				d = ids[i];
	}
	if (d)
		domain_ref(d);
	spin_unlock(&domlist_lock);
	return d;
}

int domlist_take_id(struct domain *d)
{
	struct domain ***page = &by_id[d->id / IDS_PER_PAGE], **at;
	int rc = -XEN_ENOMEM;

	spin_lock(&domlist_lock);
	if (!*page)
		*page = hv_pages_alloc(0);
	at = *page ? &(*page)[d->id % IDS_PER_PAGE] : NULL;
	if (at)
		rc = *at ? -XEN_EEXIST : 0;
	if (!rc) {
		*at = d;
		ids_used[d->id / IDS_PER_PAGE]++;
	}
	spin_unlock(&domlist_lock);
	return rc;
}

/* domlist lock held. */
static void give_back_id(struct domain *d)
{
	struct domain ***page = &by_id[d->id / IDS_PER_PAGE];

	(*page)[d->id % IDS_PER_PAGE] = NULL;
	if (!--ids_used[d->id / IDS_PER_PAGE]) {
		hv_pages_free(*page, 0);
		*page = NULL;
	}
}

void domlist_give_back_id(struct domain *d)
{
	spin_lock(&domlist_lock);
	give_back_id(d);
	spin_unlock(&domlist_lock);
}

void domlist_add(struct domain *d)
{
	struct domain **at;

	spin_lock(&domlist_lock);
	for (at = &domain_list; *at && (*at)->id < d->id; at = &(*at)->next)
		;
	d->next = *at;
	*at = d;
	d->listed = true;
	spin_unlock(&domlist_lock);
}

/* domlist lock held. */
static void unlink_domain(struct domain *d)
{
	struct domain **at;

	for (at = &domain_list; *at != d; at = &(*at)->next)
		CHECK(*at);
	*at = d->next;
	give_back_id(d);
}

/* Only under the lock, so that nobody finds it meanwhile. */
static __attribute__((noinline)) void put_last(struct domain *d)
{
	bool last;

	spin_lock(&domlist_lock);
	CHECK(d->refs > 0);
	last = __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == 0;
	if (last)
		unlink_domain(d);
	spin_unlock(&domlist_lock);
	if (last) {
		CHECK(d->life.state == LIFE_DEAD);
		domstate_changed(d->id);
		domain_free(d);
	}
}

void domain_put(struct domain *d)
{
	uint32_t refs = READ_ONCE(d->refs);

	while (likely(refs > 1))
		if (__atomic_compare_exchange_n(&d->refs, &refs, refs - 1, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
	put_last(d);
}
