/* SPDX-License-Identifier: MIT */
/*
 * The store: transactions, watches, messages about domains, control commands.
 */
#include "dom0/storekit.h"

#define KIT ((struct kit *)*state)
#define DOM0 (KIT->conn[0])
#define DOM1 (KIT->conn[1])
#define DOM2 (KIT->conn[2])
#define STORE (KIT->store)

/* ---- transactions ---- */

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

/* ---- watches ---- */

static void a_new_watch_fires_once_at_once(void **state)
{
	assert_null(kit_call(DOM0, 0, XS_WATCH, "/none", "tok", NULL));
	assert_string_equal(kit_event(DOM0), "/none tok");
	assert_string_equal(kit_event(DOM0), "");
	assert_int_equal(KIT->told, 1);
}

static void changes_at_and_below_fire_with_the_changed_path(void **state)
{
	kit_call(DOM0, 0, XS_WATCH, "/w", "t", NULL);
	kit_drain(DOM0);
	kit_write(DOM0, 0, "/w/a/b", "1");
	assert_string_equal(kit_event(DOM0), "/w/a/b t");
	kit_call(DOM0, 0, XS_SET_PERMS, "/w/a", "n0", NULL);
	assert_string_equal(kit_event(DOM0), "/w/a t");
	kit_call(DOM0, 0, XS_MKDIR, "/w/a", NULL);
	assert_string_equal(kit_event(DOM0), "");
	kit_write(DOM0, 0, "/wx", "1");
	kit_write(DOM0, 0, "/", "1");
	assert_string_equal(kit_event(DOM0), "");
	kit_call(DOM0, 0, XS_RM, "/w/a/b", NULL);
	assert_string_equal(kit_event(DOM0), "/w/a/b t");
	assert_string_equal(kit_event(DOM0), "");
}

static void watching_the_root_hears_everything(void **state)
{
	kit_call(DOM0, 0, XS_WATCH, "/", "r", NULL);
	assert_string_equal(kit_event(DOM0), "/ r");
	kit_write(DOM0, 0, "/a/b", "1");
	assert_string_equal(kit_event(DOM0), "/a/b r");
}

static void removing_a_parent_fires_with_the_watched_path(void **state)
{
	kit_write(DOM0, 0, "/w/a/b/c", "1");
	kit_call(DOM0, 0, XS_WATCH, "/w/a/b", "deep", NULL);
	kit_call(DOM0, 0, XS_WATCH, "/w/a/none", "none", NULL);
	kit_drain(DOM0);
	kit_call(DOM0, 0, XS_RM, "/w", NULL);
	assert_string_equal(kit_event(DOM0), "/w/a/b deep");
	assert_string_equal(kit_event(DOM0), "");
}

static void relative_watches_report_relative_paths(void **state)
{
	kit_call(DOM1, 0, XS_WATCH, "data", "t", NULL);
	assert_string_equal(kit_event(DOM1), "data t");
	kit_write(DOM0, 0, "/local/domain/1/data/x", "1");
	assert_string_equal(kit_event(DOM1), "data/x t");
}

static void the_depth_of_a_watch_limits_it(void **state)
{
	kit_call(DOM0, 0, XS_WATCH, "/w", "0", "0", NULL);
	kit_call(DOM0, 0, XS_WATCH, "/w", "1", "1", NULL);
	kit_call(DOM0, 0, XS_WATCH, "/", "r1", "1", NULL);
	kit_drain(DOM0);
	kit_write(DOM0, 0, "/w/a/b", "");
	assert_string_equal(kit_event(DOM0), "");
	kit_write(DOM0, 0, "/w/a", "");
	assert_string_equal(kit_event(DOM0), "/w/a 1");
	assert_string_equal(kit_event(DOM0), "");
	kit_write(DOM0, 0, "/w", "");
	assert_int_equal(kit_drain(DOM0), 3);
	assert_string_equal(kit_call(DOM0, 0, XS_WATCH, "/w", "x", "deep", NULL), "EINVAL");
}

static void watches_are_known_by_path_and_token(void **state)
{
	assert_null(kit_call(DOM0, 0, XS_WATCH, "/w", "a", NULL));
	assert_string_equal(kit_call(DOM0, 0, XS_WATCH, "/w", "a", NULL), "EEXIST");
	assert_null(kit_call(DOM0, 0, XS_WATCH, "/w", "b", NULL));
	kit_drain(DOM0);
	kit_write(DOM0, 0, "/w", "");
	assert_int_equal(kit_drain(DOM0), 2);
	assert_string_equal(kit_call(DOM0, 0, XS_UNWATCH, "/w", "c", NULL), "ENOENT");
	assert_null(kit_call(DOM0, 0, XS_UNWATCH, "/w", "a", NULL));
	kit_write(DOM0, 0, "/w", "");
	assert_string_equal(kit_event(DOM0), "/w b");
	assert_string_equal(kit_event(DOM0), "");
}

