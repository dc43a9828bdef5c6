/* SPDX-License-Identifier: MIT */
/*
 * The store's tree; see node.h for the rules. No function here recurses: a guest may
 * build a path of a thousand levels, and dom0's thread stacks are small.
 */
#include "node.h"

#include <stdlib.h>
#include <string.h>

struct node *node_create(const char *name, size_t name_len, const struct perm *perms,
			 uint32_t n_perms, uint64_t gen)
{
	struct node *node = calloc(1, sizeof(*node) + name_len + 1);

	if (!node)
		return NULL;
	node->perms = malloc(n_perms * sizeof(*perms));
	if (!node->perms) {
		free(node);
		return NULL;
	}
	memcpy(node->perms, perms, n_perms * sizeof(*perms));
	memcpy(node->name, name, name_len);
	node->n_perms = n_perms;
	node->refs = 1;
	node->gen = node->kids_gen = node->below_gen = gen;
	return node;
}

uint64_t node_bytes(const struct node *node)
{
	return node_price(strlen(node->name), node->n_perms, node->len);
}

struct node *node_get(struct node *node)
{
	node->refs++;
	return node;
}

void node_put(struct node *node)
{
	if (--node->refs)
		return;

	struct node *list = node;

	node->next_free = NULL;
	while (list) {
		struct node *dead = list;

		list = dead->next_free;
		for (uint32_t i = 0; i < dead->n_kids; i++) {
			struct node *kid = dead->kids[i];

			if (--kid->refs)
				continue;
			kid->next_free = list;
			list = kid;
		}
		free(dead->kids);
		free(dead->perms);
		free(dead->value);
		free(dead);
	}
}

/*
 * Room for n children and one more. Powers of two: a large folder is copied by each transaction that
 * changes it, and the space of the last copy but one is right for the next.
 */
static uint32_t kids_room(uint32_t n)
{
	uint32_t cap = 4;

	while (cap <= n)
		cap *= 2;
	return cap;
}

/* A copy that shares the children. */
static struct node *node_copy(const struct node *from)
{
	struct node *node = node_create(from->name, strlen(from->name), from->perms,
					from->n_perms, from->gen);

	if (!node)
		return NULL;
	node->kids_gen = from->kids_gen;
	node->below_gen = from->below_gen;
	if (from->len) {
		node->value = malloc(from->len);
		if (!node->value)
			goto drop;
		memcpy(node->value, from->value, from->len);
		node->len = from->len;
	}
	if (from->n_kids) {
		node->cap_kids = kids_room(from->n_kids);
		node->kids = malloc(node->cap_kids * sizeof(*node->kids));
		if (!node->kids)
			goto drop;
		for (uint32_t i = 0; i < from->n_kids; i++)
			node->kids[i] = node_get(from->kids[i]);
		node->n_kids = from->n_kids;
		node->recent = from->recent;
	}
	return node;
drop:
	node_put(node);
	return NULL;
}

/* Compares a child's name with one path component that is not NUL-terminated. */
static int name_compare(const char *name, const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] != part[i])
			return (unsigned char)name[i] - (unsigned char)part[i];
	return name[len] != '\0';
}

/*
 * The index of the child, or where it belongs when it is not there. Who has looked for a child mostly
 * looks for it again, on the way to another node of the same domain.
 */
