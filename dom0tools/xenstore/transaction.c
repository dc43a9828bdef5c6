/* SPDX-License-Identifier: MIT */
/*
 * Transactions. One works on a snapshot of the tree, notes which nodes it depended
 * on, and keeps its operations in a list. To commit when nobody else has changed the store is
 * to swap a pointer. Otherwise every node it depended on must be as it was, and the
 * operations are carried out again on the tree of now; if not: EAGAIN, and the client starts
 * over. So only those transactions conflict that really touched the same things: two that
 * each make a child of one directory both succeed.
 *
 * A snapshot keeps alive whatever is replaced after it, and a guest may leave its transactions open
 * for ever. So when that grows beyond a limit, the oldest of guests' snapshots are exchanged for the tree
 * of now, as a commit does it. A transaction that has a conflict then goes on all the same,
 * and is told at its end.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct transaction *transaction_find(struct store_conn *conn, uint32_t id)
{
	for (struct transaction *txn = conn->transactions; txn; txn = txn->next)
		if (txn->id == id)
			return txn;
	return NULL;
}

/* Of what the newest snapshot is. */
static void snapshot_list(struct store *store, struct transaction *txn)
{
	if (conn_is_privileged(txn->conn))
		return;
	txn->left_behind = node_left_behind();
	txn->later = NULL;
	txn->plater = store->snapshots_tail;
	*store->snapshots_tail = txn;
	store->snapshots_tail = &txn->later;
}

static void snapshot_unlist(struct store *store, struct transaction *txn)
{
	if (conn_is_privileged(txn->conn))
		return;
	*txn->plater = txn->later;
	if (txn->later)
		txn->later->plater = txn->plater;
	else
		store->snapshots_tail = txn->plater;
}

int64_t transaction_start(struct store_conn *conn)
{
	struct store *store = conn->store;

	if (!conn_is_privileged(conn) &&
	    conn->account->transactions >= store->quota.transactions)
		return -ENOSPC;

	struct transaction *txn = calloc(1, sizeof(*txn));

	if (!txn)
		return -ENOMEM;
	do {
		txn->id = ++store->next_transaction;
	} while (!txn->id || transaction_find(conn, txn->id));
	txn->conn = conn;
	txn->view.store = store;
	txn->view.root = node_get(store->main.root);
	txn->base = node_get(store->main.root);
	txn->ops_tail = &txn->ops;
	txn->next = conn->transactions;
	conn->transactions = txn;
	conn->account->transactions++;
	snapshot_list(store, txn);
	return txn->id;
}

static void op_free(struct op *op)
{
	free(op->path);
	free(op->value);
	free(op->perms);
	free(op);
}

static void transaction_free(struct store_conn *conn, struct transaction *txn)
{
	struct transaction **at = &conn->transactions;

	while (*at != txn)
		at = &(*at)->next;
	*at = txn->next;
	snapshot_unlist(conn->store, txn);
	conn->account->transactions--;
	conn->account->transaction_bytes -= txn->bytes;
	while (txn->ops) {
		struct op *op = txn->ops;

		txn->ops = op->next;
		op_free(op);
	}
	accesses_free(txn);
	tally_clear(&txn->view.tally);
	node_put(txn->view.root);
	node_put(txn->base);
	free(txn);
}

static int op_apply(struct view *view, const struct store_conn *conn, const struct op *op,
		    bool *changed)
{
	*changed = true;
	switch (op->kind) {
	case OP_WRITE:
		return view_write(view, conn, op->path, op->value, op->len);
	case OP_MKDIR:
		return view_mkdir(view, conn, op->path, changed);
	case OP_RM:
		return view_rm(view, conn, op->path, changed);
	case OP_SET_PERMS:
		return view_set_perms(view, conn, op->path, op->perms, op->n_perms);
	}
	return -EINVAL;
}

static void op_fire(struct store *store, const struct op *op, struct node *old)
{
	if (op->kind == OP_RM)
		watch_fire_removed(store, op->path, old, store->main.root);
	else
		watch_fire(store, op->path, old, store->main.root);
}

/* Nothing is left behind before the commit: what has been since then is noted for that. */
static void copied_since(struct transaction *txn, uint64_t then)
{
	uint64_t bytes = node_left_behind() - then;

	txn->copied += bytes;
	node_note_left_behind(-bytes);
}

/* Carries the operations out again, on a new branch of the store's tree. */
static int transaction_replay(struct store_conn *conn, struct transaction *txn)
{
	uint64_t then = node_left_behind();
	int err = 0;

	txn->copied = 0;
	node_put(txn->view.root);
	txn->view.root = node_get(conn->store->main.root);
	txn->view.tally.n = 0;
	for (const struct op *op = txn->ops; op && !err; op = op->next) {
		bool changed;

		if (op_apply(&txn->view, conn, op, &changed))
			err = -EAGAIN;
	}
	copied_since(txn, then);
	return err;
}

