/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op's operations on lists: one element is copied in, worked on, and its
 * results are copied back; the list may be preempted between any two elements.
 */
#pragma once

#include <hv/grant.h>
#include <hv/types.h>

struct vcpu;

#define UNMAP_BATCH 32u

/* An unmapping whose entry is gone already; the rest waits for the flush of the TLB. */
struct unmapped {
	struct grant_domain *granter;
	struct grant_map *entry;	/* of the handle; it is reserved */
	uint64_t old_entry;		/* GNTMAP_host_map in done: what the entry was */
	uint32_t ref, handle;
	uint16_t done;			/* GNTMAP_* that end now, and _readonly */
	uint16_t left;			/* GNTMAP_* that stay */
};

/* One side of a copy. */
struct copy_side {
	struct frame *frame;	/* with a reference, and a use when it is written */
	struct domain *d;	/* whose it is, with a reference, but for the caller itself */
	uint64_t place;		/* the reference of the grant, or the frame's number */
	domid_t domid;		/* as the guest wrote it */
	uint16_t granted;	/* not 0: with a pin */
};

/* What of a list is not done at once. */
struct grant_batch {
	uint32_t n;
	bool flush;
	bool alone;			/* the list has one element */
	struct copy_side to;		/* what the last copy wrote to; frame NULL: nothing */
	struct unmapped item[UNMAP_BATCH];
};

/* An element's operation; element points at a copy of it, in which it leaves its results. */
typedef void grant_element_fn(struct vcpu *v, void *element, struct grant_batch *batch);

grant_element_fn grant_map_element, grant_unmap_element, grant_replace_element;
grant_element_fn grant_copy_element, grant_swap_element;

/** Flushes and ends the unmappings of the batch. */
void grant_unmap_finish(struct vcpu *v, struct grant_batch *batch);
/** Lets the page go that the last copy wrote to. */
void grant_copy_finish(struct vcpu *v, struct grant_batch *batch);
