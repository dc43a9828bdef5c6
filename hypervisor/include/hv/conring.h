/* SPDX-License-Identifier: MIT */
/* The last lines that the hypervisor printed, for `xl dmesg`: a ring of bytes with absolute indices. */
#pragma once

#include <hv/types.h>

#define CONRING_SIZE 16384u	/* a power of two */

struct conring {
	uint32_t produced;	/* bytes ever written, modulo 2^32 */
	uint32_t cleared;	/* reading starts here at the earliest */
	char text[CONRING_SIZE];
};

void conring_put(struct conring *r, const char *text, size_t len);
/**
 * Copies at most len bytes from index *at (or the oldest there is, when that is gone) and
 * moves *at behind them. Returns the number of bytes.
 */
size_t conring_get(const struct conring *r, uint32_t *at, char *to, size_t len);
/** Where a reader that wants everything starts. */
uint32_t conring_oldest(const struct conring *r);
void conring_clear(struct conring *r);
