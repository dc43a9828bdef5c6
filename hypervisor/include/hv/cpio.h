/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Walks a cpio archive in the "newc" format (070701, 070702) that lies in memory. The archive is
 * not trusted: no name and no file that cpio_next() hands out reaches outside it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPIO_MODE_TYPE	0170000u
#define CPIO_MODE_DIR	0040000u
#define CPIO_MODE_FILE	0100000u
#define CPIO_MODE_LINK	0120000u

struct cpio {
	const uint8_t *image;
	size_t size;
	size_t at;
	bool ended;		/* the trailer was seen; what follows is not looked at */
	const char *error;	/* set when cpio_next() has returned -1 */
};

struct cpio_entry {
	const char *name;	/* ended by NUL, without leading "./" and "/"; "." for the root */
	const uint8_t *data;
	size_t size;
	uint32_t mode;
	uint32_t mtime;
	uint32_t ino;
	uint32_t nlink;
};

/** True when the memory starts as a newc archive does. */
bool cpio_has_magic(const void *image, size_t size);

void cpio_open(struct cpio *cpio, const void *image, size_t size);

/** Returns 1 with the next entry, 0 at the end (the trailer), -1 with cpio->error set. */
int cpio_next(struct cpio *cpio, struct cpio_entry *entry);

/**
 * Finds a plain file by its name ("cloison.cfg", "boot/dom0"; leading "./" and "/" do not count).
 * Returns NULL when it was found, else the reason, also when the archive breaks before it.
 */
const char *cpio_find(const void *image, size_t size, const char *name, struct cpio_entry *entry);
