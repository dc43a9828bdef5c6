/* SPDX-License-Identifier: MIT */
/* Building the first domain, in memory that is dom0's, as a domain builder in dom0 would. */
#pragma once

#include <hv/bootconf.h>
#include <hv/types.h>

/** Bytes: dom0_mem= as asked for. Panics, in words for the user, when dom0 cannot be built. */
void dom0_build(const struct boot_plan *plan, uint64_t bytes, unsigned vcpus);
