/* SPDX-License-Identifier: MIT */
/* Reading guests' page tables, as the CPU itself would. */
#pragma once

#include <hv/types.h>

struct vcpu;

/**
 * The entry that maps va in the table that this CPU uses now (an L1 entry: guests have no large
 * pages), and in *rights the bits P, W and U as all levels grant them; NX when any level sets it.
 * 0: not mapped.
 */
uint64_t walk_current(uint64_t va, uint64_t *rights);
/** Reads memory of v's kernel, whichever mode runs; false when a part of it is not mapped, or not the
 *  guest's to read. */
bool read_kernel(const struct vcpu *v, uint64_t va, void *to, unsigned len);
