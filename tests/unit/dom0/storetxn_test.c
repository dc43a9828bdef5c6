/* SPDX-License-Identifier: MIT */
/*
 * The store: transactions, and random histories of all messages.
 */
#include "dom0/storekit.h"

#define KIT ((struct kit *)*state)
#define DOM0 (KIT->conn[0])
#define DOM1 (KIT->conn[1])
#define DOM2 (KIT->conn[2])
#define STORE (KIT->store)

static void a_transaction_is_seen_by_others_only_when_committed(void **state)
{
	uint32_t tx = kit_begin(DOM0);

	kit_write(DOM0, tx, "/a/b", "1");
	assert_string_equal(kit_read(DOM0, tx, "/a/b"), "1");
	assert_string_equal(kit_read(DOM0, 0, "/a/b"), "!ENOENT");
	assert_null(kit_commit(DOM0, tx));
	assert_string_equal(kit_read(DOM0, 0, "/a/b"), "1");
	assert_string_equal(kit_commit(DOM0, tx), "ENOENT");
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
	uint32_t tx = kit_begin(DOM0);

	kit_write(DOM0, tx, "/a", "1");
	assert_null(kit_call(DOM0, tx, XS_TRANSACTION_END, "F", NULL));
	assert_string_equal(kit_read(DOM0, 0, "/a"), "!ENOENT");
}

