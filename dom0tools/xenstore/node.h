/* SPDX-License-Identifier: MIT */
/*
 * The tree as a persistent data structure. A node that is shared (by the tree of a
 * transaction, or by whoever keeps an old root) is never changed: the path from
 * the root down to the change is copied instead. So a snapshot costs one
 * reference, a commit without conflict one pointer, and giving up needs no undo.
 *
 * Paths here are absolute, valid, without a trailing slash; "" or "/" is the root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/* xs_wire.h gives its table of error names only where errno is known. */
#include <errno.h>
#include <xen/io/xs_wire.h>

/* A path has a slash before each name, so no node lies deeper than this. */
#define NODE_DEPTH_MAX (XENSTORE_ABS_PATH_MAX / 2)

enum perm_bits { PERM_NONE = 0, PERM_READ = 1, PERM_WRITE = 2, PERM_OWNER = 4 };

struct perm {
	domid_t domid;
	uint16_t life;		/* of the domain, see life_of(); of the owner's entry it means nothing */
	uint8_t bits;
};

struct node {
	unsigned int refs;
	uint32_t n_kids, cap_kids;
	uint32_t len;		/* of the value */
	uint32_t n_perms;
	uint32_t recent;	/* where a child was looked for last: a hint, in shared nodes too */
	uint64_t gen;		/* changes with value, permissions, creation */
	uint64_t kids_gen;	/* changes with the list of children */
	uint64_t below_gen;	/* changes with anything at or below */
	struct node **kids;	/* sorted by name */
	struct perm *perms;	/* the first entry names the owner */
	char *value;
	struct node *next_free;
	char name[];
};

/** What a node costs: a flat price and what is variable of it. */
#define NODE_PRICE 128
static inline uint64_t node_price(size_t name_len, uint32_t n_perms, uint32_t len)
{
	return NODE_PRICE + name_len + n_perms * sizeof(struct perm) + len;
}

/** The price of this node as it is. */
uint64_t node_bytes(const struct node *node);

/** Called for each node of a walk. */
typedef void (*node_visit_fn)(void *ctx, const char *path, const struct node *node);

/** A new node with one reference, or NULL. */
struct node *node_create(const char *name, size_t name_len, const struct perm *perms,
			 uint32_t n_perms, uint64_t gen);
struct node *node_get(struct node *node);
/** Drops a reference; the last one frees the node and what hangs on it. */
void node_put(struct node *node);

/**
 * Bytes of nodes that changes have left to whoever else holds them, since ever: how far it has grown is at
 * least what a root of then keeps alive that is not part of the tree any more.
 */
uint64_t node_left_behind(void);
/** Adds to them, or with the two's complement takes away what does not count yet. */
void node_note_left_behind(uint64_t bytes);

/** The node at path, or NULL. */
struct node *node_lookup(struct node *root, const char *path);
/** The deepest existing node on the way to path; *rest gets what is missing, "" if nothing. */
struct node *node_lookup_deepest(struct node *root, const char *path, const char **rest);
static inline domid_t node_owner(const struct node *node)
{
	return node->perms[0].domid;
}

/*
 * Changes. Each takes the root by reference, as copying may replace it, and stamps
 * gen on what it changes. On -ENOMEM the tree's contents are as before.
 */
/**
 * Makes what the first len bytes of path lead to, and the way there, part of this tree alone, and
 * stamps gen as "changed below" on it. The node must exist. NULL: no memory.
 */
struct node *node_own(struct node **root, const char *path, size_t len, uint64_t gen);
/** Sets the value of a node that node_own() or node_add_below() has given. */
int node_fill(struct node *node, const char *value, uint32_t len, uint64_t gen);
/** Adds a child, which must not be there, to a node that node_own() has given. NULL: no memory. */
struct node *node_add_below(struct node *parent, const char *name, size_t len,
			    const struct perm *perms, uint32_t n, uint64_t gen);
int node_set_value(struct node **root, const char *path, const char *value, uint32_t len,
		   uint64_t gen);
int node_set_perms(struct node **root, const char *path, const struct perm *perms, uint32_t n,
		   uint64_t gen);
/** Adds a child with an empty value; its parent must exist and the child must not. */
int node_add(struct node **root, const char *path, const struct perm *perms, uint32_t n,
	     uint64_t gen);
/** Removes the node and all below, which is not noted as left behind; it must exist, and not be the root. */
int node_remove(struct node **root, const char *path, uint64_t gen);

/**
 * Visits node and everything below it, parents first. path is the node's own
 * path, "" for the root. Not reentrant.
 */
void node_walk(struct node *node, const char *path, node_visit_fn visit, void *ctx);
