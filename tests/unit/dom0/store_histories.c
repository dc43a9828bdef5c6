// SPDX-License-Identifier: MIT
/*
 * Clients of xenstore in any order: requests in and out of transactions, watches, deaths. A model
 * (storemodel.h) says what each must answer, and what must be true of transactions is said here
 * without it:
 *
 * - One that was committed is as if all its requests were made at that moment: each would
 *   get the same answer. One that was not has changed nothing and nobody heard of it.
 * - EAGAIN is for those whose paths others have changed meanwhile.
 * - Each change is heard of once by each watch at or above it whose owner may know; and what is
 *   heard of was a change.
 */
#include "harness/harness.h"

#include "dom0/storekit.h"
#include "dom0/storemodel.h"

#define RECORDS	    12
#define WATCH_QUOTA 3u
#define EVENTS	    64

struct client {
	bool open;		/* a transaction */
	bool lost;		/* its snapshot was exchanged, and it has met a conflict */
	uint32_t tx;
	struct model_tree base, view;
	unsigned others;	/* paths that others have changed since, as bits */
	unsigned n;
	struct {
		struct model_request request;
		struct model_reply reply;
	} record[RECORDS];
};

struct expected {
	bool watching;
	unsigned n;
	uint8_t path[EVENTS];
};

static struct kit *kit;
static struct model_tree tree;
static struct client clients[DOMAINS];
static struct expected expected[DOMAINS][PATHS];
static bool no_snapshots;	/* guests' are exchanged at each change */

/* ---- who must hear of what -------------------------------------------------------------- */

static void expect_event(struct expected *e, unsigned path)
{
	if (e->n && e->path[e->n - 1] == path)
		return;		/* it waits already */
	assert_true(e->n < EVENTS);
	e->path[e->n++] = (uint8_t)path;
}

static void expect_change(unsigned path, const struct model_tree *old, bool removed)
{
	for (unsigned d = 0; d < DOMAINS; d++) {
		bool may = model_may_read(old, path, d) || model_may_read(&tree, path, d) ||
			   model_may_read(&tree, model_parent(path), d);

		for (unsigned w = 0; w < PATHS; w++) {
			struct expected *e = &expected[d][w];

			if (!e->watching)
				continue;
			if (model_below(w, path) && may)
				expect_event(e, path);
			else if (removed && w != path && model_below(path, w) &&
				 model_may_read(old, w, d))
				expect_event(e, w);
		}
	}
}

/* Those who are in a transaction may meet a conflict. */
static void note_change(unsigned by, unsigned path)
{
	for (unsigned d = 0; d < DOMAINS; d++)
		if (d != by)
			clients[d].others |= 1u << path;
}

