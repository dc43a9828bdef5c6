/* SPDX-License-Identifier: MIT */
/* Inside the file system: nodes (fstree.c) and paths (fspath.c) as open files (fsfile.c) and the
 * archive reader (fscpio.c) see them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FS_NAME_MAX	255
#define FS_PATH_MAX	1024
#define FS_LINKS_MAX	8

enum fs_type {
	FS_FILE,
	FS_DIR,
	FS_LINK,	/* symbolic; the contents are the target */
};

/*
 * A file, directory or link. `refs` counts the directory entry and the open files: a
 * file that is removed while open lives until it is closed.
 */
struct fs_node {
	struct fs_node *next;		/* in the directory, by name */
	struct fs_node *parent;
	struct fs_node *children;	/* FS_DIR */
	char *name;
	enum fs_type type;
	unsigned int refs;
	unsigned int ino;
	mode_t mode;			/* permission bits, kept but not enforced */
	time_t mtime;
	char *data;			/* in the heap when room > 0, else in an archive */
	size_t size;
	size_t room;
	struct fs_held *held;		/* it has the room: data is copied before a change */
};

/** The node at path, or NULL with errno. follow: also when the last component is a link. */
struct fs_node *fs_find(const char *path, bool follow);

/** The directory that path's last component is (to be) in; `leaf` (FS_NAME_MAX + 1 bytes) receives
 * that component. NULL with errno, also when the path ends in "/", "." or "..". */
struct fs_node *fs_find_parent(const char *path, char *leaf);

struct fs_node *fs_child(const struct fs_node *dir, const char *name);

/** A new node in dir; the name must not be there. NULL with errno ENOMEM. */
struct fs_node *fs_add(struct fs_node *dir, const char *name, enum fs_type type);

/** Moves node, which is in a directory, to dir; name is the heap's, and becomes the node's. */
void fs_move(struct fs_node *node, struct fs_node *dir, char *name);
/** Takes node out of its directory and drops that reference. */
void fs_remove(struct fs_node *node);
void fs_put(struct fs_node *node);

/** Makes the contents `size` bytes long, in the heap, zeros where they grow. 0, or -1 and errno. */
int fs_resize(struct fs_node *node, size_t size);

/** Makes the contents ours to write. 0, or -1 with errno. */
int fs_own(struct fs_node *node);

/** Makes what is there now stay as it is until fs_release(). NULL with errno. */
struct fs_held *fs_hold_node(struct fs_node *node);

/** Lets the contents be borrowed memory. */
void fs_borrow(struct fs_node *node, const void *data, size_t size);

/** Seconds since 1970; host tests supply their own. */
time_t fs_now(void);

/* What newlib.c builds the C library's calls on; each as its namesake: -1 and errno on error. */

int fs_open(const char *path, int flags, mode_t mode);
int fs_close(int fd);
ssize_t fs_read(int fd, void *buf, size_t n);
ssize_t fs_write(int fd, const void *buf, size_t n);
off_t fs_lseek(int fd, off_t offset, int whence);
int fs_ftruncate(int fd, off_t size);
int fs_fstat(int fd, struct stat *st);
int fs_stat(const char *path, struct stat *st, bool follow);
int fs_unlink(const char *path);
int fs_rename(const char *from, const char *to);
int fs_symlink(const char *target, const char *path);
ssize_t fs_readlink(const char *path, char *buf, size_t n);
int fs_chmod(const char *path, mode_t mode);
int fs_chdir(const char *path);
char *fs_getcwd(char *buf, size_t size);

/** Descriptors are 3 and up; 0 to 2 are the console's. */
#define FS_FD_FIRST 3
