/* SPDX-License-Identifier: MIT */
/* Runs of free frames, for those who give them owners: hypervisor/domain/mm.c, relinquish.c. */
#pragma once

#include <hv/types.h>

struct domain;

/* What a free frame holds (type_info): data of the domain with this serial number, or one of these. */
enum { CONTENT_ANY, CONTENT_ZEROS, FIRST_SERIAL };

/**
 * Takes 2^order frames below physical address 2^bits for d (NULL: the hypervisor, or nobody yet), out of its
 * claim if it has one. They have no type and no references, no CPU translates to them any more, and they hold
 * zeros, or what d has written there.
 */
bool ram_alloc(struct domain *d, unsigned order, unsigned bits, mfn_t *first);

/** Gives n adjacent frames without references back; content: what all of them hold. */
void ram_free(mfn_t first, uint64_t n, uint64_t content);
