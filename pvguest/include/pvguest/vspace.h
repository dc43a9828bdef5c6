/* SPDX-License-Identifier: MIT */
/*
 * Gives out ranges of address space, first fit, with one page between any two ranges
 * that is never given out. Pure: no page tables here. Nodes come from malloc().
 */
#pragma once

#include <stddef.h>

struct vspace_hole;

struct vspace {
	struct vspace_hole *holes;	/* ascending, never touching each other */
	struct vspace_hole *spare;	/* nodes for the holes that giving back may make */
	unsigned long start, end;
};

/** Addresses in [start, end), page-aligned; the first page is a guard page. -1: no memory. */
int vspace_init(struct vspace *vs, unsigned long start, unsigned long end);

/** n pages; 0 when there is no such hole, or no memory. */
unsigned long vspace_alloc(struct vspace *vs, size_t n);

/** Gives n pages at va back, a whole range as it was given out. Returns -1 when (part of) it is free
 * already or outside, and changes nothing. Needs no memory. */
int vspace_free(struct vspace *vs, unsigned long va, size_t n);

/** Free pages, counting guard pages of ranges that do not exist yet. */
unsigned long vspace_free_pages(const struct vspace *vs);

void vspace_destroy(struct vspace *vs);
