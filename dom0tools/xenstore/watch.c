/* SPDX-License-Identifier: MIT */
/*
 * Watches: who is told of a change.
 *
 * Watches lie in a hash table by the path they watch. A change at a path looks up the
 * path and its parents, so its cost is the depth of the path, however many
 * domains watch something.
 */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token must fit into an event beside the longest path. */
#define TOKEN_MAX (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2)
#define HASH_START 2166136261u

static uint32_t hash_bytes(uint32_t hash, const char *bytes, size_t len)
{
	while (len--)
		hash = (hash ^ (unsigned char)*bytes++) * 16777619u;
	return hash;
}

static struct watch **bucket_of(const struct watch_index *index, uint32_t hash)
{
	return &index->buckets[hash & (index->n_buckets - 1)];
}

/* Doubles the table when it is full. Returns false only when there is no table at all. */
static bool index_grow(struct watch_index *index)
{
	struct watch_index bigger = *index;

	if (index->n_watches < index->n_buckets)
		return true;
	bigger.n_buckets = index->n_buckets ? index->n_buckets * 2 : 64;
	bigger.buckets = calloc(bigger.n_buckets, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return index->n_buckets > 0;
	for (size_t i = 0; i < index->n_buckets; i++) {
		while (index->buckets[i]) {
			struct watch *watch = index->buckets[i];
			struct watch **to = bucket_of(&bigger, watch->hash);

			index->buckets[i] = watch->next_in_bucket;
			watch->next_in_bucket = *to;
			*to = watch;
		}
	}
	free(index->buckets);
	*index = bigger;
	return true;
}

static uint64_t watch_price(size_t token_size, size_t path_size)
{
	return sizeof(struct watch) + token_size + path_size;
}

static uint64_t watch_price_of(const struct watch *watch)
{
	return watch_price(strlen(watch->token) + 1, strlen(watch->path) + 1);
}

uint64_t watch_bytes(const struct store_conn *conn)
{
	uint64_t bytes = 0;

	for (const struct watch *watch = conn->watches; watch; watch = watch->next)
		bytes += watch_price_of(watch);
	return bytes;
}

static struct watch **watch_find(struct store_conn *conn, const char *path, const char *token)
{
	struct watch **at = &conn->watches;

	while (*at && (strcmp((*at)->path, path) || strcmp((*at)->token, token)))
		at = &(*at)->next;
	return at;
}

int watch_add(struct store_conn *conn, const struct path *path, const char *token, int depth)
{
	struct watch_index *index = &conn->store->watches;
	size_t token_size = strlen(token) + 1, path_size = strlen(path->abs) + 1;

	if (token_size - 1 > TOKEN_MAX)
		return -EINVAL;
	if (*watch_find(conn, path->abs, token))
		return -EEXIST;
	if (!conn_is_privileged(conn) &&
	    (conn->account->watches >= conn->store->quota.watches ||
	     conn->account->bytes + watch_price(token_size, path_size) >
	     conn->store->quota.memory))
		return -E2BIG;
	if (!index_grow(index))
		return -ENOMEM;

	struct watch *watch = calloc(1, sizeof(*watch) + token_size + path_size);

	if (!watch)
		return -ENOMEM;
	memcpy(watch->token, token, token_size);
	watch->path = watch->token + token_size;
	memcpy(watch->path, path->abs, path_size);
	watch->skip = path->skip;
	watch->depth = depth;
	watch->conn = conn;
	watch->hash = hash_bytes(HASH_START, watch->path, path_size - 1);
	watch->next = conn->watches;
	conn->watches = watch;
	watch->next_in_bucket = *bucket_of(index, watch->hash);
	*bucket_of(index, watch->hash) = watch;
	index->n_watches++;
	conn->account->watches++;
	conn->account->bytes += watch_price_of(watch);
	return 0;
}

static void watch_delete(struct watch **link)
{
	struct watch *watch = *link;
	struct watch_index *index = &watch->conn->store->watches;
	struct watch **at = bucket_of(index, watch->hash);

	while (*at != watch)
		at = &(*at)->next_in_bucket;
	*at = watch->next_in_bucket;
	*link = watch->next;
	index->n_watches--;
	watch->conn->account->watches--;
	watch->conn->account->bytes -= watch_price_of(watch);
	if (watch->n_events)
		events_drop(watch);
	free(watch);
}

int watch_remove(struct store_conn *conn, const struct path *path, const char *token)
{
	struct watch **link = watch_find(conn, path->abs, token);

	if (!*link)
		return -ENOENT;
	watch_delete(link);
	return 0;
}

void watch_remove_all(struct store_conn *conn)
{
	while (conn->watches)
		watch_delete(&conn->watches);
}

void watch_fire_first(struct store_conn *conn)
{
	event_queue(conn->watches, conn->watches->path);
}

/* What a change looks like to those who might be told. */
struct change {
	const char *path;
	struct node *old, *new;		/* roots, to be looked at when somebody watches the path */
	bool looked;
	const struct node *nodes[3];	/* before, after, the parent after; each may be NULL */
};

static void change_look(struct change *change)
{
	char parent[PATH_SIZE];

	strcpy(parent, change->path);
	path_to_parent(parent);
	change->nodes[0] = change->old ? node_lookup(change->old, change->path) : NULL;
	change->nodes[1] = node_lookup(change->new, change->path);
	change->nodes[2] = node_lookup(change->new, parent);
	change->looked = true;
}

static bool may_hear(const struct store_conn *conn, struct change *change)
{
	if (!change->looked)
		change_look(change);
	for (size_t i = 0; i < 3; i++)
		if (change->nodes[i] && (view_perms(conn, change->nodes[i]) & PERM_READ))
			return true;
	return false;
}

/* How many names path has behind its first len bytes. */
static int levels_below(const char *path, size_t len)
{
	int n = 0;

	if (len == 1 && path[1])	/* the root's slash counts for the first name */
		n = 1;
	for (path += len; *path; path++)
		n += *path == '/';
	return n;
}

/* Tells who watches the first len bytes of the change's path, which have this hash. */
static void fire_prefix(struct store *store, struct change *change, size_t len, uint32_t hash)
{
	struct watch *watch, *next;

	for (watch = *bucket_of(&store->watches, hash); watch; watch = next) {
		next = watch->next_in_bucket;
		if (watch->hash != hash || strncmp(watch->path, change->path, len) ||
		    watch->path[len])
			continue;
		if (watch->depth >= 0 && levels_below(change->path, len) > watch->depth)
			continue;
		if (may_hear(watch->conn, change))
			event_queue(watch, change->path);
	}
}

void watch_fire(struct store *store, const char *path, struct node *old, struct node *new)
{
	struct change change = { .path = path, .old = old, .new = new };
	uint32_t hash = HASH_START;

	names_changed(store, path);
	if (!store->watches.n_watches)
		return;
	/* The root is one byte long; all others end before a slash or at the end. */
	for (size_t len = 1; path[len - 1]; len++) {
		hash = hash_bytes(hash, &path[len - 1], 1);
		if (len == 1 || path[len] == '/' || !path[len])
			fire_prefix(store, &change, len, hash);
	}
}

static void fire_exact(void *ctx, const char *path, const struct node *node)
{
	struct store *store = ctx;
	struct change change = { .path = path, .looked = true, .nodes = { node } };
	size_t len = strlen(path);

	fire_prefix(store, &change, len, hash_bytes(HASH_START, path, len));
}

void watch_fire_removed(struct store *store, const char *path, struct node *old,
			struct node *new)
{
	struct node *removed = node_lookup(old, path);

	watch_fire(store, path, old, new);
	if (!removed || !store->watches.n_watches)
		return;

	/* The node itself has been told of; its children are walked one by one. */
	for (uint32_t i = 0; i < removed->n_kids; i++) {
		char below[PATH_SIZE + 1];

		snprintf(below, sizeof(below), "%s/%s", path, removed->kids[i]->name);
		node_walk(removed->kids[i], below, fire_exact, store);
	}
}

/* Special events: those who watch the name get it, by depth 1 with the domain's id. */
void store_announce(struct store *store, const char *special, domid_t domid)
{
	struct change change = { .looked = true };
	char path[64], with_id[64];

	if (!store->watches.n_watches)
		return;
	snprintf(path, sizeof(path), "/%s", special);
	snprintf(with_id, sizeof(with_id), "/%s/%u", special, domid);
	change.nodes[0] = node_lookup(store->main.root, path);

	uint32_t hash = hash_bytes(HASH_START, path, strlen(path));
	struct watch *next;

	for (struct watch *w = *bucket_of(&store->watches, hash); w; w = next) {
		next = w->next_in_bucket;
		if (!strcmp(w->path, path) && may_hear(w->conn, &change))
			event_queue(w, w->depth == 1 ? with_id : path);
	}
	change.path = with_id;
	fire_prefix(store, &change, strlen(with_id),
		    hash_bytes(HASH_START, with_id, strlen(with_id)));
}