static void unwatching_drops_the_events_that_wait(void **state)
{
	kit_call(DOM0, 0, XS_WATCH, "/a", "a", NULL);
	kit_call(DOM0, 0, XS_WATCH, "/b", "b", NULL);
	kit_call(DOM0, 0, XS_UNWATCH, "/a", "a", NULL);
	assert_string_equal(kit_event(DOM0), "/b b");
	assert_string_equal(kit_event(DOM0), "");
	kit_call(DOM0, 0, XS_WATCH, "/c", "c", NULL);
	kit_call(DOM0, 0, XS_UNWATCH, "/c", "c", NULL);
	kit_write(DOM0, 0, "/b", "");
	assert_string_equal(kit_event(DOM0), "/b b");
}

static void guests_hear_only_of_what_they_may_read(void **state)
{
	kit_call(DOM1, 0, XS_WATCH, "/", "t", NULL);
	kit_drain(DOM1);
	kit_write(DOM0, 0, "/secret/x", "1");
	assert_string_equal(kit_event(DOM1), "");
	kit_write(DOM0, 0, "/open", "1");
	kit_call(DOM0, 0, XS_SET_PERMS, "/open", "r0", NULL);
	assert_string_equal(kit_event(DOM1), "/open t");
	/* Its end is told to those who could see it. */
	kit_call(DOM0, 0, XS_RM, "/open", NULL);
	assert_string_equal(kit_event(DOM1), "/open t");
	kit_write(DOM0, 0, "/local/domain/1/x", "1");
	assert_string_equal(kit_event(DOM1), "/local/domain/1/x t");
}

static void a_commit_fires_once_for_each_change_and_an_abort_not_at_all(void **state)
{
	kit_write(DOM0, 0, "/w/gone/below", "");
	kit_call(DOM0, 0, XS_WATCH, "/w", "t", NULL);
	kit_call(DOM0, 0, XS_WATCH, "/w/gone/below", "g", NULL);
	kit_drain(DOM0);

	uint32_t tx = kit_begin(DOM0);

	kit_write(DOM0, tx, "/w/a", "1");
	kit_call(DOM0, tx, XS_RM, "/w/gone", NULL);
	assert_string_equal(kit_event(DOM0), "");
	assert_null(kit_commit(DOM0, tx));
	assert_string_equal(kit_event(DOM0), "/w/a t");
	assert_string_equal(kit_event(DOM0), "/w/gone t");
	assert_string_equal(kit_event(DOM0), "/w/gone/below g");
	assert_string_equal(kit_event(DOM0), "");
	tx = kit_begin(DOM0);
	kit_write(DOM0, tx, "/w/b", "1");
	kit_call(DOM0, tx, XS_TRANSACTION_END, "F", NULL);
	assert_string_equal(kit_event(DOM0), "");
}

static void a_guest_sets_as_many_watches_as_its_quota(void **state)
{
	char token[16];
	int n = 0;

	for (; n < 200; n++) {
		snprintf(token, sizeof(token), "t%d", n);
		if (kit_call(DOM1, 0, XS_WATCH, "data", token, NULL))
			break;
	}
	assert_string_equal(kit_error(), "E2BIG");
	assert_int_equal(n, 128);
	kit_call(DOM1, 0, XS_RESET_WATCHES, "", NULL);
	assert_int_equal(kit_drain(DOM1), 0);
	assert_null(kit_call(DOM1, 0, XS_WATCH, "data", "t", NULL));
}

static void a_guest_that_does_not_read_keeps_a_bounded_number_of_events(void **state)
{
	char path[64];
	unsigned int n;

	kit_call(DOM1, 0, XS_WATCH, "data", "t", NULL);
	kit_call(DOM1, 0, XS_WATCH, "other", "o", NULL);
	for (int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/data/%d", i % 600);
		kit_write(DOM0, 0, path, "");
	}
	kit_write(DOM0, 0, "/local/domain/1/other/x", "");
	/* Nothing is lost but detail: the watch with too many fired with its own path. */
	bool collapsed = false, other = false;

	for (n = 0; kit_event(DOM1)[0]; n++)
		;
	assert_in_range(n, 1, 260);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/data/%d", i);
		kit_write(DOM0, 0, path, "again");
	}
	kit_write(DOM0, 0, "/local/domain/1/other/x", "");
	for (const char *event; (event = kit_event(DOM1))[0];) {
		collapsed |= !strcmp(event, "data t");
		other |= !strcmp(event, "other/x o");
	}
	assert_true(collapsed);
	assert_true(other);
}

