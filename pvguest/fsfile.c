// SPDX-License-Identifier: MIT
/* Open files, directories being listed, and whole-file helpers. */
#include <pvguest/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pvguest/fsnode.h>

#define FILES_MAX	64
#define SIZE_LIMIT	0x7fffffffffffL	/* more than any machine's memory */

struct file {
	struct fs_node *node;		/* NULL: the descriptor is free */
	size_t at;
	int flags;
};

static struct file files[FILES_MAX];

static int fail(int err)
{
	errno = err;
	return -1;
}

static struct file *file_get(int fd)
{
	unsigned int i = fd - FS_FD_FIRST;

	if (fd < FS_FD_FIRST || i >= FILES_MAX || !files[i].node) {
		errno = EBADF;
		return NULL;
	}
	return &files[i];
}

static bool file_writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

/* The node to open: found, or made when O_CREAT says so. */
static struct fs_node *node_to_open(const char *path, int flags, mode_t mode)
{
	char leaf[FS_NAME_MAX + 1];
	struct fs_node *n = fs_find(path, true), *dir;

	if (n && flags & O_CREAT && flags & O_EXCL) {
		errno = EEXIST;
		return NULL;
	}
	if (n || !(flags & O_CREAT) || errno != ENOENT)
		return n;
	dir = fs_find_parent(path, leaf);
	if (!dir)
		return NULL;
	if (fs_child(dir, leaf)) {
		errno = ENOENT;		/* a link that leads nowhere */
		return NULL;
	}
	n = fs_add(dir, leaf, FS_FILE);
	if (n)
		n->mode = mode & 07777;
	return n;
}

int fs_open(const char *path, int flags, mode_t mode)
{
	struct fs_node *n;
	unsigned int i = 0;

	while (i < FILES_MAX && files[i].node)
		i++;
	if (i == FILES_MAX)
		return fail(EMFILE);
	n = node_to_open(path, flags, mode);
	if (!n)
		return -1;
	if (n->type == FS_DIR && file_writes(flags))
		return fail(EISDIR);
	if (flags & O_TRUNC && file_writes(flags))
		fs_borrow(n, NULL, 0);
	n->refs++;
	files[i] = (struct file){ .node = n, .flags = flags };
	return i + FS_FD_FIRST;
}

int fs_close(int fd)
{
	struct file *f = file_get(fd);

	if (!f)
		return -1;
	fs_put(f->node);
	f->node = NULL;
	return 0;
}

ssize_t fs_read(int fd, void *buf, size_t n)
{
	struct file *f = file_get(fd);

	if (!f)
		return -1;
	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return fail(EBADF);
	if (f->node->type == FS_DIR)
		return fail(EISDIR);
	if (f->at >= f->node->size)
		return 0;
	if (n > f->node->size - f->at)
		n = f->node->size - f->at;
	memcpy(buf, f->node->data + f->at, n);
	f->at += n;
	return n;
}

ssize_t fs_write(int fd, const void *buf, size_t n)
{
	struct file *f = file_get(fd);

	if (!f)
		return -1;
	if (!file_writes(f->flags))
		return fail(EBADF);
	if (f->flags & O_APPEND)
		f->at = f->node->size;
	if (!n)
		return 0;
	if (f->at > SIZE_LIMIT || n > SIZE_LIMIT - f->at)
		return fail(EFBIG);
	if (f->at + n > f->node->size ? fs_resize(f->node, f->at + n) : fs_own(f->node))
		return -1;
	memcpy(f->node->data + f->at, buf, n);
	f->at += n;
	f->node->mtime = fs_now();
	return n;
}

off_t fs_lseek(int fd, off_t offset, int whence)
{
	struct file *f = file_get(fd);
	off_t base;

	if (!f)
		return -1;
	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = f->at;
		break;
	case SEEK_END:
		base = f->node->size;
		break;
	default:
		return fail(EINVAL);
	}
	if (offset < -base || offset > SIZE_LIMIT - base)
		return fail(EINVAL);
	f->at = base + offset;
	return f->at;
}

int fs_ftruncate(int fd, off_t size)
{
	struct file *f = file_get(fd);

	if (!f)
		return -1;
	if (size < 0 || size > SIZE_LIMIT || !file_writes(f->flags))
		return fail(EINVAL);
	return fs_resize(f->node, size);
}

