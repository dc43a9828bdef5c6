/* SPDX-License-Identifier: MIT */
/*
 * What xenstore means, for a tree of four nodes, in arrays: what each request answers and
 * changes. It knows nothing of snapshots, generations or accounts; that the real store,
 * which has all these, does the same is what store_histories.c tries.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The root cannot be named in requests here, but watched. */
enum { AT_ROOT, AT_A, AT_A_B, AT_A_B_C, AT_D, PATHS };
#define DOMAINS 3
#define NODE_QUOTA 2		/* owned by one guest */

struct model_node {
	bool there;
	uint8_t value;		/* a digit, 0 for empty */
	uint8_t owner, others;	/* what those may who are not named: bits of enum perm_bits */
	uint8_t named, bits;	/* one domain with rights of its own; 0: none */
};

struct model_tree {
	struct model_node node[PATHS];
};

enum model_op { MODEL_READ, MODEL_LIST, MODEL_WRITE, MODEL_MKDIR, MODEL_RM, MODEL_SET_PERMS };

struct model_request {
	uint8_t domid;
	enum model_op op;
	uint8_t path, arg;	/* arg: a digit, or a number for model_perms() */
};

struct model_reply {
	char text[16];		/* a value, names, "OK", or "!" and an error's name */
	bool changed;		/* the tree: those who watch hear of it */
};

extern const char *const model_paths[PATHS];

void model_init(struct model_tree *tree);
/** Permissions number arg (of 4) of a node as SET_PERMS' arguments; [1] may be NULL. Number PERMS_VOID is
 *  number 0 after the domain that it names has died. */
enum { PERMS_VOID = 4 };
const char *const *model_perms(unsigned arg);
/**
 * Carries the request out. used[domid] is what it owns already elsewhere: in the main tree
 * less the tree that a transaction began with.
 */
struct model_reply model_do(struct model_tree *tree, const struct model_request *r,
			    const int *used);
/** How many nodes of the tree the domain owns. */
int model_owned(const struct model_tree *tree, unsigned domid);
/** Removes what the domain owns, with what is below. The topmost such nodes, as bits. */
unsigned model_forget(struct model_tree *tree, unsigned domid);
/** The domain has died: what it was allowed is void. */
void model_end_life(struct model_tree *tree, unsigned domid);
/** The same of what a request, made before, allows. */
void model_end_life_in(struct model_request *r, unsigned domid);
bool model_may_read(const struct model_tree *tree, unsigned path, unsigned domid);
unsigned model_parent(unsigned path);
/** Whether path is above or below, or the same as, the other. */
bool model_related(unsigned path, unsigned other);
/** Whether other lies at or below path. */
bool model_below(unsigned path, unsigned other);