static void tokens_have_a_longest_length(void **state)
{
	char token[1200];

	memset(token, 't', sizeof(token));
	token[1100] = '\0';
	assert_string_equal(kit_call(DOM0, 0, XS_WATCH, "/w", token, NULL), "EINVAL");
	token[1000] = '\0';
	assert_null(kit_call(DOM0, 0, XS_WATCH, "/w", token, NULL));
}

static void watches_of_many_domains_are_found_by_their_paths(void **state)
{
	struct store_conn *conns[200];
	char path[64];

	for (int i = 0; i < 200; i++) {
		conns[i] = store_connect(STORE, (domid_t)(100 + i), KIT);
		snprintf(path, sizeof(path), "/local/domain/%d", 100 + i);
		kit_call(DOM0, 0, XS_MKDIR, path, NULL);
		snprintf(path + 32, 16, "n%d", 100 + i);
		kit_call(DOM0, 0, XS_SET_PERMS, path, path + 32, NULL);
		kit_call(conns[i], 0, XS_WATCH, "control", "c", NULL);
		kit_drain(conns[i]);
	}
	kit_write(DOM0, 0, "/local/domain/150/control/shutdown", "poweroff");
	for (int i = 0; i < 200; i++) {
		assert_string_equal(kit_event(conns[i]), i == 50 ? "control/shutdown c" : "");
		store_disconnect(conns[i]);
	}
}

/* ---- special watches and messages about domains ---- */

static void introducing_and_releasing_are_announced(void **state)
{
	kit_call(DOM0, 0, XS_WATCH, "@introduceDomain", "i", NULL);
	kit_call(DOM0, 0, XS_WATCH, "@releaseDomain", "r", NULL);
	kit_call(DOM0, 0, XS_WATCH, "@releaseDomain", "rd", "1", NULL);
	kit_call(DOM0, 0, XS_WATCH, "@releaseDomain/5", "r5", NULL);
	kit_call(DOM0, 0, XS_WATCH, "@releaseDomain/6", "r6", NULL);
	assert_string_equal(kit_event(DOM0), "@introduceDomain i");
	assert_int_equal(kit_drain(DOM0), 4);
	assert_null(kit_call(DOM0, 0, XS_INTRODUCE, "5", "1234", "7", NULL));
	assert_int_equal(KIT->last_domid, 5);
	assert_int_equal(KIT->last_gfn, 1234);
	assert_int_equal(KIT->last_port, 7);
	assert_string_equal(kit_event(DOM0), "@introduceDomain i");
	assert_null(kit_call(DOM0, 0, XS_RELEASE, "5", NULL));

	bool by_name = false, by_depth = false, by_id = false, other = false;

	for (const char *event; (event = kit_event(DOM0))[0];) {
		by_name |= !strcmp(event, "@releaseDomain r");
		by_depth |= !strcmp(event, "@releaseDomain/5 rd");
		by_id |= !strcmp(event, "@releaseDomain/5 r5");
		other |= strstr(event, "r6") != NULL;
	}
	assert_true(by_name && by_depth && by_id && !other);
}

static void special_watches_of_guests_need_permission(void **state)
{
	kit_call(DOM1, 0, XS_WATCH, "@releaseDomain", "r", NULL);
	kit_drain(DOM1);
	store_announce(STORE, "@releaseDomain", 9);
	assert_string_equal(kit_event(DOM1), "");
	assert_null(kit_call(DOM0, 0, XS_SET_PERMS, "@releaseDomain", "n0", "r1", NULL));
	assert_string_equal(kit_perms(DOM0, 0, "@releaseDomain"), "n0,r1");
	store_announce(STORE, "@releaseDomain", 9);
	assert_string_equal(kit_event(DOM1), "@releaseDomain r");
	assert_string_equal(kit_call(DOM1, 0, XS_SET_PERMS, "@introduceDomain", "r1", NULL),
			    "EACCES");
}

static void introduce_refuses_what_is_no_domain(void **state)
{
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "0", "1", "1", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "32752", "1", "1", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "1", "1", "0", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "1", "-1", "1", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "1", "1", NULL), "EINVAL");
	assert_int_equal(KIT->introduced, 0);
	KIT->introduce_result = -ENOMEM;
	assert_string_equal(kit_call(DOM0, 0, XS_INTRODUCE, "1", "1", "1", NULL), "ENOMEM");
}