static int by_value(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

static void take_events(unsigned d, bool any_order)
{
	struct expected got[PATHS] = { 0 };
	const char *event;

	while ((event = kit_event(kit->conn[d]))[0]) {
		const char *token = strchr(event, ' ') + 2;
		struct expected *g = &got[token[0] - '0'];

		for (unsigned path = 0; path < PATHS; path++)
			if (!strncmp(event, model_paths[path], (size_t)(token - 2 - event)) &&
			    !model_paths[path][token - 2 - event])
				g->path[g->n++] = (uint8_t)path;
	}
	for (unsigned w = 0; w < PATHS; w++) {
		struct expected *e = &expected[d][w];

		if (any_order) {
			qsort(e->path, e->n, 1, by_value);
			qsort(got[w].path, got[w].n, 1, by_value);
		}
		assert_int_equal(got[w].n, e->n);
		assert_memory_equal(got[w].path, e->path, e->n);
		e->n = 0;
	}
}

/* ---- requests --------------------------------------------------------------------------- */

static const char *ok_or(const char *error)
{
	static char text[16];

	if (!error)
		return "OK";
	snprintf(text, sizeof(text), "!%s", error);
	return text;
}

static const char *ask(const struct model_request *r, uint32_t tx)
{
	static const uint32_t types[] = { [MODEL_MKDIR] = XS_MKDIR, [MODEL_RM] = XS_RM };
	struct store_conn *conn = kit->conn[r->domid];
	const char *path = model_paths[r->path];
	const char *const *perms;

	switch (r->op) {
	case MODEL_READ:
		return kit_read(conn, tx, path);
	case MODEL_LIST:
		return kit_list(conn, tx, path);
	case MODEL_WRITE:
		return ok_or(kit_write(conn, tx, path, r->arg ? r->arg == 1 ? "1" : "2" : ""));
	case MODEL_SET_PERMS:
		perms = model_perms(r->arg);
		return ok_or(kit_call(conn, tx, XS_SET_PERMS, path, perms[0], perms[1], NULL));
	default:
		return ok_or(kit_call(conn, tx, types[r->op], path, NULL));
	}
}

static void used_elsewhere(const struct client *c, int *used)
{
	for (unsigned d = 0; d < DOMAINS; d++)
		used[d] = c ? model_owned(&tree, d) - model_owned(&c->base, d) : 0;
}

/* Whether all that was asked would get the same answers now. to becomes what the tree is then. */
static bool same_answers(const struct client *c, struct model_tree *to)
{
	static const int none[DOMAINS];
	bool same = true;

	*to = tree;
	for (unsigned i = 0; i < c->n; i++) {
		/* Room that came too late is no reason to start over. */
		if (strcmp(c->record[i].reply.text, "!ENOSPC"))
			same &= !strcmp(model_do(to, &c->record[i].request, none).text,
					c->record[i].reply.text);
	}
	return same;
}

static bool others_came_near(const struct client *c)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned path = 0; path < PATHS; path++)
			if ((c->others >> path & 1) &&
			    model_related(path, c->record[i].request.path))
				return true;
	return false;
}

/* The tree has changed: a transaction that has no conflict begins with the tree of now instead. */
static void exchange_snapshots(void)
{
	for (unsigned d = 1; d < DOMAINS && no_snapshots; d++) {
		struct client *c = &clients[d];
		struct model_tree to;

		if (!c->open || c->lost)
			continue;
		c->lost = !same_answers(c, &to);
		c->view = to;
		c->base = tree;
	}
}

static void check_answer(struct client *c, const char *answer, const char *want)
{
	/* A conflict may be seen where the model has none, if others came near. */
	if (c->open && no_snapshots && strcmp(answer, want))
		c->lost |= others_came_near(c);
	if (!c->open || !c->lost)
		assert_string_equal(answer, want);
}

static void request(const struct model_request *r)
{
	struct client *c = &clients[r->domid];
	struct model_tree old = tree;
	struct model_reply reply;
	int used[DOMAINS];

	used_elsewhere(c->open ? c : NULL, used);
	reply = model_do(c->open ? &c->view : &tree, r, used);
	check_answer(c, ask(r, c->open ? c->tx : 0), reply.text);
	if (c->open) {
		c->record[c->n].request = *r;
		c->record[c->n++].reply = reply;
	} else if (reply.changed) {
		expect_change(r->path, &old, r->op == MODEL_RM);
		note_change(r->domid, r->path);
		exchange_snapshots();
	}
}

/* ---- transactions ----------------------------------------------------------------------- */

static void begin(unsigned d)
{
	struct client *c = &clients[d];

	c->tx = kit_begin(kit->conn[d]);
	c->open = true;
	c->lost = false;
	c->base = c->view = tree;
	c->n = c->others = 0;
}

static void take_effect(unsigned d, const struct model_tree *to)
{
	const struct client *c = &clients[d];
	struct model_tree old = tree;

	tree = *to;
	for (unsigned i = 0; i < c->n; i++) {
		const struct model_request *r = &c->record[i].request;

		if (!c->record[i].reply.changed)
			continue;
		expect_change(r->path, &old, r->op == MODEL_RM);
		note_change(d, r->path);
	}
}

static void end(unsigned d, bool commit)
{
	struct client *c = &clients[d];
	const char *error = kit_call(kit->conn[d], c->tx, XS_TRANSACTION_END, commit ? "T" : "F",
				     NULL);
	struct model_tree to;
	bool same = same_answers(c, &to);

	c->open = false;
	if (!commit) {
		assert_null(error);
		return;
	}
	if (!error) {
		assert_true(same && !c->lost);
		take_effect(d, &to);
		exchange_snapshots();
		return;
	}
	assert_string_equal(error, "EAGAIN");
	assert_true(!same || others_came_near(c));
}

