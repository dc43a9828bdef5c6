// SPDX-License-Identifier: MIT
/* What a transaction depends on: notes of the nodes that it was told of, and of what about them. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct access {
	struct access *next;
	unsigned int kinds;
	char path[];
};

static struct access **access_bucket(struct transaction *txn, const char *path)
{
	uint32_t hash = 0;

	for (; *path; path++)
		hash = hash * 31 + (unsigned char)*path;
	return &txn->accesses[hash % ACCESS_BUCKETS];
}

/* What the notes of all transactions of a guest may hold, and what a note costs beside its text. */
#define BYTES_MAX_GUEST (128u << 10)
#define NOTE_PRICE 64

int transaction_touch(const struct store_conn *conn, struct transaction *txn, size_t bytes)
{
	if (!conn_is_privileged(conn) &&
	    (txn->touched >= conn->store->quota.transaction_nodes ||
	     bytes + NOTE_PRICE > BYTES_MAX_GUEST - conn->account->transaction_bytes))
		return -ENOSPC;
	txn->touched++;
	txn->bytes += (uint32_t)bytes + NOTE_PRICE;
	conn->account->transaction_bytes += (uint32_t)bytes + NOTE_PRICE;
	return 0;
}

int transaction_note(const struct store_conn *conn, struct transaction *txn, const char *path,
		     enum access_kind kind)
{
	if (!txn)
		return 0;

	struct access **bucket = access_bucket(txn, path);

	for (struct access *a = *bucket; a; a = a->next) {
		if (!strcmp(a->path, path)) {
			a->kinds |= kind;
			return 0;
		}
	}

	int err = transaction_touch(conn, txn, strlen(path));

	if (err)
		return err;

	struct access *access = malloc(sizeof(*access) + strlen(path) + 1);

	if (!access)
		return -ENOMEM;
	strcpy(access->path, path);
	access->kinds = kind;
	access->next = *bucket;
	*bucket = access;
	return 0;
}

int transaction_note_way(const struct store_conn *conn, struct transaction *txn,
			 const char *path, int err)
{
	char deepest[PATH_SIZE];
	const char *rest;
	size_t len;
	int noted;

	if (!txn)
		return err;
	node_lookup_deepest(txn->view.root, path, &rest);
	len = strlen(path) - strlen(rest);
	memcpy(deepest, path, len);
	deepest[len] = '\0';
	noted = transaction_note(conn, txn, path, ACCESS_WAY);
	if (!noted)
		noted = transaction_note(conn, txn, deepest, ACCESS_WAY);
	return noted ? noted : err;
}

/* Whether what the client was told of the path might be something else now. */
static bool access_conflicts(const struct store_conn *conn, const struct access *access,
			     struct node *then, struct node *now)
{
	const char *rest_a, *rest_b;
	const struct node *a = node_lookup_deepest(then, access->path, &rest_a);
	const struct node *b = node_lookup_deepest(now, access->path, &rest_b);
	bool rights_differ = view_perms(conn, a) != view_perms(conn, b);

	if (!*rest_a != !*rest_b)
		return true;
	if (*rest_a)
		return (access->kinds & ACCESS_WAY) && (rights_differ || strcmp(rest_a, rest_b));
	return ((access->kinds & (ACCESS_WAY | ACCESS_KIDS)) && rights_differ) ||
	       ((access->kinds & ACCESS_NODE) && a->gen != b->gen) ||
	       ((access->kinds & ACCESS_KIDS) && a->kids_gen != b->kids_gen) ||
	       ((access->kinds & ACCESS_TREE) && a->below_gen != b->below_gen);
}

bool transaction_conflicts(const struct transaction *txn)
{
	for (size_t i = 0; i < ACCESS_BUCKETS; i++)
		for (const struct access *a = txn->accesses[i]; a; a = a->next)
			if (access_conflicts(txn->conn, a, txn->base, txn->view.store->main.root))
				return true;
	return false;
}

void accesses_free(struct transaction *txn)
{
	for (size_t i = 0; i < ACCESS_BUCKETS; i++) {
		while (txn->accesses[i]) {
			struct access *access = txn->accesses[i];

			txn->accesses[i] = access->next;
			free(access);
		}
	}
}
