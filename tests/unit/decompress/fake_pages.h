/* SPDX-License-Identifier: MIT */
/* dom0's pages, of which there can be too few. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Bytes that pages_alloc() can still give; it starts without a limit. */
extern size_t fake_pages_left;

/** Bytes that are out now. */
extern size_t fake_pages_used;

/** The page pool, from which unpacked kernels are kept: pages that are free, at first none, and in all. */
extern unsigned long fake_pool_pages;
#define FAKE_POOL_TOTAL 16384UL

/** Whom the pool asks for pages. */
extern bool (*fake_reclaim)(void);
