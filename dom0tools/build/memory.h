/* SPDX-License-Identifier: MIT */
/* A new domain's memory: getting frames, and writing into them from dom0. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "build/error.h"

/**
 * Gives the domain count pages; mfns[pfn] becomes the frame of each. Returns 0, or
 * -XEN_ENOMEM with err filled; the domain keeps what it has got.
 */
int memory_populate(domid_t domid, uint64_t *mfns, uint64_t count, struct build_error *err);

/**
 * Writes bytes at `offset` bytes from pfn `pfn` on (source NULL: zeros). The frames are mapped
 * for the time of the call, some at once.
 */
int memory_write(domid_t domid, const uint64_t *mfns, uint64_t pfn, size_t offset,
		 const void *source, size_t bytes);

/** Gives the domain its memory map: one range of RAM of this many bytes. */
int memory_set_map(domid_t domid, uint64_t bytes);

/** Lets dom0 map the two ring pages by the grants that are reserved for them. */
int memory_seed_grants(domid_t domid, uint64_t console_mfn, uint64_t xenstore_mfn);
