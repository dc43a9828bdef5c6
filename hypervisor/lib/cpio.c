// SPDX-License-Identifier: MIT
/*
 * The "newc" cpio format: for each file a header of 110 ASCII characters, the name with its NUL,
 * padding to 4 bytes, the data, padding to 4 bytes; the name "TRAILER!!!" ends the archive.
 *
 *	0     6     14    22    30   38   46     54    62        94        102     110
 *	magic  ino   mode  uid  gid  nlink mtime  size  4 devices  namesize  check  name
 */
#include "hv/cpio.h"

#include "hv/mem.h"
#include "hv/str.h"

#define HEADER_SIZE	110

enum field {
	FIELD_INO = 0,
	FIELD_MODE = 1,
	FIELD_NLINK = 4,
	FIELD_MTIME = 5,
	FIELD_SIZE = 6,
	FIELD_NAMESIZE = 11,
	FIELD_COUNT = 13,
};

bool cpio_has_magic(const void *image, size_t size)
{
	return size >= 6 && (memcmp(image, "070701", 6) == 0 || memcmp(image, "070702", 6) == 0);
}

void cpio_open(struct cpio *cpio, const void *image, size_t size)
{
	*cpio = (struct cpio){ .image = image, .size = size };
}

static int fail(struct cpio *cpio, const char *reason)
{
	cpio->error = reason;
	cpio->at = cpio->size;
	return -1;
}

/* Eight hexadecimal digits; returns false for anything else. */
static bool read_hex(const uint8_t *at, uint32_t *value)
{
	uint32_t sum = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = at[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return false;
		sum = sum << 4 | digit;
	}
	*value = sum;
	return true;
}

static bool read_header(const uint8_t *header, uint32_t *fields)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!read_hex(header + 6 + 8 * i, &fields[i]))
			return false;
	}
	return true;
}

static const char *without_prefix(const char *name)
{
	while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
		name++;
	return *name != '\0' ? name : ".";
}

/* Moves n bytes on and up to a multiple of 4, and stops at the end of the archive. */
static void advance(struct cpio *cpio, size_t n)
{
	size_t padded = cpio->at + n;

	padded = (padded + 3) & ~(size_t)3;
	cpio->at = padded < cpio->size ? padded : cpio->size;
}

int cpio_next(struct cpio *cpio, struct cpio_entry *entry)
{
	size_t left = cpio->size - cpio->at;
	const uint8_t *header = cpio->image + cpio->at;
	uint32_t fields[FIELD_COUNT];

	if (cpio->error != NULL)
		return -1;
	if (cpio->ended)
		return 0;
	if (left == 0)
		return fail(cpio, "cpio archive is cut off before its trailer");
	if (left < HEADER_SIZE)
		return fail(cpio, "cpio archive is cut off in a header");
	if (!cpio_has_magic(header, left) || !read_header(header, fields))
		return fail(cpio, "cpio archive has a malformed header");

	const char *name = (const char *)header + HEADER_SIZE;
	size_t name_size = fields[FIELD_NAMESIZE];

	if (name_size == 0 || name_size > left - HEADER_SIZE)
		return fail(cpio, "cpio archive is cut off in a name");
	if (str_nlen(name, name_size) != name_size - 1)
		return fail(cpio, "cpio archive has a malformed name");
	advance(cpio, HEADER_SIZE + name_size);
	if (str_equal(name, "TRAILER!!!")) {
		cpio->ended = true;
		return 0;
	}
	if (fields[FIELD_SIZE] > cpio->size - cpio->at)
		return fail(cpio, "cpio archive is cut off in a file");
	*entry = (struct cpio_entry){
		.name = without_prefix(name), .data = cpio->image + cpio->at,
		.size = fields[FIELD_SIZE], .mode = fields[FIELD_MODE],
		.mtime = fields[FIELD_MTIME], .ino = fields[FIELD_INO],
		.nlink = fields[FIELD_NLINK],
	};
	advance(cpio, entry->size);
	return 1;
}

const char *cpio_find(const void *image, size_t size, const char *name, struct cpio_entry *entry)
{
	struct cpio cpio;
	int more;

	name = without_prefix(name);
	cpio_open(&cpio, image, size);
	while ((more = cpio_next(&cpio, entry)) > 0) {
		if ((entry->mode & CPIO_MODE_TYPE) == CPIO_MODE_FILE &&
		    str_equal(entry->name, name))
			return NULL;
	}
	return more < 0 ? cpio.error : "no such file in the archive";
}
