/* SPDX-License-Identifier: MIT */
/*
 * The kernel's makefile puts the unpacked size behind every payload but gzip's, which ends with it
 * anyway: so it always stands in the last four bytes.
 */
#include "build/bzimage.h"

#include <string.h>

#include <xen/xen.h>
#include <xen/errno.h>

#include "build/unpack.h"

enum {
	AT_SETUP_SECTORS = 0x1f1,
	AT_BOOT_FLAG = 0x1fe,
	AT_MAGIC = 0x202,
	AT_VERSION = 0x206,
	AT_PAYLOAD_OFFSET = 0x248,	/* from the end of the real-mode part */
	AT_PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x250,
	SECTOR = 512,
	DEFAULT_SECTORS = 4,		/* what 0 means, since Linux 1.3 */
	VERSION_PAYLOAD = 0x0208,	/* older headers do not tell where the payload is */
	SIZE_BYTES = 4,
};

static uint32_t read32(const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static uint16_t read16(const uint8_t *at)
{
	uint16_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

bool bzimage_has_magic(const void *file, size_t size)
{
	const uint8_t *image = file;

	return size >= AT_MAGIC + 4 && !memcmp(image + AT_MAGIC, "HdrS", 4) &&
	       read16(image + AT_BOOT_FLAG) == 0xaa55;
}

static int take_size(struct payload *p, bool is_gzip, struct build_error *err)
{
	if (p->bytes <= SIZE_BYTES)
		return build_fail(err, -XEN_EINVAL, "its payload is empty");
	p->unpacked = read32(p->packed + p->bytes - SIZE_BYTES);
	if (!is_gzip)
		p->bytes -= SIZE_BYTES;
	if (!p->unpacked)
		return build_fail(err, -XEN_EINVAL, "its payload says that it unpacks to nothing");
	return 0;
}

int bzimage_payload(struct payload *p, const void *file, size_t size, struct build_error *err)
{
	const uint8_t *image = file;
	uint64_t sectors, start, length;
	const char *format;

	if (size < HEADER_END)
		return build_fail(err, -XEN_EINVAL, "a bzImage that is truncated: its header is cut off");
	if (read16(image + AT_VERSION) < VERSION_PAYLOAD)
		return build_fail(err, -XEN_EINVAL, "a bzImage of boot protocol %u.%02u; 2.08 is the "
				  "oldest that can be unpacked", image[AT_VERSION + 1],
				  image[AT_VERSION]);
	sectors = image[AT_SETUP_SECTORS] ? image[AT_SETUP_SECTORS] : DEFAULT_SECTORS;
	start = (sectors + 1) * SECTOR + read32(image + AT_PAYLOAD_OFFSET);
	length = read32(image + AT_PAYLOAD_LENGTH);
	if (start > size || length > size - start)
		return build_fail(err, -XEN_EINVAL, "a bzImage that is truncated: its payload ends at "
				  "byte %llu, the file at %zu",
				  (unsigned long long)(start + length), size);
	*p = (struct payload){ .packed = image + start, .bytes = length };
	format = unpack_format(p->packed, length);
	return take_size(p, format && !strcmp(format, "gzip"), err);
}

int gzip_payload(struct payload *p, const void *file, size_t size, struct build_error *err)
{
	*p = (struct payload){ .packed = file, .bytes = size };
	return take_size(p, true, err);
}