static void snapshot_renew(struct transaction *txn)
{
	struct store *store = txn->conn->store;

	txn->lost = txn->lost || transaction_conflicts(txn) ||
		    transaction_replay(txn->conn, txn);
	if (txn->lost) {
		node_put(txn->view.root);
		txn->view.root = node_get(store->main.root);
		txn->view.tally.n = 0;
	}
	node_put(txn->base);
	txn->base = node_get(store->main.root);
	snapshot_unlist(store, txn);
	snapshot_list(store, txn);
}

/* So many at a change: who changes little shall not wait for long. */
#define RENEW_MAX 4

void snapshots_bound(struct store *store)
{
	for (unsigned int i = 0; i < RENEW_MAX; i++) {
		struct transaction *oldest = store->snapshots;

		if (!oldest || node_left_behind() - oldest->left_behind <= store->quota.snapshots)
			return;
		snapshot_renew(oldest);
	}
}

int transaction_end(struct store_conn *conn, struct transaction *txn, bool commit)
{
	struct store *store = conn->store;
	int err = commit && txn->lost ? -EAGAIN : 0;

	if (commit && !err && store->main.root != txn->base) {
		err = transaction_conflicts(txn) ? -EAGAIN : 0;
		if (!err && txn->ops)
			err = transaction_replay(conn, txn);
	}
	if (commit && !err && txn->ops)
		err = tally_reserve(store, &txn->view.tally);
	if (commit && !err && txn->ops) {
		struct node *old = store->main.root;

		/* Nothing below can fail. */
		store->main.root = node_get(txn->view.root);
		tally_apply(store, &txn->view.tally);
		node_note_left_behind(txn->copied);
		for (const struct op *op = txn->ops; op; op = op->next)
			op_fire(store, op, old);
		node_put(old);
	}
	transaction_free(conn, txn);
	snapshots_bound(store);
	return err;
}

void transaction_end_all(struct store_conn *conn)
{
	while (conn->transactions)
		transaction_free(conn, conn->transactions);
}

/* A copy for the transaction's list; NULL when memory is out. */
static struct op *op_copy(const struct op *from)
{
	struct op *op = calloc(1, sizeof(*op));

	if (!op)
		return NULL;
	op->kind = from->kind;
	op->path = strdup(from->path);
	op->len = from->len;
	op->n_perms = from->n_perms;
	if (from->len)
		op->value = malloc(from->len);
	if (from->n_perms)
		op->perms = malloc(from->n_perms * sizeof(*op->perms));
	if (!op->path || (from->len && !op->value) || (from->n_perms && !op->perms)) {
		op_free(op);
		return NULL;
	}
	if (from->len)
		memcpy(op->value, from->value, from->len);
	if (from->n_perms)
		memcpy(op->perms, from->perms, from->n_perms * sizeof(*op->perms));
	return op;
}

static int do_in_transaction(struct store_conn *conn, struct transaction *txn,
			     const struct op *op)
{
	bool changed;
	uint64_t then;
	int err = transaction_note(conn, txn, op->path,
				   op->kind == OP_RM ? ACCESS_TREE : ACCESS_NODE);

	if (!err)
		err = transaction_touch(conn, txn, strlen(op->path) + op->len);
	if (err)
		return err;

	struct op *copy = op_copy(op);

	if (!copy)
		return -ENOMEM;
	then = node_left_behind();
	err = op_apply(&txn->view, conn, op, &changed);
	copied_since(txn, then);
	if (err || !changed) {
		op_free(copy);
		return transaction_note_way(conn, txn, op->path, err);
	}
	*txn->ops_tail = copy;
	txn->ops_tail = &copy->next;
	return 0;
}

/* The old tree is needed for the events of a removal only; keeping it costs copies. */
static int do_at_once(struct store_conn *conn, const struct op *op)
{
	struct store *store = conn->store;
	struct node *old = op->kind == OP_RM || op->kind == OP_SET_PERMS ?
			   node_get(store->main.root) : NULL;
	bool changed;
	int err = 0;

	/* Only a new owner may have no account yet. */
	if (op->kind == OP_SET_PERMS && !account_get(store, op->perms[0].domid))
		err = -ENOMEM;
	if (!err)
		err = op_apply(&store->main, conn, op, &changed);
	tally_apply(store, &store->main.tally);
	if (!err && changed)
		op_fire(store, op, old);
	if (old)
		node_put(old);
	snapshots_bound(store);
	return err;
}

int transaction_do(struct store_conn *conn, struct transaction *txn, const struct op *op)
{
	return txn ? do_in_transaction(conn, txn, op) : do_at_once(conn, op);
}
