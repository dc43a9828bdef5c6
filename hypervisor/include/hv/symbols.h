/* SPDX-License-Identifier: MIT */
/* Names of functions for backtraces, from the table that the second link puts in. */
#pragma once

#include <hv/types.h>

/** The function that addr lies in, and how far; NULL when it is none of ours. */
const char *symbol_find(uint64_t addr, uint64_t *offset, uint64_t *size);