/* ---- watches, deaths -------------------------------------------------------------------- */

static unsigned watches_of(unsigned d)
{
	unsigned n = 0;

	for (unsigned w = 0; w < PATHS; w++)
		n += expected[d][w].watching;
	return n;
}

static void watch(unsigned d, unsigned path, bool on)
{
	struct expected *e = &expected[d][path];
	char token[3] = { 'w', (char)('0' + path) };
	const char *want = "OK";

	if (on && e->watching)
		want = "!EEXIST";
	else if (on && d && watches_of(d) >= WATCH_QUOTA)
		want = "!E2BIG";
	else if (!on && !e->watching)
		want = "!ENOENT";
	assert_string_equal(ok_or(kit_call(kit->conn[d], 0, on ? XS_WATCH : XS_UNWATCH,
					   model_paths[path], token, NULL)),
			    want);
	if (want[0] == '!')
		return;
	e->watching = on;
	if (on)
		expect_event(e, path);
}

static void forget_client(unsigned d)
{
	clients[d].open = false;
	memset(expected[d], 0, sizeof(expected[d]));
}

static void reset(unsigned d)
{
	assert_null(kit_call(kit->conn[d], 0, XS_RESET_WATCHES, "", NULL));
	forget_client(d);
}

/* Nobody allows it anything any more, in no tree, nor by what was asked for in a transaction. */
static void end_life(unsigned d)
{
	model_end_life(&tree, d);
	for (unsigned i = 0; i < DOMAINS; i++) {
		struct client *c = &clients[i];

		model_end_life(&c->base, d);
		model_end_life(&c->view, d);
		for (unsigned n = 0; n < c->n; n++)
			model_end_life_in(&c->record[n].request, d);
	}
}

/* Its nodes go one subtree after the other, in an order that is not promised. */
static void die(unsigned d)
{
	struct model_tree old = tree;
	unsigned gone = model_forget(&tree, d);

	forget_client(d);
	end_life(d);
	store_disconnect(kit->conn[d]);
	store_forget_domain(kit->store, (domid_t)d);
	kit->conn[d] = store_connect(kit->store, (domid_t)d, kit);
	for (unsigned path = 0; path < PATHS; path++)
		if (gone >> path & 1) {
			expect_change(path, &old, true);
			note_change(d, path);
		}
	exchange_snapshots();
}

/* ---- the whole state -------------------------------------------------------------------- */

static void check_node(unsigned path)
{
	static const struct model_request read = { .op = MODEL_READ };
	static const char letters[] = "nrwb";
	const struct model_node *n = &tree.node[path];
	struct model_request r = read;
	char text[16];
	int used[DOMAINS] = { 0 };

	r.path = (uint8_t)path;
	assert_string_equal(ask(&r, 0), model_do(&tree, &r, used).text);
	if (!n->there)
		return;
	snprintf(text, sizeof(text), "%c%u", letters[n->others], n->owner);
	if (n->named)
		snprintf(text + 2, sizeof(text) - 2, ",%c%u", letters[n->bits], n->named);
	assert_string_equal(kit_perms(kit->conn[0], 0, model_paths[path]), text);
}

static void check(bool any_order)
{
	size_t n = 3;	/* the root and two special ones */

	for (unsigned d = 0; d < DOMAINS; d++) {
		take_events(d, any_order);
		n += (size_t)model_owned(&tree, d);
	}
	for (unsigned path = AT_ROOT + 1; path < PATHS; path++)
		check_node(path);
	assert_int_equal(store_node_count(kit->store), n);
	assert_true(store_check(kit->store));
}

/* ---- the harness ------------------------------------------------------------------------ */

