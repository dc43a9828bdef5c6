// SPDX-License-Identifier: MIT
/* Builds the archives of cpio_image.h. */
#include "cpio_image.h"

#include <stdio.h>
#include <string.h>

void cpio_image_start(struct cpio_image *image)
{
	memset(image, 0, sizeof(*image));
}

void cpio_image_add(struct cpio_image *image, const char *name, unsigned mode, const void *data,
		    size_t size)
{
	char *at = (char *)image->bytes + image->size;
	size_t name_size = strlen(name) + 1;

	snprintf(at, 111, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 7, mode, 0, 0, 1, 0x5f000000, (unsigned)size, 0, 0, 0, 0, (unsigned)name_size,
		 0);
	memcpy(at + 110, name, name_size);
	image->size += (110 + name_size + 3) & ~(size_t)3;
	if (size > 0)
		memcpy(image->bytes + image->size, data, size);
	image->size += (size + 3) & ~(size_t)3;
}

void cpio_image_end(struct cpio_image *image)
{
	cpio_image_add(image, "TRAILER!!!", 0, NULL, 0);
}
