/* SPDX-License-Identifier: MIT */
/*
 * The store: watches and their events.
 */
#include "dom0/storekit.h"

#define KIT ((struct kit *)*state)
#define DOM0 (KIT->conn[0])
#define DOM1 (KIT->conn[1])
#define DOM2 (KIT->conn[2])
#define STORE (KIT->store)

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

static void long_events_and_watches_cost_no_more_memory_than_allowed(void **state)
{
	char path[2000], token[16];
	size_t bytes = 0;
	int n;

	memset(path, 'x', sizeof(path));
	memcpy(path, "data/", 5);
	path[1500] = '\0';
	kit_call(DOM1, 0, XS_WATCH, "data", "t", NULL);
	for (n = 0; n < 100; n++) {
		path[1000 + n] = 'y';
		assert_null(kit_write(DOM1, 0, path, ""));
	}
	for (const char *event; (event = kit_event(DOM1))[0];)
		bytes += strlen(event);
	assert_in_range(bytes, 1, 64 << 10);
	store_quota(STORE)->memory = 300000;
	for (n = 0; n < 120; n++) {
		snprintf(token, sizeof(token), "%d", n);
		if (kit_call(DOM1, 0, XS_WATCH, path, token, NULL))
			break;
	}
	assert_string_equal(kit_error(), "E2BIG");
	assert_in_range(n, 60, 110);
	kit_call(DOM1, 0, XS_RESET_WATCHES, "", NULL);
	assert_null(kit_call(DOM1, 0, XS_WATCH, path, "t", NULL));
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
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
		T(long_events_and_watches_cost_no_more_memory_than_allowed),
		T(tokens_have_a_longest_length),
		T(watches_of_many_domains_are_found_by_their_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
