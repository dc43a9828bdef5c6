/* SPDX-License-Identifier: MIT */
/*
 * Large buffers for a short time. What malloc() takes from dom0's memory stays in its heap; these
 * give their pages back, so that a dom0 that has unpacked a kernel is as small as before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pages {
	uint8_t *at;	/* NULL: none */
	size_t count;
	unsigned long *mfns;	/* behind each page */
};

/** Contents undefined. False when dom0 would be left with too little; then *p is empty. */
bool pages_alloc(struct pages *p, size_t bytes);

/** Empties *p; may be empty already. */
void pages_free(struct pages *p);