static int node_stat(const struct fs_node *n, struct stat *st)
{
	static const mode_t types[] = {
		[FS_FILE] = S_IFREG, [FS_DIR] = S_IFDIR, [FS_LINK] = S_IFLNK,
	};

	memset(st, 0, sizeof(*st));
	st->st_mode = types[n->type] | n->mode;
	st->st_ino = n->ino;
	st->st_nlink = 1;
	st->st_size = n->size;
	st->st_blksize = 4096;
	st->st_blocks = (n->size + 511) / 512;
	st->st_mtime = st->st_atime = st->st_ctime = n->mtime;
	return 0;
}

int fs_fstat(int fd, struct stat *st)
{
	struct file *f = file_get(fd);

	return f ? node_stat(f->node, st) : -1;
}

int fs_stat(const char *path, struct stat *st, bool follow)
{
	struct fs_node *n = fs_find(path, follow);

	return n ? node_stat(n, st) : -1;
}

int fs_chmod(const char *path, mode_t mode)
{
	struct fs_node *n = fs_find(path, true);

	if (!n)
		return -1;
	n->mode = mode & 07777;
	return 0;
}

int fs_symlink(const char *target, const char *path)
{
	char leaf[FS_NAME_MAX + 1];
	struct fs_node *dir = fs_find_parent(path, leaf), *n;
	size_t len = strlen(target);

	if (!dir)
		return -1;
	if (!len)
		return fail(ENOENT);
	if (fs_child(dir, leaf))
		return fail(EEXIST);
	n = fs_add(dir, leaf, FS_LINK);
	if (!n)
		return -1;
	if (fs_resize(n, len)) {
		fs_remove(n);
		return -1;
	}
	memcpy(n->data, target, len);
	return 0;
}

ssize_t fs_readlink(const char *path, char *buf, size_t n)
{
	struct fs_node *node = fs_find(path, false);

	if (!node)
		return -1;
	if (node->type != FS_LINK)
		return fail(EINVAL);
	if (n > node->size)
		n = node->size;
	memcpy(buf, node->data, n);
	return n;
}

bool fs_is_dir(const char *path)
{
	struct fs_node *n = fs_find(path, true);

	return n && n->type == FS_DIR;
}

const void *fs_contents(const char *path, size_t *len)
{
	struct fs_node *n = fs_find(path, true);

	if (n && n->type == FS_DIR)
		errno = EISDIR;
	if (!n || n->type == FS_DIR)
		return NULL;
	*len = n->size;
	return n->data ? n->data : "";
}

struct fs_held *fs_hold(const char *path, const void **data, size_t *len)
{
	*data = fs_contents(path, len);
	return *data ? fs_hold_node(fs_find(path, true)) : NULL;
}

char *fs_read_all(const char *path, size_t *len)
{
	size_t n;
	const void *data = fs_contents(path, &n);
	char *copy = data ? malloc(n + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, data, n);
	copy[n] = '\0';
	if (len)
		*len = n;
	return copy;
}

int fs_write_all(const char *path, const void *data, size_t len)
{
	int fd = fs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = fs_write(fd, data, len);
	fs_close(fd);
	return n == (ssize_t)len ? 0 : -1;
}

/* Listing goes by name, so that changes meanwhile cannot lead astray. */
struct fs_dir {
	struct fs_node *node;
	char last[FS_NAME_MAX + 1];
	struct fs_dirent entry;
};

struct fs_dir *fs_opendir(const char *path)
{
	struct fs_node *n = fs_find(path, true);
	struct fs_dir *d;

	if (!n)
		return NULL;
	if (n->type != FS_DIR) {
		errno = ENOTDIR;
		return NULL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	n->refs++;
	d->node = n;
	return d;
}

const struct fs_dirent *fs_readdir(struct fs_dir *d)
{
	const struct fs_node *n = d->node->children;

	while (n && strcmp(n->name, d->last) <= 0)
		n = n->next;
	if (!n)
		return NULL;
	strncpy(d->last, n->name, FS_NAME_MAX);
	d->entry = (struct fs_dirent){
		.name = d->last,
		.is_dir = n->type == FS_DIR,
		.size = n->size,
		.mtime = n->mtime,
	};
	return &d->entry;
}

void fs_closedir(struct fs_dir *d)
{
	fs_put(d->node);
	free(d);
}
