// SPDX-License-Identifier: MIT
/* See storemodel.h. */
#include "dom0/storemodel.h"

#include <stdio.h>
#include <string.h>

enum { READ = 1, WRITE = 2, OWN = 4 };

const char *const model_paths[PATHS] = { "/", "/a", "/a/b", "/a/b/c", "/d" };

static const uint8_t parent_of[PATHS] = { AT_ROOT, AT_ROOT, AT_A, AT_A_B, AT_ROOT };

static const struct {
	const char *text[2];
	uint8_t owner, others, named, bits;
} perms[] = {
	{ { "n1", "b2" }, 1, 0, 2, READ | WRITE },
	{ { "r1", NULL }, 1, READ, 0, 0 },
	{ { "n2", NULL }, 2, 0, 0, 0 },
	{ { "b0", NULL }, 0, READ | WRITE, 0, 0 },
	[PERMS_VOID] = { { "n1", NULL }, 1, 0, 0, 0 },
};

unsigned model_parent(unsigned path)
{
	return parent_of[path];
}

bool model_below(unsigned path, unsigned other)
{
	while (other != path && other != AT_ROOT)
		other = parent_of[other];
	return other == path;
}

bool model_related(unsigned path, unsigned other)
{
	return model_below(path, other) || model_below(other, path);
}

void model_init(struct model_tree *tree)
{
	memset(tree, 0, sizeof(*tree));
	tree->node[AT_ROOT].there = true;
}

const char *const *model_perms(unsigned arg)
{
	return perms[arg].text;
}

static unsigned rights(const struct model_node *n, unsigned domid)
{
	if (!domid || n->owner == domid)
		return READ | WRITE | OWN;
	return n->named == domid ? n->bits : n->others;
}

bool model_may_read(const struct model_tree *tree, unsigned path, unsigned domid)
{
	return tree->node[path].there && (rights(&tree->node[path], domid) & READ);
}

int model_owned(const struct model_tree *tree, unsigned domid)
{
	int n = 0;

	for (unsigned i = AT_ROOT + 1; i < PATHS; i++)
		n += tree->node[i].there && tree->node[i].owner == domid;
	return n;
}

static void remove_tree(struct model_tree *tree, unsigned path)
{
	for (unsigned i = 0; i < PATHS; i++)
		if (model_below(path, i))
			memset(&tree->node[i], 0, sizeof(tree->node[i]));
}

unsigned model_forget(struct model_tree *tree, unsigned domid)
{
	unsigned gone = 0;

	/* Parents have lower numbers. */
	for (unsigned i = AT_ROOT + 1; i < PATHS; i++)
		if (tree->node[i].there && tree->node[i].owner == domid) {
			remove_tree(tree, i);
			gone |= 1u << i;
		}
	return gone;
}

void model_end_life(struct model_tree *tree, unsigned domid)
{
	for (unsigned i = 0; i < PATHS; i++)
		if (tree->node[i].named == domid)
			tree->node[i].named = tree->node[i].bits = 0;
}

void model_end_life_in(struct model_request *r, unsigned domid)
{
	if (r->op == MODEL_SET_PERMS && perms[r->arg].named == domid)
		r->arg = PERMS_VOID;
}

/* The nodes that are missing are made, as far as the guest may have so many. */
static const char *make_nodes(struct model_tree *tree, unsigned from, unsigned path,
			      unsigned domid, const int *used)
{
	int missing = 0;

	for (unsigned p = path; p != from; p = parent_of[p])
		missing++;
	if (missing && domid && used[domid] + model_owned(tree, domid) + missing > NODE_QUOTA)
		return "!ENOSPC";
	for (unsigned p = path; p != from; p = parent_of[p]) {
		tree->node[p] = tree->node[from];
		tree->node[p].value = 0;
		if (domid)
			tree->node[p].owner = (uint8_t)domid;
	}
	return NULL;
}

static const char *write_node(struct model_tree *tree, const struct model_request *r,
			      unsigned deepest, const int *used)
{
	struct model_node *n = &tree->node[r->path];
	const char *error = make_nodes(tree, deepest, r->path, r->domid, used);
	bool grows = !error && r->op == MODEL_WRITE && r->arg && !n->value;

	/* An owner who was given more than the quota has no byte to spare. */
	if (grows && r->domid && n->owner && deepest == r->path &&
	    used[n->owner] + model_owned(tree, n->owner) > NODE_QUOTA)
		return "!ENOSPC";
	if (!error && r->op == MODEL_WRITE)
		n->value = r->arg;
	return error;
}

static const char *set_perms(struct model_node *n, const struct model_request *r)
{
	if (r->domid && perms[r->arg].owner != n->owner)
		return "!EPERM";
	n->owner = perms[r->arg].owner;
	n->others = perms[r->arg].others;
	n->named = perms[r->arg].named;
	n->bits = perms[r->arg].bits;
	return NULL;
}

static void list(const struct model_tree *tree, unsigned path, char *text)
{
	for (unsigned i = AT_ROOT + 1; i < PATHS; i++)
		if (tree->node[i].there && parent_of[i] == path)
			strcpy(text, strrchr(model_paths[i], '/') + 1);
}

struct model_reply model_do(struct model_tree *tree, const struct model_request *r,
			    const int *used)
{
	static const uint8_t needs[] = { READ, READ, WRITE, WRITE, WRITE, WRITE | OWN };
	struct model_reply reply = { .text = "OK" };
	struct model_node *n = &tree->node[r->path];
	const char *error = NULL;
	unsigned deepest = r->path;

	while (!tree->node[deepest].there)
		deepest = parent_of[deepest];
	if (needs[r->op] & ~rights(&tree->node[deepest], r->domid))
		error = "!EACCES";
	else if (r->op == MODEL_RM && !n->there)
		error = parent_of[r->path] == deepest ? NULL : "!ENOENT";
	else if (r->op == MODEL_WRITE || r->op == MODEL_MKDIR)
		error = write_node(tree, r, deepest, used);
	else if (!n->there)
		error = "!ENOENT";
	else if (r->op == MODEL_SET_PERMS)
		error = set_perms(n, r);
	reply.changed = !error && r->op > MODEL_LIST;
	if (r->op == MODEL_MKDIR && deepest == r->path)
		reply.changed = false;
	if (r->op == MODEL_RM && deepest != r->path)
		reply.changed = false;
	if (error)
		strcpy(reply.text, error);
	else if (r->op == MODEL_READ)
		snprintf(reply.text, sizeof(reply.text), "%.*s", n->value != 0,
			 &"0123456789"[n->value]);
	else if (r->op == MODEL_LIST)
		list(tree, r->path, strcpy(reply.text, ""));
	else if (r->op == MODEL_RM && reply.changed)
		remove_tree(tree, r->path);
	return reply;
}
