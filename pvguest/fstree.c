// SPDX-License-Identifier: MIT
/* The nodes of the file system in memory: where they are, what they are called, their contents. */
#include <pvguest/fsnode.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/fs.h>

static unsigned int last_ino = 1;
static size_t heap_bytes;

static void *fail(int err)
{
	errno = err;
	return NULL;
}

size_t fs_heap_bytes(void)
{
	return heap_bytes;
}

struct fs_node *fs_child(const struct fs_node *dir, const char *name)
{
	struct fs_node *n = dir->children;

	while (n && strcmp(n->name, name))
		n = n->next;
	return n;
}

/* Names ascend. */
static void link_node(struct fs_node *dir, struct fs_node *node)
{
	struct fs_node **link = &dir->children;

	while (*link && strcmp((*link)->name, node->name) < 0)
		link = &(*link)->next;
	node->next = *link;
	*link = node;
	node->parent = dir;
	dir->mtime = fs_now();
}

struct fs_node *fs_add(struct fs_node *dir, const char *name, enum fs_type type)
{
	struct fs_node *n = calloc(1, sizeof(*n));

	if (n)
		n->name = strdup(name);
	if (!n || !n->name) {
		free(n);
		return fail(ENOMEM);
	}
	n->type = type;
	n->refs = 1;
	n->ino = ++last_ino;
	n->mode = type == FS_DIR ? 0755 : 0644;
	n->mtime = fs_now();
	link_node(dir, n);
	return n;
}

static void unlink_node(struct fs_node *node)
{
	struct fs_node **link = &node->parent->children;

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	node->parent->mtime = fs_now();
	node->parent = NULL;
}

void fs_move(struct fs_node *node, struct fs_node *dir, char *name)
{
	unlink_node(node);
	free(node->name);
	node->name = name;
	link_node(dir, node);
}

/* The contents of a node at some time; the node's own while it has them still. */
struct fs_held {
	struct fs_node *node;		/* NULL: it has others now, or is gone */
	char *data;
	size_t room;
	unsigned int refs;
};

struct fs_held *fs_hold_node(struct fs_node *node)
{
	struct fs_held *h = node->held;

	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return fail(ENOMEM);
		*h = (struct fs_held){ .node = node, .data = node->data, .room = node->room };
		node->held = h;
		node->room = 0;
	}
	h->refs++;
	return h;
}

void fs_release(struct fs_held *h)
{
	if (!h || --h->refs)
		return;
	if (h->node) {
		h->node->held = NULL;
		h->node->room = h->room;
	} else if (h->room) {
		free(h->data);
		heap_bytes -= h->room;
	}
	free(h);
}

/* The node gets other contents: what is held stays with who holds it. */
static void leave_held(struct fs_node *node)
{
	if (node->held)
		node->held->node = NULL;
	node->held = NULL;
}

static void drop_contents(struct fs_node *node)
{
	leave_held(node);
	if (node->room)
		free(node->data);
	heap_bytes -= node->room;
	node->data = NULL;
	node->size = node->room = 0;
}

void fs_put(struct fs_node *node)
{
	if (--node->refs)
		return;
	drop_contents(node);
	free(node->name);
	free(node);
}

void fs_remove(struct fs_node *node)
{
	unlink_node(node);
	fs_put(node);
}

int fs_resize(struct fs_node *node, size_t size)
{
	size_t room = node->room;

	if (size > room) {
		char *data;

		room = size < 256 ? 256 : size + size / 4;
		data = realloc(node->room ? node->data : NULL, room);
		if (!data) {
			errno = ENOSPC;
			return -1;
		}
		if (!node->room && node->size)
			memcpy(data, node->data, node->size < size ? node->size : size);
		heap_bytes += room - node->room;
		leave_held(node);
		node->data = data;
		node->room = room;
	}
	if (size > node->size)
		memset(node->data + node->size, 0, size - node->size);
	node->size = size;
	node->mtime = fs_now();
	return 0;
}

int fs_own(struct fs_node *node)
{
	return node->room || !node->size ? 0 : fs_resize(node, node->size);
}

void fs_borrow(struct fs_node *node, const void *data, size_t size)
{
	drop_contents(node);
	node->data = (char *)data;
	node->size = size;
}
