/* SPDX-License-Identifier: MIT */
/*
 * dom0's heap, counted: malloc() rounds, so that what it says is in use differs by some bytes when the
 * same objects come in another order. What was asked for does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_DEPTH 12

/** Who asked: the callers, the nearest first, 0 behind the last. */
struct heap_site {
	uint64_t callers[HEAP_DEPTH];
	size_t objects, bytes;		/* live now */
};

struct heap_count {
	size_t objects, bytes;		/* live now, as asked for */
	size_t requests;		/* since heap_fail() */
	bool failed;			/* one of them was refused */
};

struct heap_count heap_count(void);

/** The i-th site that has asked for memory; NULL past the last. */
const struct heap_site *heap_site(size_t i);

/** The n-th request from now on fails, once; 0: none. */
void heap_fail(size_t n);
