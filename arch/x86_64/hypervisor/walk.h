/* SPDX-License-Identifier: MIT */
/* Reading the page tables that this CPU uses now, as the CPU itself would. */
#pragma once

#include <hv/types.h>

/**
 * The entry that maps va for a guest (an L1 entry: guests have no large pages), and in *rights
 * the bits P, W and U as all levels grant them; NX when any level sets it. 0: not mapped.
 */
uint64_t walk_current(uint64_t va, uint64_t *rights);
