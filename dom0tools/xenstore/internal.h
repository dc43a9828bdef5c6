/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share. A view is a tree that requests work on: the
 * store's own, or the private one of a transaction.
 */
#pragma once

#include "node.h"
#include "store.h"

/* ---- paths: path.c ---- */

#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

enum path_kind {
	PATH_NODE,	/* must be an ordinary path */
	PATH_SPECIAL,	/* may also be @introduceDomain or @releaseDomain */
	PATH_WATCH,	/* may also be @releaseDomain/DOMID */
};

struct path {
	char abs[PATH_SIZE];	/* "/" for the root; "/@name" for special ones */
	uint16_t skip;		/* bytes that the client did not write */
};

/** Checks a client's path and makes it absolute. Returns 0 or -EINVAL. */
int path_parse(struct path *path, const char *text, domid_t domid, enum path_kind kind);
/** Cuts the last name off, in place: "/a/b" to "/a", "/a" to "/". */
void path_to_parent(char *abs);

/* ---- accounts: account.c ---- */

/** What a domain uses. One exists while something is used or a connection is open. */
struct account {
	domid_t domid;
	uint32_t nodes, watches, transactions, conns;
	uint64_t bytes;			/* of nodes and watches */
	uint32_t transaction_bytes;
	struct account *next;
};

/** Changes of what nodes cost that are not yet in the accounts. */
struct tally_entry {
	domid_t domid;
	int32_t nodes;
	int64_t bytes;
};

struct tally {
	struct tally_entry *entries;
	size_t n, cap;
};

#define ACCOUNT_BUCKETS 256

/** The account, made when missing; NULL when memory is out. */
struct account *account_get(struct store *store, domid_t domid);
/** To be called after a count went down. */
void account_trim(struct store *store, struct account *account);
/** Notes nodes and bytes more (or less). Returns 0 or -ENOMEM. */
int tally_add(struct tally *tally, domid_t domid, int32_t nodes, int64_t bytes);
/** What is noted for the domain. */
struct tally_entry tally_of(const struct tally *tally, domid_t domid);
/** Whether the quotas let the domain have so much more; there are none for dom0. */
bool tally_fits(struct store *store, const struct tally *tally, domid_t domid, uint32_t nodes,
		uint64_t bytes);
/** Makes sure that tally_apply() cannot fail. Returns 0 or -ENOMEM. */
int tally_reserve(struct store *store, const struct tally *tally);
/** Books the tally and empties it. */
void tally_apply(struct store *store, struct tally *tally);
void tally_clear(struct tally *tally);

/* ---- views: view.c ---- */

struct view {
	struct store *store;
	struct node *root;
	struct tally tally;
};

/** Whether the entry, not the first of its list, is for a domain that lives. */
bool perm_counts(const struct store *store, const struct perm *perm);
/** What conn may do with the node: bits of enum perm_bits. */
unsigned int view_perms(const struct store_conn *conn, const struct node *node);
/**
 * The node, if conn has all of the rights. Otherwise NULL with *err -ENOENT, or -EACCES
 * also for what is missing where conn could not see it anyway.
 */
struct node *view_find(struct view *view, const struct store_conn *conn, const char *path,
		       unsigned int rights, int *err);
/** Sets the value; makes the node and its parents when missing. */
int view_write(struct view *view, const struct store_conn *conn, const char *path,
	       const char *value, uint32_t len);
/** Makes the node when missing. *changed says whether it was. */
int view_mkdir(struct view *view, const struct store_conn *conn, const char *path, bool *changed);
/** Removes the node. *changed is false when only the parent was there. */
int view_rm(struct view *view, const struct store_conn *conn, const char *path, bool *changed);
int view_set_perms(struct view *view, const struct store_conn *conn, const char *path,
		   const struct perm *perms, uint32_t n);
/** Removes a subtree without asking for rights; the node must exist. */
int view_remove_tree(struct view *view, const char *path);

/* ---- watches: watch.c ---- */

struct watch;
struct event;

struct watch_index {
	struct watch **buckets;
	size_t n_buckets, n_watches;
};

int watch_add(struct store_conn *conn, const struct path *path, const char *token, int depth);
/** Returns 0 or -ENOENT. */
int watch_remove(struct store_conn *conn, const struct path *path, const char *token);
void watch_remove_all(struct store_conn *conn);
/** What the connection's watches cost. */
uint64_t watch_bytes(const struct store_conn *conn);
/** Queues the event with the watch's own path, that each watch begins with. */
void watch_fire_first(struct store_conn *conn);
/**
 * Tells who watches path or a parent of it. old and new are the trees before
 * and after, for rights: who could or can read the node or can read its parent hears of it.
 */
void watch_fire(struct store *store, const char *path, struct node *old, struct node *new);
/** As watch_fire(), and also tells who watches exactly a node of the removed subtree. */
void watch_fire_removed(struct store *store, const char *path, struct node *old,
			struct node *new);

/* ---- transactions: transaction.c ---- */

enum access_kind {
	ACCESS_NODE = 1,
	ACCESS_KIDS = 2,
	ACCESS_TREE = 4,
	ACCESS_WAY = 8,		/* how far one can go, and with which rights */
};
enum op_kind { OP_WRITE, OP_MKDIR, OP_RM, OP_SET_PERMS };

struct op {
	struct op *next;
	enum op_kind kind;
	char *path;
	char *value;
	uint32_t len;
	struct perm *perms;
	uint32_t n_perms;
};

#define ACCESS_BUCKETS 64

