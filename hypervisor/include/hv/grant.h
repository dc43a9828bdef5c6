/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1. First version: the names that other parts rely on. */
#pragma once

#include <hv/budget.h>
#include <hv/lock.h>
#include <hv/types.h>

struct domain;

struct grant_domain {
	spinlock_t lock;
	void *opaque;
};

/** limits as in XEN_DOMCTL_createdomain (max_grant_frames, max_maptrack_frames). */
int grant_domain_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack);
/** Unmaps what d has mapped of others, in steps; 0 or -XEN_ERESTART. */
int grant_domain_release_maps(struct domain *d, struct budget *b);
void grant_domain_destroy(struct domain *d);
/** Frame n of d's grant table, growing it; for memory_op acquire_resource. NULL: no such. */
void *grant_shared_page(struct domain *d, unsigned n);
void grant_dump(struct domain *d);
