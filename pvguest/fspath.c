// SPDX-License-Identifier: MIT
/* Paths of the file system in memory: the walk along one, and what is done by path. */
#include <pvguest/fsnode.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/fs.h>

static struct fs_node root = { .type = FS_DIR, .refs = 1, .ino = 1, .mode = 0755, .name = "" };
static struct fs_node *cwd = &root;

static void *fail(int err)
{
	errno = err;
	return NULL;
}

static int fail_int(int err)
{
	errno = err;
	return -1;
}

/* The walk along a path; links on the way are spliced into `rest`. */
struct walk {
	struct fs_node *dir;
	unsigned int links;
	char rest[FS_PATH_MAX];
};

/* Cuts the next component off into name. Returns false at the end. */
static bool walk_next(struct walk *w, char *name)
{
	char *at = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(at, "/");

	if (!n || n > FS_NAME_MAX)
		return false;
	memcpy(name, at, n);
	name[n] = '\0';
	memmove(w->rest, at + n, strlen(at + n) + 1);
	return true;
}

static int walk_link(struct walk *w, const struct fs_node *node)
{
	size_t tail = strlen(w->rest);

	if (++w->links > FS_LINKS_MAX)
		return fail_int(ELOOP);
	if (node->size + tail + 1 > sizeof(w->rest))
		return fail_int(ENAMETOOLONG);
	memmove(w->rest + node->size, w->rest, tail + 1);
	memcpy(w->rest, node->data, node->size);
	if (w->rest[0] == '/')
		w->dir = &root;
	return 0;
}

static bool path_ended(const struct walk *w)
{
	return !w->rest[strspn(w->rest, "/")];
}

static struct fs_node *parent_of(struct fs_node *dir)
{
	return dir->parent ? dir->parent : dir;
}

/* One component: moves w->dir, or gives the node that is not a directory to move to. */
static struct fs_node *walk_step(struct walk *w, const char *name, bool follow)
{
	struct fs_node *n;

	if (w->dir->type != FS_DIR)
		return fail(ENOTDIR);
	if (!strcmp(name, "."))
		n = w->dir;
	else if (!strcmp(name, ".."))
		n = parent_of(w->dir);
	else
		n = fs_child(w->dir, name);
	if (!n)
		return fail(ENOENT);
	if (n->type == FS_LINK && (follow || !path_ended(w)))
		return walk_link(w, n) ? NULL : w->dir;
	w->dir = n;
	return n;
}

static int walk_start(struct walk *w, const char *path)
{
	size_t n = strlen(path);

	if (!n || n >= sizeof(w->rest))
		return fail_int(n ? ENAMETOOLONG : ENOENT);
	w->dir = *path == '/' ? &root : cwd;
	w->links = 0;
	memcpy(w->rest, path, n + 1);
	return 0;
}

struct fs_node *fs_find(const char *path, bool follow)
{
	char name[FS_NAME_MAX + 1];
	bool want_dir;
	struct walk w;

	if (walk_start(&w, path))
		return NULL;
	want_dir = path[strlen(path) - 1] == '/';
	while (walk_next(&w, name))
		if (!walk_step(&w, name, follow || want_dir))
			return NULL;
	if (!path_ended(&w))
		return fail(ENAMETOOLONG);
	if (want_dir && w.dir->type != FS_DIR)
		return fail(ENOTDIR);
	return w.dir;
}

struct fs_node *fs_find_parent(const char *path, char *leaf)
{
	struct walk w;

	if (walk_start(&w, path))
		return NULL;
	while (walk_next(&w, leaf)) {
		if (path_ended(&w)) {
			if (!strcmp(leaf, ".") || !strcmp(leaf, "..") || w.rest[0])
				return fail(EINVAL);
			return w.dir->type == FS_DIR ? w.dir : fail(ENOTDIR);
		}
		if (!walk_step(&w, leaf, true))
			return NULL;
	}
	return fail(path_ended(&w) ? EEXIST : ENAMETOOLONG);
}

static bool is_inside(const struct fs_node *node, const struct fs_node *dir)
{
	for (; node; node = node->parent)
		if (node == dir)
			return true;
	return false;
}

/* What rename() puts something in the place of. */
static int rename_over(const struct fs_node *node, struct fs_node *old)
{
	if (old->type == FS_DIR && node->type != FS_DIR)
		return fail_int(EISDIR);
	if (old->type != FS_DIR && node->type == FS_DIR)
		return fail_int(ENOTDIR);
	if (old->children)
		return fail_int(ENOTEMPTY);
	if (old == cwd)
		return fail_int(EBUSY);
	fs_remove(old);
	return 0;
}

int fs_rename(const char *from, const char *to)
{
	char leaf[FS_NAME_MAX + 1], *name;
	struct fs_node *node = fs_find(from, false), *dir, *old;

	if (!node)
		return -1;
	if (node == &root)
		return fail_int(EBUSY);
	dir = fs_find_parent(to, leaf);
	if (!dir)
		return -1;
	if (is_inside(dir, node))
		return fail_int(EINVAL);
	old = fs_child(dir, leaf);
	if (old == node)
		return 0;
	name = strdup(leaf);
	if (!name)
		return fail_int(ENOMEM);
	if (old && rename_over(node, old)) {
		free(name);
		return -1;
	}
	fs_move(node, dir, name);
	return 0;
}

int fs_unlink(const char *path)
{
	struct fs_node *n = fs_find(path, false);

	if (!n)
		return -1;
	if (n->type == FS_DIR)
		return fail_int(EISDIR);
	fs_remove(n);
	return 0;
}

int fs_mkdir(const char *path)
{
	char leaf[FS_NAME_MAX + 1], trimmed[FS_PATH_MAX];
	size_t n = strlen(path);
	struct fs_node *dir;

	if (n >= sizeof(trimmed))
		return fail_int(ENAMETOOLONG);
	memcpy(trimmed, path, n + 1);
	while (n > 1 && trimmed[n - 1] == '/')
		trimmed[--n] = '\0';
	dir = fs_find_parent(trimmed, leaf);
	if (!dir)
		return -1;
	if (fs_child(dir, leaf))
		return fail_int(EEXIST);
	return fs_add(dir, leaf, FS_DIR) ? 0 : -1;
}

int fs_rmdir(const char *path)
{
	struct fs_node *n = fs_find(path, false);

	if (!n)
		return -1;
	if (n->type != FS_DIR)
		return fail_int(ENOTDIR);
	if (n == &root || n == cwd)
		return fail_int(EBUSY);
	if (n->children)
		return fail_int(ENOTEMPTY);
	fs_remove(n);
	return 0;
}

int fs_chdir(const char *path)
{
	struct fs_node *n = fs_find(path, true);

	if (!n)
		return -1;
	if (n->type != FS_DIR)
		return fail_int(ENOTDIR);
	cwd = n;
	return 0;
}

char *fs_getcwd(char *buf, size_t size)
{
	size_t at = size;

	for (const struct fs_node *n = cwd; n != &root || at == size; n = n->parent) {
		size_t len = n == &root ? 0 : strlen(n->name);

		if (at < len + 1 + (at == size))
			return fail(ERANGE);
		if (at == size)
			buf[--at] = '\0';
		at -= len;
		memcpy(buf + at, n->name, len);
		buf[--at] = '/';
		if (n == &root)
			break;
	}
	return memmove(buf, buf + at, size - at);
}

static void remove_below(struct fs_node *dir)
{
	while (dir->children) {
		remove_below(dir->children);
		fs_remove(dir->children);
	}
}

void fs_init(void)
{
	remove_below(&root);
	cwd = &root;
	root.mtime = fs_now();
}