static void release_and_resume_of_strangers_are_enoent(void **state)
{
	assert_string_equal(kit_call(DOM0, 0, XS_RELEASE, "5", NULL), "ENOENT");
	assert_string_equal(kit_call(DOM0, 0, XS_RESUME, "5", NULL), "ENOENT");
	assert_string_equal(kit_call(DOM0, 0, XS_RELEASE, "0", NULL), "EINVAL");
	kit_call(DOM0, 0, XS_INTRODUCE, "5", "1", "1", NULL);
	assert_null(kit_call(DOM0, 0, XS_RESUME, "5", NULL));
	assert_int_equal(KIT->resumed, 1);
}

static void is_domain_introduced_says_t_or_f(void **state)
{
	kit_call(DOM1, 0, XS_IS_DOMAIN_INTRODUCED, "5", NULL);
	assert_string_equal(kit_reply.payload, "F");
	kit_call(DOM0, 0, XS_INTRODUCE, "5", "1", "1", NULL);
	kit_call(DOM1, 0, XS_IS_DOMAIN_INTRODUCED, "5", NULL);
	assert_string_equal(kit_reply.payload, "T");
	kit_call(DOM1, 0, XS_IS_DOMAIN_INTRODUCED, "0", NULL);
	assert_string_equal(kit_reply.payload, "T");
}

static void domain_paths_are_told_to_anybody(void **state)
{
	assert_null(kit_call(DOM1, 0, XS_GET_DOMAIN_PATH, "007", NULL));
	assert_string_equal(kit_reply.payload, "/local/domain/7");
	assert_string_equal(kit_call(DOM1, 0, XS_GET_DOMAIN_PATH, "x", NULL), "EINVAL");
}

static void a_target_gives_its_rights(void **state)
{
	kit_write(DOM2, 0, "data", "of 2");
	assert_string_equal(kit_call(DOM0, 0, XS_SET_TARGET, "1", "2", NULL), "ENOENT");
	KIT->known[1] = KIT->known[2] = true;
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/data"), "!EACCES");
	assert_null(kit_call(DOM0, 0, XS_SET_TARGET, "1", "2", NULL));
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/data"), "of 2");
	assert_string_equal(kit_read(DOM2, 0, "/local/domain/1"), "!EACCES");
}

static void control_answers_its_commands(void **state)
{
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "check", NULL));
	assert_string_equal(kit_reply.payload, "OK");
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "help", NULL));
	assert_non_null(strstr(kit_reply.payload, "memreport"));
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "print", "hello", NULL));
	assert_string_equal(KIT->printed, "hello");
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "memreport", NULL));
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "quota", "set", "watches", "3", NULL));
	assert_int_equal(store_quota(STORE)->watches, 3);
	assert_null(kit_call(DOM0, 0, XS_CONTROL, "quota", NULL));
	assert_non_null(strstr(kit_reply.payload, "watches            3\n"));
	assert_string_equal(kit_call(DOM0, 0, XS_CONTROL, "quota", "set", "x", "3", NULL),
			    "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_CONTROL, "live-update", NULL), "EINVAL");
}

/* The same numbers in each run. */
static unsigned int any_of(unsigned int n)
{
	static unsigned int seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed / 65536 % n;
}

/* Random requests of three connections; the accounts must always agree. */
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
		T(a_new_watch_fires_once_at_once),
		T(changes_at_and_below_fire_with_the_changed_path),
		T(watching_the_root_hears_everything),
		T(removing_a_parent_fires_with_the_watched_path),
		T(relative_watches_report_relative_paths),
		T(the_depth_of_a_watch_limits_it),
		T(watches_are_known_by_path_and_token),
		T(unwatching_drops_the_events_that_wait),
		T(guests_hear_only_of_what_they_may_read),
		T(a_commit_fires_once_for_each_change_and_an_abort_not_at_all),
		T(a_guest_sets_as_many_watches_as_its_quota),
		T(a_guest_that_does_not_read_keeps_a_bounded_number_of_events),
		T(tokens_have_a_longest_length),
		T(watches_of_many_domains_are_found_by_their_paths),
		T(introducing_and_releasing_are_announced),
		T(special_watches_of_guests_need_permission),
		T(introduce_refuses_what_is_no_domain),
		T(release_and_resume_of_strangers_are_enoent),
		T(is_domain_introduced_says_t_or_f),
		T(domain_paths_are_told_to_anybody),
		T(a_target_gives_its_rights),
		T(control_answers_its_commands),
		T(any_history_keeps_the_accounts_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