static void a_transaction_sees_the_store_as_it_began(void **state)
{
	kit_write(DOM0, 0, "/a", "old");

	uint32_t tx = kit_begin(DOM0);

	kit_write(DOM0, 0, "/a", "new");
	kit_call(DOM0, 0, XS_RM, "/tool", NULL);
	assert_string_equal(kit_read(DOM0, tx, "/a"), "old");
	assert_string_equal(kit_commit(DOM0, tx), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/a"), "new");
}

static void writes_to_the_same_node_conflict(void **state)
{
	kit_write(DOM0, 0, "/a", "0");

	uint32_t one = kit_begin(DOM0), two = kit_begin(DOM0);

	kit_write(DOM0, one, "/a", "1");
	kit_write(DOM0, two, "/a", "2");
	assert_null(kit_commit(DOM0, one));
	assert_string_equal(kit_commit(DOM0, two), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/a"), "1");
}

static void reading_what_another_writes_conflicts(void **state)
{
	kit_write(DOM0, 0, "/a", "0");

	uint32_t tx = kit_begin(DOM0);

	kit_read(DOM0, tx, "/a");
	kit_write(DOM0, tx, "/b", "1");
	kit_write(DOM0, 0, "/a", "1");
	assert_string_equal(kit_commit(DOM0, tx), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/b"), "!ENOENT");
}

static void missing_a_node_that_another_makes_conflicts(void **state)
{
	uint32_t tx = kit_begin(DOM0);

	assert_string_equal(kit_read(DOM0, tx, "/a"), "!ENOENT");
	kit_write(DOM0, 0, "/a", "1");
	assert_string_equal(kit_commit(DOM0, tx), "EAGAIN");
}

static void listing_a_directory_that_changes_conflicts(void **state)
{
	kit_write(DOM0, 0, "/d/a", "");

	uint32_t one = kit_begin(DOM0), two = kit_begin(DOM0);

	kit_list(DOM0, one, "/d");
	kit_list(DOM0, two, "/d");
	kit_write(DOM0, 0, "/d/a", "a value is no change of the list");
	assert_null(kit_commit(DOM0, one));
	kit_write(DOM0, 0, "/d/b", "");
	assert_string_equal(kit_commit(DOM0, two), "EAGAIN");
}

static void transactions_that_touch_different_nodes_both_commit(void **state)
{
	kit_write(DOM0, 0, "/d", "");

	uint32_t one = kit_begin(DOM0), two = kit_begin(DOM0);

	kit_write(DOM0, one, "/d/one/x", "1");
	kit_write(DOM0, two, "/d/two/x", "2");
	kit_call(DOM0, two, XS_SET_PERMS, "/d/two", "n2", NULL);
	assert_null(kit_commit(DOM0, one));
	assert_null(kit_commit(DOM0, two));
	assert_string_equal(kit_list(DOM0, 0, "/d"), "one,two");
	assert_string_equal(kit_read(DOM2, 0, "/d/two"), "");
	assert_true(store_check(STORE));
}

static void removing_a_subtree_in_which_another_writes_conflicts(void **state)
{
	kit_write(DOM0, 0, "/d/a/b", "");

	uint32_t one = kit_begin(DOM0), two = kit_begin(DOM0);

	kit_call(DOM0, one, XS_RM, "/d", NULL);
	kit_write(DOM0, two, "/d/a/b", "new");
	assert_null(kit_commit(DOM0, two));
	assert_string_equal(kit_commit(DOM0, one), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/d/a/b"), "new");
}

static void writing_below_what_another_removed_conflicts(void **state)
{
	kit_write(DOM0, 0, "/d/a", "");

	uint32_t tx = kit_begin(DOM0);

	kit_write(DOM0, tx, "/d/a", "x");
	kit_call(DOM0, 0, XS_RM, "/d", NULL);
	assert_string_equal(kit_commit(DOM0, tx), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/d"), "!ENOENT");
}

static void permissions_lost_meanwhile_count_at_the_commit(void **state)
{
	kit_call(DOM0, 0, XS_MKDIR, "/p", NULL);
	kit_call(DOM0, 0, XS_SET_PERMS, "/p", "n0", "b1", NULL);

	uint32_t tx = kit_begin(DOM1);

	assert_null(kit_write(DOM1, tx, "/p/x", ""));
	kit_call(DOM0, 0, XS_SET_PERMS, "/p", "n0", NULL);
	assert_string_equal(kit_commit(DOM1, tx), "EAGAIN");
	assert_string_equal(kit_read(DOM0, 0, "/p/x"), "!ENOENT");
}

static void quotas_hold_inside_transactions(void **state)
{
	char name[32];
	int made = 0;

	store_quota(STORE)->nodes = 10;

	uint32_t tx = kit_begin(DOM1);

	for (; made < 20; made++) {
		snprintf(name, sizeof(name), "n%d", made);
		if (kit_write(DOM1, tx, name, ""))
			break;
	}
	assert_int_equal(made, 9);
	assert_null(kit_commit(DOM1, tx));
	assert_string_equal(kit_write(DOM1, 0, "more", ""), "ENOSPC");
	assert_true(store_check(STORE));
}

static void a_transaction_of_a_guest_touches_a_bounded_number_of_nodes(void **state)
{
	char name[32], value[2000];
	int n = 0;

	store_quota(STORE)->transaction_nodes = 16;

	uint32_t tx = kit_begin(DOM1);

	for (; n < 100 && strcmp(kit_read(DOM1, tx, name), "!ENOSPC"); n++)
		snprintf(name, sizeof(name), "none%d", n);
	assert_in_range(n, 15, 18);
	kit_call(DOM1, tx, XS_TRANSACTION_END, "F", NULL);

	/* And its operations hold a bounded number of bytes. */
	store_quota(STORE)->transaction_nodes = 100000;
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	tx = kit_begin(DOM1);
	for (n = 0; n < 1000 && !kit_write(DOM1, tx, "x", value); n++)
		;
	assert_string_equal(kit_error(), "ENOSPC");
	assert_in_range(n, 32, 128);
}

static void a_guest_opens_a_bounded_number_of_transactions(void **state)
{
	uint32_t tx = 0;

	for (int i = 0; i < 10; i++)
		tx = kit_begin(DOM1);
	assert_string_equal(kit_call(DOM1, 0, XS_TRANSACTION_START, "", NULL), "ENOSPC");
	kit_commit(DOM1, tx);
	kit_begin(DOM1);
	assert_null(kit_call(DOM1, 0, XS_RESET_WATCHES, "", NULL));
	kit_begin(DOM1);
}

static void transactions_do_not_nest_and_belong_to_their_connection(void **state)
{
	uint32_t tx = kit_begin(DOM1);

	assert_string_equal(kit_call(DOM1, tx, XS_TRANSACTION_START, "", NULL), "EBUSY");
	assert_string_equal(kit_read(DOM2, tx + 1000, "x"), "!ENOENT");
	assert_string_equal(kit_commit(DOM2, tx), "ENOENT");
	assert_string_equal(kit_call(DOM1, tx, XS_TRANSACTION_END, "maybe", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM1, 0, XS_TRANSACTION_END, "T", NULL), "ENOENT");
	assert_null(kit_commit(DOM1, tx));
}

static void failed_operations_do_not_spoil_a_transaction(void **state)
{
	uint32_t tx = kit_begin(DOM0);

	assert_string_equal(kit_call(DOM0, tx, XS_RM, "/none/x", NULL), "ENOENT");
	kit_write(DOM0, tx, "/a", "1");
	kit_write(DOM0, 0, "/other", "");
	assert_null(kit_commit(DOM0, tx));
	assert_string_equal(kit_read(DOM0, 0, "/a"), "1");
}

/* The same numbers in each run. */
static unsigned int any_of(unsigned int n)
{
	static unsigned int seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed / 65536 % n;
}

/* Random requests of three connections; the accounts must always agree. */
static void removing_nothing_depends_on_the_parent_that_was_there(void **state)
{
	kit_write(DOM0, 0, "/a/b", "1");

	uint32_t tx = kit_begin(DOM0);

	assert_null(kit_call(DOM0, tx, XS_RM, "/a/b/c", NULL));
	kit_call(DOM0, 0, XS_RM, "/a/b", NULL);
	assert_string_equal(kit_commit(DOM0, tx), "EAGAIN");
}

static void a_refusal_depends_on_the_rights_that_were_missing(void **state)
{
	kit_write(DOM0, 0, "/a", "1");
	kit_call(DOM0, 0, XS_SET_PERMS, "/a", "n0", NULL);

	uint32_t one = kit_begin(DOM1), two = kit_begin(DOM1);

	assert_string_equal(kit_read(DOM1, one, "/a/b"), "!EACCES");
	assert_string_equal(kit_list(DOM1, two, "/a"), "!EACCES");
	kit_call(DOM0, 0, XS_SET_PERMS, "/a", "r0", NULL);
	assert_string_equal(kit_commit(DOM1, one), "EAGAIN");
	assert_string_equal(kit_commit(DOM1, two), "EAGAIN");
}

/* Something changes after a snapshot was taken: the way to it is copied. */
static void churn(struct store_conn *conn, const char *value)
{
	uint32_t tx = kit_begin(conn);

	assert_null(kit_write(conn, 0, "churn", value));
	assert_null(kit_call(conn, tx, XS_TRANSACTION_END, "F", NULL));
}

static void a_snapshot_that_costs_too_much_is_exchanged_for_the_tree_of_now(void **state)
{
	uint32_t tx;

	churn(DOM2, "old");
	kit_call(DOM2, 0, XS_SET_PERMS, "churn", "r2", NULL);
	tx = kit_begin(DOM1);
	assert_null(kit_write(DOM1, tx, "mine", "written"));
	churn(DOM2, "new");
	store_quota(STORE)->snapshots = 0;
	churn(DOM2, "newest");
	/* What it has done it still has done, and what it has not looked at may be as it is now. */
	assert_string_equal(kit_read(DOM1, tx, "mine"), "written");
	assert_string_equal(kit_read(DOM1, tx, "/local/domain/2/churn"), "newest");
	assert_null(kit_commit(DOM1, tx));
	assert_string_equal(kit_read(DOM1, 0, "mine"), "written");
}

static void a_conflict_met_by_an_exchanged_snapshot_is_told_at_the_end(void **state)
{
	uint32_t tx;

	store_quota(STORE)->snapshots = 4000;
	churn(DOM2, "old");
	kit_call(DOM2, 0, XS_SET_PERMS, "churn", "r2", NULL);
	tx = kit_begin(DOM1);
	assert_string_equal(kit_read(DOM1, tx, "/local/domain/2/churn"), "old");
	assert_null(kit_write(DOM1, tx, "mine", "written"));
	for (int i = 0; i < 20; i++)
		churn(DOM2, "newest");
	assert_string_equal(kit_read(DOM1, tx, "/local/domain/2/churn"), "newest");
	assert_null(kit_write(DOM1, tx, "more", "written"));
	assert_string_equal(kit_commit(DOM1, tx), "EAGAIN");
	assert_string_equal(kit_read(DOM1, 0, "mine"), "!ENOENT");
	assert_string_equal(kit_read(DOM1, 0, "more"), "!ENOENT");
}

/* Of the sanitizer, if the test is built with it. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory_used(void)
{
	return __sanitizer_get_current_allocated_bytes ?
	       __sanitizer_get_current_allocated_bytes() : 0;
}

static void open_transactions_do_not_keep_each_former_version_of_the_store(void **state)
{
	enum { NODES = 100, BYTES = 2000 };
	char name[16], value[BYTES + 1];
	size_t before;

	store_quota(STORE)->snapshots = NODES * BYTES;
	memset(value, 'v', sizeof(value));
	value[BYTES] = '\0';
	for (int i = 0; i < NODES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		kit_write(DOM2, 0, name, value);
	}
	before = memory_used();
	for (int tx = 0; tx < 20; tx++) {
		assert_null(kit_call(tx % 2 ? DOM1 : DOM2, 0, XS_TRANSACTION_START, "", NULL));
		for (int i = 0; i < NODES; i++) {
			snprintf(name, sizeof(name), "n%d", i);
			value[0] = (char)('a' + tx);
			assert_null(kit_write(DOM2, 0, name, value));
		}
	}
	assert_true(memory_used() - before < 3 * NODES * BYTES);
}

static void any_history_keeps_the_accounts_right(void **state)
{
	static const char *const paths[] = {
		"/a", "/a/b", "/a/b/c", "/a/d", "data", "data/x", "data/x/y", "/local/domain/1",
		"/", "@releaseDomain",
	};
	static const uint32_t types[] = {
		XS_WRITE, XS_WRITE, XS_MKDIR, XS_RM, XS_READ, XS_DIRECTORY, XS_GET_PERMS,
	};
	static const char *const perms[] = { "n0", "b1", "r2", "n1", "n2", "w1" };
	uint32_t tx[3] = { 0 };

	store_quota(STORE)->nodes = 6;
	for (int i = 0; i < 30000; i++) {
		unsigned int who = any_of(3), what = any_of(16);
		struct store_conn *conn = KIT->conn[who];
		const char *path = paths[any_of(10)];

		if (what == 0 && !tx[who])
			tx[who] = kit_begin(conn);
		else if (what == 1 && tx[who]) {
			kit_call(conn, tx[who], XS_TRANSACTION_END, any_of(4) ? "T" : "F", NULL);
			tx[who] = 0;
		} else if (what == 2)
			kit_call(conn, tx[who], XS_SET_PERMS, path, perms[any_of(6)],
				 perms[any_of(6)], NULL);
		else if (what == 3)
			kit_call(conn, 0, any_of(2) ? XS_WATCH : XS_UNWATCH, path, "t", NULL);
		else if (what == 4)
			kit_drain(conn);
		else
			kit_call(conn, any_of(2) ? tx[who] : 0, types[any_of(7)], path, NULL);
		if (i % 16 == 0)
			assert_true(store_check(STORE));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(a_transaction_is_seen_by_others_only_when_committed),
		T(an_aborted_transaction_leaves_nothing),
		T(a_transaction_sees_the_store_as_it_began),
		T(writes_to_the_same_node_conflict),
		T(reading_what_another_writes_conflicts),
		T(missing_a_node_that_another_makes_conflicts),
		T(listing_a_directory_that_changes_conflicts),
		T(transactions_that_touch_different_nodes_both_commit),
		T(removing_a_subtree_in_which_another_writes_conflicts),
		T(writing_below_what_another_removed_conflicts),
		T(permissions_lost_meanwhile_count_at_the_commit),
		T(quotas_hold_inside_transactions),
		T(a_transaction_of_a_guest_touches_a_bounded_number_of_nodes),
		T(a_guest_opens_a_bounded_number_of_transactions),
		T(transactions_do_not_nest_and_belong_to_their_connection),
		T(failed_operations_do_not_spoil_a_transaction),
		T(removing_nothing_depends_on_the_parent_that_was_there),
		T(a_refusal_depends_on_the_rights_that_were_missing),
		T(a_snapshot_that_costs_too_much_is_exchanged_for_the_tree_of_now),
		T(a_conflict_met_by_an_exchanged_snapshot_is_told_at_the_end),
		T(open_transactions_do_not_keep_each_former_version_of_the_store),
		T(any_history_keeps_the_accounts_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
