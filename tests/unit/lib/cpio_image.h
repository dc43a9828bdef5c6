/* SPDX-License-Identifier: MIT */
#pragma once
/* Builds small newc archives for the tests. */
#include <stddef.h>
#include <stdint.h>

struct cpio_image {
	uint8_t bytes[16384];
	size_t size;
};

void cpio_image_start(struct cpio_image *image);

/* Appends an entry with these contents; mode as in stat(2). */
void cpio_image_add(struct cpio_image *image, const char *name, unsigned mode, const void *data,
		    size_t size);

/* Appends the trailer. */
void cpio_image_end(struct cpio_image *image);
