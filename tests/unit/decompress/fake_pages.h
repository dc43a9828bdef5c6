/* SPDX-License-Identifier: MIT */
/* dom0's pages, of which there can be too few. */
#pragma once

#include <stddef.h>

/** Bytes that pages_alloc() can still give; it starts without a limit. */
extern size_t fake_pages_left;

/** Bytes that are out now. */
extern size_t fake_pages_used;
