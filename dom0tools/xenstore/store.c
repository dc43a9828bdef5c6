/* SPDX-License-Identifier: MIT */
/*
 * The store as a whole: making it, connections, what happens when a domain dies, and
 * the comparison of the accounts with the tree.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct store_quota default_quota = {
	.nodes = 1000,
	.memory = 512 << 10,
	.node_size = 2048,
	.permissions = 5,
	.watches = 128,
	.transactions = 10,
	.transaction_nodes = 1024,
	.snapshots = 4 << 20,
};

struct store *store_create(const struct store_ops *ops, void *ctx)
{
	static const struct perm private = { .domid = 0, .bits = PERM_NONE };
	const int64_t price = 3 * (int64_t)node_price(0, 1, 0) +
			      (int64_t)strlen("@introduceDomain" "@releaseDomain");
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->ops = ops;
	store->ctx = ctx;
	store->quota = default_quota;
	store->snapshots_tail = &store->snapshots;
	store->main.store = store;
	store->main.root = node_create("", 0, &private, 1, ++store->gen);
	if (!store->main.root || tally_add(&store->main.tally, 0, 3, price) ||
	    tally_reserve(store, &store->main.tally) ||
	    node_add(&store->main.root, "/@introduceDomain", &private, 1, ++store->gen) ||
	    node_add(&store->main.root, "/@releaseDomain", &private, 1, ++store->gen)) {
		store_destroy(store);
		return NULL;
	}
	tally_apply(store, &store->main.tally);
	return store;
}

void store_destroy(struct store *store)
{
	if (store->main.root)
		node_put(store->main.root);
	tally_clear(&store->main.tally);
	for (size_t i = 0; i < ACCOUNT_BUCKETS; i++) {
		while (store->accounts[i]) {
			struct account *account = store->accounts[i];

			store->accounts[i] = account->next;
			free(account);
		}
	}
	names_clear(&store->names);
	free(store->watches.buckets);
	free(store);
}

struct store_quota *store_quota(struct store *store)
{
	return &store->quota;
}

struct store_conn *store_connect(struct store *store, domid_t domid, void *owner)
{
	struct account *account = account_get(store, domid);
	struct store_conn *conn = account ? calloc(1, sizeof(*conn)) : NULL;

	if (!conn)
		return NULL;
	conn->store = store;
	conn->domid = domid;
	conn->target = DOMID_INVALID;
	conn->owner = owner;
	conn->account = account;
	conn->events_tail = &conn->events;
	conn->next = store->conns;
	conn->pprev = &store->conns;
	if (conn->next)
		conn->next->pprev = &conn->next;
	store->conns = conn;
	account->conns++;
	return conn;
}

void store_conn_reset(struct store_conn *conn)
{
	transaction_end_all(conn);
	watch_remove_all(conn);
}

void store_disconnect(struct store_conn *conn)
{
	store_conn_reset(conn);
	*conn->pprev = conn->next;
	if (conn->next)
		conn->next->pprev = conn->pprev;
	conn->account->conns--;
	account_trim(conn->store, conn->account);
	free(conn);
}

void *store_conn_owner(const struct store_conn *conn)
{
	return conn->owner;
}

domid_t store_conn_domid(const struct store_conn *conn)
{
	return conn->domid;
}

/* The topmost nodes that a domain owns, found in one walk. */
struct owned {
	struct owned *next;
	size_t len;
	char path[];
};

struct search {
	domid_t domid;
	struct owned *found;
};

static void find_owned(void *ctx, const char *path, const struct node *node)
{
	struct search *search = ctx;
	struct owned *last = search->found;

	if (node_owner(node) != search->domid || !path[0])
		return;
	/* Parents are walked first: what lies below the last one goes with it. */
	if (last && !strncmp(path, last->path, last->len) && path[last->len] == '/')
		return;

	struct owned *owned = malloc(sizeof(*owned) + strlen(path) + 1);

	if (!owned)
		return;
	owned->len = strlen(path);
	strcpy(owned->path, path);
	owned->next = last;
	search->found = owned;
}

static void remove_owned(struct store *store, const char *path)
{
	struct node *old = node_get(store->main.root);

	if (!view_remove_tree(&store->main, path)) {
		tally_apply(store, &store->main.tally);
		watch_fire_removed(store, path, old, store->main.root);
	}
	store->main.tally.n = 0;
	node_put(old);
}

static uint32_t nodes_of(struct store *store, domid_t domid)
{
	struct account *a = store->accounts[domid % ACCOUNT_BUCKETS];

	while (a && a->domid != domid)
		a = a->next;
	return a ? a->nodes : 0;
}

static void forget_below(struct store *store, domid_t domid, const char *path)
{
	struct search search = { .domid = domid };
	struct node *node = node_lookup(store->main.root, path);

	if (!node || !nodes_of(store, domid))
		return;
	node_walk(node, path, find_owned, &search);
	while (search.found) {
		struct owned *owned = search.found;

		search.found = owned->next;
		remove_owned(store, owned->path);
		free(owned);
	}
}

void store_forget_domain(struct store *store, domid_t domid)
{
	char home[32];

	store->lives[domid]++;
	for (struct store_conn *conn = store->conns; conn; conn = conn->next)
		if (conn->target == domid)
			conn->target = DOMID_INVALID;

	/* Most often everything is in the domain's own corner. */
	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	forget_below(store, domid, home);
	forget_below(store, domid, "");
	snapshots_bound(store);
}

struct census {
	struct tally tally;
	size_t n;
	bool failed;
};

static void census_visit(void *ctx, const char *path, const struct node *node)
{
	struct census *census = ctx;

	(void)path;
	census->n++;
	if (tally_add(&census->tally, node_owner(node), 1, (int64_t)node_bytes(node)))
		census->failed = true;
	for (uint32_t i = 1; i < node->n_kids; i++)
		if (strcmp(node->kids[i - 1]->name, node->kids[i]->name) >= 0)
			census->failed = true;
}

bool store_check(const struct store *store)
{
	struct census census = { 0 };
	uint64_t booked = 0;

	node_walk(store->main.root, "", census_visit, &census);
	for (const struct store_conn *conn = store->conns; conn; conn = conn->next)
		if (tally_add(&census.tally, conn->domid, 0, (int64_t)watch_bytes(conn)))
			census.failed = true;
	for (size_t i = 0; i < ACCOUNT_BUCKETS; i++) {
		for (const struct account *a = store->accounts[i]; a; a = a->next) {
			struct tally_entry found = tally_of(&census.tally, a->domid);

			booked += a->nodes;
			if (found.nodes != (int32_t)a->nodes || found.bytes != (int64_t)a->bytes)
				census.failed = true;
		}
	}
	tally_clear(&census.tally);
	return !census.failed && booked == census.n;
}

size_t store_node_count(const struct store *store)
{
	struct census census = { 0 };

	node_walk(store->main.root, "", census_visit, &census);
	tally_clear(&census.tally);
	return census.n;
}

const char *store_value(const struct store *store, const char *path, size_t *len)
{
	const struct node *node = node_lookup(store->main.root, path);

	*len = node ? node->len : 0;
	return node ? node->value : NULL;
}