static uint32_t kid_index(struct node *node, const char *part, size_t len, bool *found)
{
	uint32_t low = 0, high = node->n_kids, mid = node->recent;

	*found = false;
	if (mid >= high)
		mid = high / 2;
	while (low < high) {
		int order = name_compare(node->kids[mid]->name, part, len);

		if (!order) {
			*found = true;
			low = mid;
			break;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
		mid = low + (high - low) / 2;
	}
	node->recent = low;
	return low;
}

/* The next component of *path, which moves behind it; NULL at the end. */
static const char *next_part(const char **path, size_t *len)
{
	const char *at = *path;

	while (*at == '/')
		at++;
	for (*len = 0; at[*len] && at[*len] != '/';)
		++*len;
	*path = at + *len;
	return *len ? at : NULL;
}

struct node *node_lookup_deepest(struct node *root, const char *path, const char **rest)
{
	struct node *node = root;
	const char *part;
	size_t len;

	for (;;) {
		bool found;

		*rest = path;
		part = next_part(&path, &len);
		if (!part)
			break;

		uint32_t i = kid_index(node, part, len, &found);

		if (!found)
			return node;
		node = node->kids[i];
	}
	*rest = "";
	return node;
}

struct node *node_lookup(struct node *root, const char *path)
{
	const char *rest;
	struct node *node = node_lookup_deepest(root, path, &rest);

	return *rest ? NULL : node;
}

static uint64_t left_behind;

uint64_t node_left_behind(void)
{
	return left_behind;
}

void node_note_left_behind(uint64_t bytes)
{
	left_behind += bytes;
}

/* Makes *slot ours alone. */
static struct node *own(struct node **slot)
{
	if ((*slot)->refs > 1) {
		struct node *copy = node_copy(*slot);

		if (!copy)
			return NULL;
		left_behind += node_bytes(*slot) + (*slot)->cap_kids * sizeof(*(*slot)->kids);
		node_put(*slot);
		*slot = copy;
	}
	return *slot;
}

/*
 * A stamp that is left behind by running out of memory half-way is harmless: at worst a
 * transaction is tried again.
 */
struct node *node_own(struct node **root, const char *path, size_t len, uint64_t gen)
{
	const char *end = path + len;
	struct node **slot = root;

	for (;;) {
		struct node *node = own(slot);
		const char *part;
		size_t part_len;
		bool found;

		if (!node)
			return NULL;
		node->below_gen = gen;
		part = path < end ? next_part(&path, &part_len) : NULL;
		if (!part)
			return node;
		slot = &node->kids[kid_index(node, part, part_len, &found)];
	}
}

int node_fill(struct node *node, const char *value, uint32_t len, uint64_t gen)
{
	char *copy = NULL;

	if (len) {
		copy = malloc(len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, value, len);
	}
	free(node->value);
	node->value = copy;
	node->len = len;
	node->gen = gen;
	return 0;
}

int node_set_value(struct node **root, const char *path, const char *value, uint32_t len,
		   uint64_t gen)
{
	struct node *node = node_own(root, path, strlen(path), gen);

	return node ? node_fill(node, value, len, gen) : -ENOMEM;
}

int node_set_perms(struct node **root, const char *path, const struct perm *perms, uint32_t n,
		   uint64_t gen)
{
	struct perm *copy = malloc(n * sizeof(*perms));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, perms, n * sizeof(*perms));

	struct node *node = node_own(root, path, strlen(path), gen);

	if (!node) {
		free(copy);
		return -ENOMEM;
	}
	free(node->perms);
	node->perms = copy;
	node->n_perms = n;
	node->gen = gen;
	return 0;
}

static bool kids_reserve(struct node *node)
{
	if (node->n_kids < node->cap_kids)
		return true;

	uint32_t cap = kids_room(node->n_kids);
	struct node **kids = realloc(node->kids, cap * sizeof(*kids));

	if (!kids)
		return false;
	node->kids = kids;
	node->cap_kids = cap;
	return true;
}

struct node *node_add_below(struct node *parent, const char *name, size_t len,
			    const struct perm *perms, uint32_t n, uint64_t gen)
{
	struct node *node = node_create(name, len, perms, n, gen);

	if (!node)
		return NULL;
	if (!kids_reserve(parent)) {
		node_put(node);
		return NULL;
	}

	bool found;
	uint32_t at = kid_index(parent, name, len, &found);

	memmove(&parent->kids[at + 1], &parent->kids[at],
		(parent->n_kids - at) * sizeof(*parent->kids));
	parent->kids[at] = node;
	parent->n_kids++;
	parent->kids_gen = parent->below_gen = gen;
	return node;
}

int node_add(struct node **root, const char *path, const struct perm *perms, uint32_t n,
	     uint64_t gen)
{
	const char *name = strrchr(path, '/') + 1;
	struct node *parent = node_own(root, path, (size_t)(name - 1 - path), gen);

	return parent && node_add_below(parent, name, strlen(name), perms, n, gen) ? 0 : -ENOMEM;
}

int node_remove(struct node **root, const char *path, uint64_t gen)
{
	const char *name = strrchr(path, '/') + 1;
	struct node *parent = node_own(root, path, (size_t)(name - 1 - path), gen);

	if (!parent)
		return -ENOMEM;

	bool found;
	uint32_t at = kid_index(parent, name, strlen(name), &found);
	struct node *node = parent->kids[at];

	parent->n_kids--;
	memmove(&parent->kids[at], &parent->kids[at + 1],
		(parent->n_kids - at) * sizeof(*parent->kids));
	parent->kids_gen = gen;
	node_put(node);
	return 0;
}

void node_walk(struct node *node, const char *path, node_visit_fn visit, void *ctx)
{
	static struct {
		const struct node *node;
		uint32_t next, path_len;
	} stack[NODE_DEPTH_MAX + 1];
	static char at[XENSTORE_ABS_PATH_MAX + 2];
	size_t depth = 0, len = strlen(path);

	memcpy(at, path, len + 1);
	visit(ctx, at, node);
	stack[0].node = node;
	stack[0].next = 0;
	stack[0].path_len = (uint32_t)len;
	for (;;) {
		const struct node *top = stack[depth].node;

		if (stack[depth].next == top->n_kids) {
			if (!depth--)
				return;
			continue;
		}

		const struct node *kid = top->kids[stack[depth].next++];
		size_t name_len = strlen(kid->name);

		len = stack[depth].path_len;
		at[len++] = '/';
		memcpy(at + len, kid->name, name_len + 1);
		len += name_len;
		visit(ctx, at, kid);
		depth++;
		stack[depth].node = kid;
		stack[depth].next = 0;
		stack[depth].path_len = (uint32_t)len;
	}
}