/* What is tried in every order: two guests, one of whom may give and take. */
static void small_step(void)
{
	static const struct model_request requests[] = {
		{ .op = MODEL_READ, .path = AT_A_B },
		{ .op = MODEL_READ, .path = AT_A_B_C },
		{ .op = MODEL_LIST, .path = AT_A },
		{ .op = MODEL_WRITE, .path = AT_A, .arg = 2 },
		{ .op = MODEL_WRITE, .path = AT_A_B, .arg = 2 },
		{ .op = MODEL_WRITE, .path = AT_A_B_C, .arg = 1 },
		{ .op = MODEL_MKDIR, .path = AT_A_B },
		{ .op = MODEL_MKDIR, .path = AT_A_B_C },
		{ .op = MODEL_RM, .path = AT_A_B },
		{ .op = MODEL_RM, .path = AT_A_B_C },
		{ .op = MODEL_SET_PERMS, .path = AT_A, .arg = 1 },
		{ .op = MODEL_SET_PERMS, .path = AT_A_B, .arg = 2 },
	};
	unsigned d = 1 + choose(2), i = choose(sizeof(requests) / sizeof(requests[0]) + 1);
	struct model_request r;

	if (i < sizeof(requests) / sizeof(requests[0])) {
		r = requests[i];
		r.domid = (uint8_t)d;
		request(&r);
	} else if (clients[d].open) {
		end(d, true);
	} else {
		begin(d);
	}
	check(false);
}

static void large_step(void)
{
	unsigned d = choose(DOMAINS), op = choose(16);
	struct model_request r = { .domid = (uint8_t)d, .op = op % 6 };

	if (op < 12 && clients[d].n < RECORDS) {
		r.path = (uint8_t)(1 + choose(PATHS - 1));
		if (r.op == MODEL_WRITE)
			r.arg = (uint8_t)choose(3);
		if (r.op == MODEL_SET_PERMS)
			r.arg = (uint8_t)choose(4);
		request(&r);
	} else if (op < 14) {
		if (clients[d].open)
			end(d, choose(4) > 0);
		else
			begin(d);
	} else if (op == 14 || !choose(4)) {
		watch(d, choose(PATHS), choose(3) > 0);
	} else if (d && choose(2)) {
		die(d);
		check(true);
		return;
	} else {
		reset(d);
	}
	check(false);
}

static void step(void)
{
	choosing_all() ? small_step() : large_step();
}

static void setup_request(unsigned d, enum model_op op, unsigned path, unsigned arg)
{
	struct model_request r = { .domid = (uint8_t)d, .op = op, .path = (uint8_t)path,
				   .arg = (uint8_t)arg };

	request(&r);
}

/* /a belongs to domain 1, and domain 2 may read and write there. */
static void start(void)
{
	kit = kit_open();
	store_quota(kit->store)->nodes = NODE_QUOTA;
	store_quota(kit->store)->watches = WATCH_QUOTA;
	no_snapshots = !choosing_all() && choose(2);
	if (no_snapshots)
		store_quota(kit->store)->snapshots = 0;
	memset(clients, 0, sizeof(clients));
	memset(expected, 0, sizeof(expected));
	model_init(&tree);
	setup_request(0, MODEL_MKDIR, AT_A, 0);
	setup_request(0, MODEL_SET_PERMS, AT_A, 0);
	setup_request(1, MODEL_WRITE, AT_A_B, 1);
	watch(0, AT_ROOT, true);
	watch(1, AT_A, true);
	watch(2, AT_A_B, true);
	watch(2, AT_A_B_C, true);
	check(false);
	if (!choosing_all())
		return;
	begin(1);
	if (choose(2))
		begin(2);
}

static void finish(void)
{
	unsigned first = choosing_all() && clients[1].open && clients[2].open ? choose(2) : 0;

	for (unsigned i = 0; i < DOMAINS; i++) {
		unsigned d = (i + 1 + first) % DOMAINS;

		if (clients[d].open)
			end(d, true);
		check(false);
	}
	kit_close(kit);
}

const struct harness harness = {
	.name = "xenstore transactions and watches",
	.start = start,
	.step = step,
	.end = finish,
	.steps = 3,
	.at_least = 40000,
	.chances = 100,
	.chance_steps = 200,
};
