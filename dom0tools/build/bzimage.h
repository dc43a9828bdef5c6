/* SPDX-License-Identifier: MIT */
/*
 * The file that Linux installs as vmlinuz: boot code for PCs around a compressed ELF kernel, the
 * payload (Documentation/x86/boot.rst, "the real-mode kernel header"). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/error.h"

struct payload {
	const uint8_t *packed;
	size_t bytes;
	size_t unpacked;	/* what it says it will be; never 0 */
};

/** Does the file look like one? */
bool bzimage_has_magic(const void *file, size_t size);

/** Finds the payload in such a file. Returns 0 or -XEN_EINVAL with err filled. */
int bzimage_payload(struct payload *p, const void *file, size_t size, struct build_error *err);

/** A file that is nothing but a kernel packed by gzip. The same results. */
int gzip_payload(struct payload *p, const void *file, size_t size, struct build_error *err);
