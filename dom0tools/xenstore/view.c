/* SPDX-License-Identifier: MIT */
/*
 * Reading and changing a view of the tree with the rights of a connection. A change
 * that fails leaves the view's contents and its tally as they were (a write that runs out
 * of memory at the very end may leave its new node, empty).
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

bool perm_counts(const struct store *store, const struct perm *perm)
{
	return perm->life == life_of(store, perm->domid);
}

unsigned int view_perms(const struct store_conn *conn, const struct node *node)
{
	const unsigned int all = PERM_READ | PERM_WRITE | PERM_OWNER;
	unsigned int bits = node->perms[0].bits;

	if (conn_is_privileged(conn) || node_owner(node) == conn->domid ||
	    node_owner(node) == conn->target)
		return all;
	for (uint32_t i = 1; i < node->n_perms; i++) {
		const struct perm *perm = &node->perms[i];

		if (perm->domid != conn->domid && perm->domid != conn->target)
			continue;
		if (!perm_counts(conn->store, perm))
			continue;
		if (perm->domid == conn->domid)
			return perm->bits;
		bits = perm->bits;
	}
	return bits;
}

struct node *view_find(struct view *view, const struct store_conn *conn, const char *path,
		       unsigned int rights, int *err)
{
	const char *rest;
	struct node *node = node_lookup_deepest(view->root, path, &rest);

	if ((view_perms(conn, node) & rights) != rights)
		*err = -EACCES;
	else if (*rest)
		*err = -ENOENT;
	else
		return node;
	return NULL;
}

static unsigned int count_parts(const char *rest)
{
	unsigned int n = 0;

	for (; *rest; rest++)
		n += rest[0] == '/' && rest[1];
	return n;
}

/* What the missing nodes will cost: all names together are rest without its slashes. */
static uint64_t missing_price(const char *rest, unsigned int missing, uint32_t n_perms)
{
	return missing * node_price(0, n_perms, 0) + strlen(rest) - missing;
}

/* Takes away the first of the missing nodes. The way down is ours alone: this allocates nothing. */
static void remove_first(struct view *view, const char *path, const char *rest)
{
	size_t len = (size_t)(rest - path) + 1 + strcspn(rest + 1, "/");
	char first[PATH_SIZE];

	memcpy(first, path, len);
	first[len] = '\0';
	node_remove(&view->root, first, ++view->store->gen);
}

/*
 * Adds the missing nodes, parents first; rest is the part of path that is missing. *made is the
 * last of them.
 */
static int add_missing(struct view *view, const char *path, const char *rest,
		       const struct perm *perms, uint32_t n_perms, struct node **made)
{
	uint64_t gen = ++view->store->gen;
	struct node *node = node_own(&view->root, path, (size_t)(rest - path), gen), *kid;
	const char *at = rest;

	if (!node)
		return -ENOMEM;
	while (*at) {
		size_t len = strcspn(++at, "/");

		kid = node_add_below(node, at, len, perms, n_perms, gen);
		if (!kid) {
			if (at != rest + 1)
				remove_first(view, path, rest);
			return -ENOMEM;
		}
		node = kid;
		at += len;
	}
	*made = node;
	return 0;
}

/* more: bytes that the caller will add to the node; there must be room for them, too. */
static int make_missing(struct view *view, const struct store_conn *conn, const char *path,
			const struct node *parent, const char *rest, uint32_t more,
			struct node **made)
{
	uint32_t n_perms = parent->n_perms;
	struct perm *perms = malloc(n_perms * sizeof(*perms));
	unsigned int missing = count_parts(rest);
	uint64_t price;
	int err;

	if (!perms)
		return -ENOMEM;
	/* Permissions are inherited, but guests own what they make. */
	memcpy(perms, parent->perms, n_perms * sizeof(*perms));
	price = missing_price(rest, missing, n_perms);
	if (!conn_is_privileged(conn)) {
		perms[0].domid = conn->domid;
		if (!tally_fits(view->store, &view->tally, conn->domid, missing, price + more)) {
			free(perms);
			return -ENOSPC;
		}
	}
	err = tally_add(&view->tally, perms[0].domid, (int32_t)missing, (int64_t)price);
	if (!err) {
		err = add_missing(view, path, rest, perms, n_perms, made);
		if (err)
			tally_add(&view->tally, perms[0].domid, -(int32_t)missing,
				  -(int64_t)price);
	}
	free(perms);
	return err;
}

/*
 * The common start of write and mkdir. Returns 1 when made, 0 when it was there, -errno. *node is
 * the node; when it was made, it is part of this tree alone.
 */
