/* SPDX-License-Identifier: MIT */
/*
 * The file system of a guest: a tree in memory, filled from newc cpio archives (the ramdisk
 * at start; others by fs_load_cpio()), and writable. newlib's open, read, write, stat,
 * rename and so on work on it; directories are listed with the functions below, because newlib
 * has no opendir for such a machine. Every function that fails sets errno and returns
 * -1 or NULL. Relative paths begin at the root, or at chdir()'s directory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Adds the archive's files, directories and symbolic links; a file that is there already is
 * replaced. File contents are not copied until they are written: the archive's memory must
 * stay as it is. Returns the number of entries, or -1 (errno EINVAL: not newc or cut short;
 * what came before the fault is there).
 */
int fs_load_cpio(const void *archive, size_t len);

struct fs_dir;

struct fs_dirent {
	const char *name;	/* valid until the next call */
	bool is_dir;
	size_t size;
	uint64_t mtime;		/* seconds since 1970 */
};

struct fs_dir *fs_opendir(const char *path);

/** The next entry in alphabetic order (without . and ..), or NULL at the end. Entries that
 * appear or vanish meanwhile do no harm. */
const struct fs_dirent *fs_readdir(struct fs_dir *d);
void fs_closedir(struct fs_dir *d);

int fs_mkdir(const char *path);
int fs_rmdir(const char *path);
bool fs_is_dir(const char *path);

/** The whole file as it lies in memory, without a copy: valid until the file is changed. */
const void *fs_contents(const char *path, size_t *len);

struct fs_held;

/** The same for who waits meanwhile: the bytes stay as they are until fs_release(), whatever others do to the
 *  file. */
struct fs_held *fs_hold(const char *path, const void **data, size_t *len);
/** h may be NULL. */
void fs_release(struct fs_held *h);

/** Reads the whole file into a malloc() block with a NUL after it. */
char *fs_read_all(const char *path, size_t *len);

/** Writes (creates, replaces) a whole file. Returns 0 or -1. */
int fs_write_all(const char *path, const void *data, size_t len);

/** Bytes in files that lie in the heap (not in an archive). */
size_t fs_heap_bytes(void);

void fs_init(void);