struct transaction {
	struct transaction *next;
	struct store_conn *conn;
	/* A guest's: among those of all guests, that whose snapshot is the oldest first. */
	struct transaction *later, **plater;
	uint64_t left_behind;	/* node_left_behind() when its snapshot was taken */
	uint64_t copied;	/* what its own changes will leave behind when it commits */
	bool lost;		/* it has met a conflict already */
	uint32_t id;
	struct view view;
	struct node *base;	/* the store's root when it began */
	struct op *ops, **ops_tail;
	struct access *accesses[ACCESS_BUCKETS];
	uint32_t touched, bytes;	/* of accesses and ops, for the quota */
};

/** Returns the id, or -errno. */
int64_t transaction_start(struct store_conn *conn);
struct transaction *transaction_find(struct store_conn *conn, uint32_t id);
/** Ends it. Returns 0, or -EAGAIN when a commit met a conflict. */
int transaction_end(struct store_conn *conn, struct transaction *txn, bool commit);
void transaction_end_all(struct store_conn *conn);
/** After a change of the store: exchanges snapshots when they keep more alive than they may. */
void snapshots_bound(struct store *store);
/**
 * Carries out an operation: on the store when txn is NULL, firing its watches,
 * otherwise in the transaction.
 */
int transaction_do(struct store_conn *conn, struct transaction *txn, const struct op *op);

/* ---- what transactions depend on: access.c ---- */

/** Books a note or an operation of so many bytes. 0, or -ENOSPC: beyond what a guest may have. */
int transaction_touch(const struct store_conn *conn, struct transaction *txn, size_t bytes);
/** Notes that the transaction depends on the path. Nothing is noted when txn is NULL. */
int transaction_note(const struct store_conn *conn, struct transaction *txn, const char *path,
		     enum access_kind kind);
/**
 * Notes that the answer came from where the path ended: it led to nothing, or rights were missing.
 * Returns err, or the error of noting.
 */
int transaction_note_way(const struct store_conn *conn, struct transaction *txn,
			 const char *path, int err);
/** Whether any of it has changed in the store since the transaction's base. */
bool transaction_conflicts(const struct transaction *txn);
void accesses_free(struct transaction *txn);

/* ---- the store and its connections ---- */

struct store_conn {
	struct store *store;
	struct store_conn *next, **pprev;
	domid_t domid;
	domid_t target;		/* whose rights it has too; DOMID_INVALID if none */
	void *owner;
	struct account *account;
	struct watch *watches;	/* the newest first */
	struct transaction *transactions;
	struct event *events, **events_tail;
	uint32_t n_events, event_bytes;
	bool told;		/* event_pending was called, the queue not yet empty */
	bool missed;		/* one of its watches has missed an event */
};

/* ---- names of domains (names.c) ---- */

#define NAME_BUCKETS 256

struct names {
	struct name *by_value[NAME_BUCKETS], *by_id[NAME_BUCKETS];
	bool stale;
};

/** The node at path, of the store's tree, has changed, come or gone with all below. */
void names_changed(struct store *store, const char *path);
void names_clear(struct names *names);

struct store {
	const struct store_ops *ops;
	void *ctx;
	struct view main;
	uint64_t gen;
	uint32_t next_transaction;
	struct transaction *snapshots, **snapshots_tail;	/* of guests */
	struct store_quota quota;
	struct watch_index watches;
	struct names names;
	struct account *accounts[ACCOUNT_BUCKETS];
	uint16_t lives[DOMID_FIRST_RESERVED];	/* see life_of() */
	struct store_conn *conns;
};

/**
 * How many domains of this id have died. Permissions name the life that they were given to: numbers are used
 * again, and what one domain was allowed is not the next one's.
 */
static inline uint16_t life_of(const struct store *store, domid_t domid)
{
	return domid < DOMID_FIRST_RESERVED ? store->lives[domid] : 0;
}

static inline bool conn_is_privileged(const struct store_conn *conn)
{
	return conn->domid == 0;
}

/* ---- requests: request.c dispatches, tree.c and control.c handle ---- */

struct call {
	struct store *store;
	struct store_conn *conn;
	struct transaction *txn;	/* NULL outside of one */
	struct view *view;
	const char *in;			/* a NUL follows in[len - 1] */
	uint32_t len;
	char *out;			/* XENSTORE_PAYLOAD_MAX bytes */
	uint32_t out_len;
};

/** Takes n strings off the payload, each with its NUL. Returns how many are there, up to n. */
unsigned int call_strings(const struct call *call, const char **strings, unsigned int n);
/** The only string of the payload, or NULL when there is none or something follows. */
const char *call_only_string(const struct call *call);
/** Replies with the text and its NUL. */
int call_reply_text(struct call *call, const char *text);
/** A decimal number of at most max. Returns false when text is anything else. */
bool parse_number(const char *text, uint64_t max, uint64_t *value);
/** A domid in decimal that a real domain may have. */
bool parse_domid(const char *text, domid_t *domid);

int tree_read(struct call *call);
int tree_directory(struct call *call);
int tree_directory_part(struct call *call);
int tree_get_perms(struct call *call);
int tree_set_perms(struct call *call);
int tree_write(struct call *call);
int tree_mkdir(struct call *call);
int tree_rm(struct call *call);

int control_introduce(struct call *call);
int control_release(struct call *call);
int control_resume(struct call *call);
int control_set_target(struct call *call);
int control_is_introduced(struct call *call);
int control_domain_path(struct call *call);
int control_command(struct call *call);
