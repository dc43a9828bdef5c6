// SPDX-License-Identifier: MIT
/* Fills the tree from newc archives; contents stay in the archive until written. */
#include <pvguest/fs.h>

#include <errno.h>
#include <string.h>

#include <hv/cpio.h>

#include <pvguest/fsnode.h>

/* Makes the directories on the way to path; archives need not list them. */
static int make_parents(const char *path)
{
	char part[FS_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = slash - path;

		if (n >= sizeof(part)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, n);
		part[n] = '\0';
		if (!fs_is_dir(part) && fs_mkdir(part))
			return -1;
	}
	return 0;
}

static int add_dir(const char *path, const struct cpio_entry *e)
{
	struct fs_node *n;

	if (!fs_is_dir(path) && fs_mkdir(path))
		return -1;
	n = fs_find(path, true);
	n->mode = e->mode & 07777;
	n->mtime = e->mtime;
	return 0;
}

static int add_file(const char *path, const struct cpio_entry *e, enum fs_type type)
{
	char leaf[FS_NAME_MAX + 1];
	struct fs_node *dir = fs_find_parent(path, leaf), *n;

	if (!dir)
		return -1;
	n = fs_child(dir, leaf);
	if (n && n->type == FS_DIR) {
		errno = EISDIR;
		return -1;
	}
	if (n && n->type != type) {
		fs_remove(n);
		n = NULL;
	}
	if (!n)
		n = fs_add(dir, leaf, type);
	if (!n)
		return -1;
	fs_borrow(n, e->data, e->size);
	n->mode = e->mode & 07777;
	n->mtime = e->mtime;
	return 0;
}

static int add_entry(const struct cpio_entry *e)
{
	char path[FS_PATH_MAX];
	size_t n = strlen(e->name);

	if (!strcmp(e->name, "."))
		return 0;
	if (n + 2 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	path[0] = '/';
	memcpy(path + 1, e->name, n + 1);
	if (make_parents(path))
		return -1;
	switch (e->mode & CPIO_MODE_TYPE) {
	case CPIO_MODE_DIR:
		return add_dir(path, e);
	case CPIO_MODE_FILE:
		return add_file(path, e, FS_FILE);
	case CPIO_MODE_LINK:
		return add_file(path, e, FS_LINK);
	default:
		return 0;		/* devices and the like mean nothing here */
	}
}

int fs_load_cpio(const void *archive, size_t len)
{
	struct cpio_entry e;
	struct cpio cpio;
	int count = 0, rc;

	cpio_open(&cpio, archive, len);
	while ((rc = cpio_next(&cpio, &e)) > 0) {
		if (add_entry(&e))
			return -1;
		count++;
	}
	if (rc < 0) {
		errno = EINVAL;
		return -1;
	}
	return count;
}