static int make_node(struct view *view, const struct store_conn *conn, const char *path,
		     uint32_t more, struct node **node)
{
	const char *rest;

	*node = node_lookup_deepest(view->root, path, &rest);
	if (!(view_perms(conn, *node) & PERM_WRITE))
		return -EACCES;
	if (!*rest)
		return 0;

	int err = make_missing(view, conn, path, *node, rest, more, node);

	return err ? err : 1;
}

int view_write(struct view *view, const struct store_conn *conn, const char *path,
	       const char *value, uint32_t len)
{
	if (!conn_is_privileged(conn) && len > view->store->quota.node_size)
		return -ENOSPC;

	struct node *node;
	int made = make_node(view, conn, path, len, &node);

	if (made < 0)
		return made;

	domid_t owner = node_owner(node);
	int64_t more = (int64_t)len - node->len;
	int err;

	if (!made && !conn_is_privileged(conn) && more > 0 &&
	    !tally_fits(view->store, &view->tally, owner, 0, (uint64_t)more))
		return -ENOSPC;
	err = tally_add(&view->tally, owner, 0, more);
	if (err)
		return err;
	if (made)
		err = node_fill(node, value, len, view->store->gen);
	else
		err = node_set_value(&view->root, path, value, len, ++view->store->gen);
	if (err)
		tally_add(&view->tally, owner, 0, -more);
	return err;
}

int view_mkdir(struct view *view, const struct store_conn *conn, const char *path, bool *changed)
{
	struct node *node;
	int made = make_node(view, conn, path, 0, &node);

	*changed = made > 0;
	return made < 0 ? made : 0;
}

struct owners {
	struct tally *tally;
	int err;
};

static void count_owner(void *ctx, const char *path, const struct node *node)
{
	struct owners *owners = ctx;

	(void)path;
	if (tally_add(owners->tally, node_owner(node), -1, -(int64_t)node_bytes(node)))
		owners->err = -ENOMEM;
}

int view_remove_tree(struct view *view, const char *path)
{
	struct tally gone = { 0 };
	struct owners owners = { .tally = &gone };
	int err;

	node_walk(node_lookup(view->root, path), path, count_owner, &owners);
	err = owners.err;
	/* Entries of zero first, so that adding the counts later needs no memory. */
	for (size_t i = 0; !err && i < gone.n; i++)
		err = tally_add(&view->tally, gone.entries[i].domid, 0, 0);
	if (!err)
		err = node_remove(&view->root, path, ++view->store->gen);
	for (size_t i = 0; !err && i < gone.n; i++) {
		tally_add(&view->tally, gone.entries[i].domid, gone.entries[i].nodes,
			  gone.entries[i].bytes);
		node_note_left_behind((uint64_t)-gone.entries[i].bytes);
	}
	tally_clear(&gone);
	return err;
}

int view_rm(struct view *view, const struct store_conn *conn, const char *path, bool *changed)
{
	const char *rest;
	struct node *node = node_lookup_deepest(view->root, path, &rest);

	*changed = false;
	if (!(view_perms(conn, node) & PERM_WRITE))
		return -EACCES;
	if (*rest)
		return count_parts(rest) == 1 ? 0 : -ENOENT;
	if (node == view->root)
		return -EINVAL;
	*changed = true;
	return view_remove_tree(view, path);
}

int view_set_perms(struct view *view, const struct store_conn *conn, const char *path,
		   const struct perm *perms, uint32_t n)
{
	int err = 0;
	struct node *node = view_find(view, conn, path, PERM_WRITE | PERM_OWNER, &err);

	if (!node)
		return err;

	domid_t owner = node_owner(node);

	if (!conn_is_privileged(conn)) {
		if (perms[0].domid != owner)
			return -EPERM;
		if (n > view->store->quota.permissions)
			return -ENOSPC;
	}

	int64_t before = (int64_t)node_bytes(node);
	int64_t after = before + ((int64_t)n - node->n_perms) * (int64_t)sizeof(*perms);

	err = tally_add(&view->tally, owner, 0, 0);
	if (!err)
		err = tally_add(&view->tally, perms[0].domid, 0, 0);
	if (!err)
		err = node_set_perms(&view->root, path, perms, n, ++view->store->gen);
	if (err)
		return err;
	/* Cannot fail: both entries are there. */
	tally_add(&view->tally, owner, -1, -before);
	tally_add(&view->tally, perms[0].domid, 1, after);
	return 0;
}
