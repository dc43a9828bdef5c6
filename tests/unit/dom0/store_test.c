/* SPDX-License-Identifier: MIT */
/*
 * The store: messages that read and change nodes, paths, permissions, quotas.
 */
#include "dom0/storekit.h"

#define DOM0 (((struct kit *)*state)->conn[0])
#define DOM1 (((struct kit *)*state)->conn[1])
#define DOM2 (((struct kit *)*state)->conn[2])
#define STORE (((struct kit *)*state)->store)

static void write_makes_the_node_and_its_parents(void **state)
{
	assert_null(kit_write(DOM0, 0, "/a/b/c", "value"));
	assert_string_equal(kit_read(DOM0, 0, "/a/b/c"), "value");
	assert_string_equal(kit_read(DOM0, 0, "/a/b"), "");
	assert_string_equal(kit_list(DOM0, 0, "/a"), "b");
	assert_null(kit_write(DOM0, 0, "/a/b/c", ""));
	assert_string_equal(kit_read(DOM0, 0, "/a/b/c"), "");
}

static void values_may_hold_any_byte(void **state)
{
	kit_send(DOM0, 0, XS_WRITE, "/bin\0\0\1\377\n", 9);
	assert_null(kit_error());
	kit_call(DOM0, 0, XS_READ, "/bin", NULL);
	assert_int_equal(kit_reply.hdr.len, 4);
	assert_memory_equal(kit_reply.payload, "\0\1\377\n", 4);
}

static void ok_replies_are_two_letters_and_a_nul(void **state)
{
	kit_write(DOM0, 0, "/a", "b");
	assert_int_equal(kit_reply.hdr.len, 3);
	assert_string_equal(kit_reply.payload, "OK");
}

static void reading_what_is_not_there_is_enoent(void **state)
{
	assert_string_equal(kit_read(DOM0, 0, "/none"), "!ENOENT");
	assert_string_equal(kit_list(DOM0, 0, "/none/below"), "!ENOENT");
	assert_string_equal(kit_perms(DOM0, 0, "/none"), "!ENOENT");
}

static void mkdir_leaves_an_existing_value_alone(void **state)
{
	kit_write(DOM0, 0, "/a", "b");
	assert_null(kit_call(DOM0, 0, XS_MKDIR, "/a", NULL));
	assert_string_equal(kit_read(DOM0, 0, "/a"), "b");
	assert_null(kit_call(DOM0, 0, XS_MKDIR, "/x/y", NULL));
	assert_string_equal(kit_read(DOM0, 0, "/x/y"), "");
}

static void rm_takes_the_whole_subtree(void **state)
{
	size_t before = store_node_count(STORE);

	kit_write(DOM0, 0, "/a/b/c/d", "1");
	kit_write(DOM0, 0, "/a/b/e", "2");
	assert_null(kit_call(DOM0, 0, XS_RM, "/a/b", NULL));
	assert_string_equal(kit_read(DOM0, 0, "/a/b/e"), "!ENOENT");
	assert_string_equal(kit_list(DOM0, 0, "/a"), "");
	kit_call(DOM0, 0, XS_RM, "/a", NULL);
	assert_int_equal(store_node_count(STORE), before);
}

static void rm_forgives_a_missing_node_but_not_a_missing_parent(void **state)
{
	assert_null(kit_call(DOM0, 0, XS_RM, "/none", NULL));
	assert_string_equal(kit_call(DOM0, 0, XS_RM, "/none/below", NULL), "ENOENT");
	assert_string_equal(kit_call(DOM0, 0, XS_RM, "/", NULL), "EINVAL");
}

static void directory_is_sorted_and_each_name_ends_with_a_nul(void **state)
{
	kit_write(DOM0, 0, "/d/bb", "");
	kit_write(DOM0, 0, "/d/a", "");
	kit_write(DOM0, 0, "/d/b", "");
	assert_string_equal(kit_list(DOM0, 0, "/d"), "a,b,bb");
	assert_int_equal(kit_reply.hdr.len, 7);
	assert_string_equal(kit_list(DOM0, 0, "/d/a"), "");
	assert_int_equal(kit_reply.hdr.len, 0);
}

static void a_directory_too_long_for_a_message_is_e2big_and_comes_in_parts(void **state)
{
	char path[64], names[8192], offset[16], generation[32] = "";
	size_t got = 0;
	int parts = 0;

	for (int i = 0; i < 700; i++) {
		snprintf(path, sizeof(path), "/long/name-%04d", i);
		kit_write(DOM0, 0, path, "");
	}
	assert_string_equal(kit_list(DOM0, 0, "/long"), "!E2BIG");
	for (;;) {
		snprintf(offset, sizeof(offset), "%zu", got);
		assert_null(kit_call(DOM0, 0, XS_DIRECTORY_PART, "/long", offset, NULL));

		size_t gen = strlen(kit_reply.payload) + 1, len = kit_reply.hdr.len;

		if (parts++)
			assert_string_equal(kit_reply.payload, generation);
		strcpy(generation, kit_reply.payload);
		memcpy(names + got, kit_reply.payload + gen, len - gen);
		got += len - gen;
		if (len - gen < 2 || !kit_reply.payload[len - 2])
			break;
	}
	assert_int_equal(got, 700 * 10 + 1);
	assert_string_equal(names + 699 * 10, "name-0699");
	assert_int_equal(parts, 2);
	kit_write(DOM0, 0, "/long/one-more", "");
	kit_call(DOM0, 0, XS_DIRECTORY_PART, "/long", "0", NULL);
	assert_string_not_equal(kit_reply.payload, generation);
}

static void directory_part_behind_the_end_is_an_empty_string(void **state)
{
	kit_call(DOM0, 0, XS_MKDIR, "/e", NULL);
	assert_null(kit_call(DOM0, 0, XS_DIRECTORY_PART, "/e", "5000", NULL));
	assert_int_equal(kit_reply.hdr.len, strlen(kit_reply.payload) + 2);
	assert_string_equal(kit_call(DOM0, 0, XS_DIRECTORY_PART, "/e", "x", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_DIRECTORY_PART, "/e", NULL), "EINVAL");
}

static void bad_paths_are_einval(void **state)
{
	static const char *const paths[] = {
		"", "/a/", "//", "/a//b", "/a b", "/a\nb", "/\303\244", "a/", "@other",
		"@releaseDomain/", "@releaseDomain/x", "/@releaseDomain", "/.", "/a?",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_string_equal(kit_read(DOM0, 0, paths[i]), "!EINVAL");
		assert_string_equal(kit_write(DOM0, 0, paths[i], "v"), "EINVAL");
		assert_string_equal(kit_call(DOM0, 0, XS_RM, paths[i], NULL), "EINVAL");
		assert_string_equal(kit_call(DOM0, 0, XS_WATCH, paths[i], "t", NULL), "EINVAL");
	}
	/* Special names are for permissions and watches only. */
	assert_string_equal(kit_write(DOM0, 0, "@releaseDomain", "v"), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_RM, "@introduceDomain", NULL), "EINVAL");
}

static void paths_have_their_longest_length_and_no_more(void **state)
{
	char path[XENSTORE_ABS_PATH_MAX + 8];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[XENSTORE_ABS_PATH_MAX] = '\0';
	assert_null(kit_write(DOM0, 0, path, "v"));
	assert_string_equal(kit_read(DOM0, 0, path), "v");
	path[XENSTORE_ABS_PATH_MAX] = 'x';
	path[XENSTORE_ABS_PATH_MAX + 1] = '\0';
	assert_string_equal(kit_write(DOM0, 0, path, "v"), "EINVAL");
	path[XENSTORE_REL_PATH_MAX + 2] = '\0';
	assert_string_equal(kit_write(DOM1, 0, path + 1, "v"), "EINVAL");
	path[XENSTORE_REL_PATH_MAX + 1] = '\0';
	assert_null(kit_write(DOM1, 0, path + 1, "v"));
}

static void the_deepest_path_can_be_walked_and_removed(void **state)
{
	char path[XENSTORE_ABS_PATH_MAX + 1];

	for (size_t i = 0; i < XENSTORE_ABS_PATH_MAX; i += 2)
		memcpy(path + i, "/d", 2);
	path[XENSTORE_ABS_PATH_MAX] = '\0';
	assert_null(kit_write(DOM0, 0, path, "v"));
	assert_true(store_check(STORE));
	assert_null(kit_call(DOM0, 0, XS_RM, "/d", NULL));
}

static void relative_paths_begin_at_the_domains_own_corner(void **state)
{
	assert_null(kit_write(DOM1, 0, "data/x", "1"));
	assert_string_equal(kit_read(DOM0, 0, "/local/domain/1/data/x"), "1");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/1/data/x"), "1");
}

static void payloads_without_their_nul_are_einval(void **state)
{
	static const uint32_t types[] = {
		XS_READ, XS_DIRECTORY, XS_GET_PERMS, XS_MKDIR, XS_RM, XS_WATCH, XS_UNWATCH,
		XS_WRITE, XS_SET_PERMS, XS_DIRECTORY_PART, XS_TRANSACTION_END, XS_INTRODUCE,
		XS_RELEASE, XS_RESUME, XS_GET_DOMAIN_PATH, XS_IS_DOMAIN_INTRODUCED, XS_SET_TARGET,
		XS_CONTROL,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		kit_send(DOM0, 0, types[i], "/tool", 5);
		assert_string_equal(kit_error(), "EINVAL");
		kit_send(DOM0, 0, types[i], "", 0);
		assert_string_equal(kit_error(), "EINVAL");
	}
	kit_send(DOM0, 0, XS_READ, "/tool\0x", 8);
	assert_string_equal(kit_error(), "EINVAL");
}

static void unknown_types_are_enosys(void **state)
{
	static const uint32_t types[] = {
		XS_WATCH_EVENT, XS_ERROR, 20, XS_TYPE_COUNT, XS_INVALID, UINT32_MAX,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		kit_send(DOM0, 0, types[i], "x", 2);
		assert_string_equal(kit_error(), "ENOSYS");
	}
}

/* ---- permissions ---- */

static void children_inherit_permissions_and_guests_own_what_they_make(void **state)
{
	kit_call(DOM0, 0, XS_MKDIR, "/p", NULL);
	assert_null(kit_call(DOM0, 0, XS_SET_PERMS, "/p", "n0", "b1", "r2", NULL));
	kit_write(DOM0, 0, "/p/by0", "");
	assert_string_equal(kit_perms(DOM0, 0, "/p/by0"), "n0,b1,r2");
	assert_null(kit_write(DOM1, 0, "/p/by1", ""));
	assert_string_equal(kit_perms(DOM0, 0, "/p/by1"), "n1,b1,r2");
}

static void guests_do_what_permissions_say(void **state)
{
	kit_write(DOM0, 0, "/p", "v");
	assert_string_equal(kit_read(DOM1, 0, "/p"), "!EACCES");
	kit_call(DOM0, 0, XS_SET_PERMS, "/p", "n0", "r1", "w2", NULL);
	assert_string_equal(kit_read(DOM1, 0, "/p"), "v");
	assert_string_equal(kit_write(DOM1, 0, "/p", "x"), "EACCES");
	assert_string_equal(kit_read(DOM2, 0, "/p"), "!EACCES");
	assert_null(kit_write(DOM2, 0, "/p", "by2"));
	assert_string_equal(kit_read(DOM1, 0, "/p"), "by2");
	kit_call(DOM0, 0, XS_SET_PERMS, "/p", "r0", NULL);
	assert_string_equal(kit_read(DOM2, 0, "/p"), "by2");
	assert_string_equal(kit_list(DOM1, 0, "/local/domain/2"), "!EACCES");
	assert_string_equal(kit_call(DOM2, 0, XS_RM, "/p", NULL), "EACCES");
}

static void a_guest_does_not_learn_what_exists_where_it_may_not_look(void **state)
{
	kit_call(DOM0, 0, XS_MKDIR, "/secret", NULL);
	assert_string_equal(kit_read(DOM1, 0, "/secret/none"), "!EACCES");
	assert_string_equal(kit_read(DOM1, 0, "/none"), "!EACCES");
	assert_string_equal(kit_read(DOM1, 0, "none"), "!ENOENT");
	assert_string_equal(kit_write(DOM1, 0, "/new", "x"), "EACCES");
	assert_string_equal(kit_call(DOM1, 0, XS_RM, "/none", NULL), "EACCES");
}

static void only_the_owner_sets_permissions_and_only_dom0_the_owner(void **state)
{
	kit_write(DOM1, 0, "mine", "");
	assert_null(kit_call(DOM1, 0, XS_SET_PERMS, "mine", "n1", "r2", NULL));
	assert_string_equal(kit_call(DOM1, 0, XS_SET_PERMS, "mine", "n2", NULL), "EPERM");
	assert_string_equal(kit_call(DOM2, 0, XS_SET_PERMS, "/local/domain/1/mine", "n1", NULL),
			    "EACCES");
	assert_null(kit_call(DOM0, 0, XS_SET_PERMS, "/local/domain/1/mine", "n2", NULL));
	assert_string_equal(kit_perms(DOM2, 0, "/local/domain/1/mine"), "n2");
}

static void malformed_permissions_are_einval(void **state)
{
	static const char *const bad[] = { "", "n", "x0", "n-1", "n32752", "n1x", "0", "nn1" };

	kit_write(DOM0, 0, "/p", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(kit_call(DOM0, 0, XS_SET_PERMS, "/p", bad[i], NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_SET_PERMS, "/p", NULL), "EINVAL");
	assert_string_equal(kit_call(DOM0, 0, XS_SET_PERMS, "/none", "n0", NULL), "ENOENT");
}

static void more_permissions_than_a_list_holds_are_enospc(void **state)
{
	char payload[2000] = "/p";
	size_t len = 3;

	kit_write(DOM0, 0, "/p", "");
	for (int i = 0; i < 300; i++)
		len += (size_t)sprintf(payload + len, "r%d", i) + 1;
	kit_send(DOM0, 0, XS_SET_PERMS, payload, len);
	assert_string_equal(kit_error(), "ENOSPC");
}

static void privileged_messages_are_eacces_for_guests(void **state)
{
	assert_string_equal(kit_call(DOM1, 0, XS_CONTROL, "check", NULL), "EACCES");
	assert_string_equal(kit_call(DOM1, 0, XS_INTRODUCE, "2", "1", "1", NULL), "EACCES");
	assert_string_equal(kit_call(DOM1, 0, XS_RELEASE, "2", NULL), "EACCES");
	assert_string_equal(kit_call(DOM1, 0, XS_RESUME, "2", NULL), "EACCES");
	assert_string_equal(kit_call(DOM1, 0, XS_SET_TARGET, "1", "2", NULL), "EACCES");
}

/* ---- quotas ---- */

static void a_guest_makes_as_many_nodes_as_its_quota(void **state)
{
	char name[32];
	int made = 0;

	store_quota(STORE)->nodes = 20;
	for (; made < 30; made++) {
		snprintf(name, sizeof(name), "n%d", made);
		if (kit_write(DOM1, 0, name, "x"))
			break;
	}
	assert_string_equal(kit_error(), "ENOSPC");
	assert_int_equal(made, 19);	/* its corner counts */
	assert_null(kit_write(DOM0, 0, "/local/domain/1/by0", ""));
	/* Nothing of a path that does not fit is made. */
	kit_call(DOM1, 0, XS_RM, "n0", NULL);
	kit_call(DOM1, 0, XS_RM, "n1", NULL);
	assert_string_equal(kit_write(DOM1, 0, "a/b/c/d", ""), "ENOSPC");
	assert_string_equal(kit_read(DOM1, 0, "a"), "!ENOENT");
	assert_null(kit_write(DOM1, 0, "a", ""));
}

static void a_guest_may_lengthen_a_value_of_dom0_whatever_dom0_owns(void **state)
{
	store_quota(STORE)->nodes = 2;
	kit_write(DOM0, 0, "/a/b/c", "");
	kit_call(DOM0, 0, XS_SET_PERMS, "/a/b/c", "b0", NULL);
	assert_null(kit_write(DOM1, 0, "/a/b/c", "longer"));
}

static void a_guests_values_and_permission_lists_are_bounded(void **state)
{
	char value[3000];

	memset(value, 'v', sizeof(value));
	value[2049] = '\0';
	assert_string_equal(kit_write(DOM1, 0, "big", value), "ENOSPC");
	assert_null(kit_write(DOM0, 0, "/big", value));
	value[2048] = '\0';
	assert_null(kit_write(DOM1, 0, "big", value));
	assert_null(kit_call(DOM1, 0, XS_SET_PERMS, "big", "n1", "r0", "r2", "r3", "r4", NULL));
	assert_string_equal(kit_call(DOM1, 0, XS_SET_PERMS, "big", "n1", "r0", "r2", "r3", "r4",
				     "r5", NULL), "ENOSPC");
}

static void the_memory_of_a_guests_nodes_is_bounded(void **state)
{
	char name[16], value[2001];
	int n = 0;

	memset(value, 'v', sizeof(value));
	value[2000] = '\0';
	store_quota(STORE)->memory = 20000;
	for (; n < 100; n++) {
		snprintf(name, sizeof(name), "n%d", n);
		if (kit_write(DOM1, 0, name, value))
			break;
	}
	assert_string_equal(kit_error(), "ENOSPC");
	assert_int_equal(n, 9);
	assert_string_equal(kit_read(DOM1, 0, name), "!ENOENT");
	/* A node that is there does not grow either, but may shrink and make room. */
	assert_null(kit_write(DOM1, 0, "small", ""));
	assert_string_equal(kit_write(DOM1, 0, "small", value), "ENOSPC");
	assert_string_equal(kit_read(DOM1, 0, "small"), "");
	assert_null(kit_write(DOM1, 0, "n0", "short"));
	assert_null(kit_write(DOM1, 0, "small", value));
	assert_true(store_check(STORE));
	/* Others cannot fill it up for its owner. */
	kit_call(DOM1, 0, XS_SET_PERMS, "n0", "n1", "b2", NULL);
	assert_string_equal(kit_write(DOM2, 0, "/local/domain/1/n0", value), "ENOSPC");
}

static void giving_a_node_away_moves_it_between_accounts(void **state)
{
	kit_write(DOM0, 0, "/g", "");
	kit_call(DOM0, 0, XS_SET_PERMS, "/g", "n7", NULL);
	assert_true(store_check(STORE));
	kit_call(DOM0, 0, XS_CONTROL, "quota", "7", NULL);
	assert_non_null(strstr(kit_reply.payload, "nodes              1\n"));
	kit_call(DOM0, 0, XS_RM, "/g", NULL);
	assert_string_equal(kit_call(DOM0, 0, XS_CONTROL, "quota", "7", NULL), "ENOENT");
}

static void a_dead_domains_nodes_go_with_it(void **state)
{
	kit_write(DOM1, 0, "data/a", "");
	kit_write(DOM0, 0, "/shared/keep", "");
	kit_call(DOM0, 0, XS_SET_PERMS, "/shared", "n0", "b1", NULL);
	kit_write(DOM1, 0, "/shared/by1/below", "");
	kit_write(DOM1, 0, "/shared/by1-too", "");
	store_forget_domain(STORE, 1);
	assert_string_equal(kit_list(DOM0, 0, "/shared"), "keep");
	assert_string_equal(kit_list(DOM0, 0, "/local/domain"), "2");
	assert_true(store_check(STORE));
}

/* As the daemon does it; the next one has the same number. */
static void die_and_be_replaced(struct kit *kit, domid_t domid)
{
	store_disconnect(kit->conn[domid]);
	store_forget_domain(kit->store, domid);
	kit->conn[domid] = store_connect(kit->store, domid, kit);
}

static void what_a_dead_domain_was_allowed_is_not_the_next_ones_of_its_number(void **state)
{
	struct kit *kit = *state;

	kit_write(DOM2, 0, "for1", "");
	kit_call(DOM2, 0, XS_SET_PERMS, "for1", "n2", "r1", "r0", NULL);
	kit_write(DOM2, 0, "for1/below", "secret");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1/below"), "secret");
	die_and_be_replaced(kit, 1);
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1"), "!EACCES");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1/below"), "!EACCES");
	assert_string_equal(kit_perms(DOM2, 0, "for1"), "n2,r0");
	/* Nor does it come back with a change, or with what is made below. */
	kit_write(DOM2, 0, "for1", "changed");
	kit_write(DOM2, 0, "for1/new", "");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1"), "!EACCES");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1/new"), "!EACCES");
	assert_null(kit_call(DOM2, 0, XS_SET_PERMS, "for1", "n2", "r1", NULL));
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/for1"), "changed");
	assert_string_equal(kit_perms(DOM1, 0, "/local/domain/2/for1"), "n2,r1");
}

static void permissions_of_a_transaction_are_for_who_lived_when_it_gave_them(void **state)
{
	struct kit *kit = *state;
	uint32_t tx;

	kit_write(DOM2, 0, "for1", "");
	tx = kit_begin(DOM2);
	kit_call(DOM2, tx, XS_SET_PERMS, "for1", "n2", "b1", NULL);
	die_and_be_replaced(kit, 1);
	kit_write(DOM2, 0, "other", "");
	assert_null(kit_commit(DOM2, tx));
	assert_string_equal(kit_write(DOM1, 0, "/local/domain/2/for1", "x"), "EACCES");
}

/* The domain of a name, -1: nobody has it. */
static int who(struct kit *k, const char *name)
{
	domid_t domid;

	return store_find_name(k->store, name, &domid) ? domid : -1;
}

static void names_follow_the_tree(void **state)
{
	struct kit *k = *state;
	uint32_t tx;

	assert_int_equal(who(k, "uk1"), -1);
	kit_write(k->conn[0], 0, "/local/domain/7/name", "uk1");
	kit_write(k->conn[0], 0, "/local/domain/9/name", "uk2");
	kit_write(k->conn[0], 0, "/local/domain/9/name/below", "uk3");
	kit_write(k->conn[0], 0, "/local/domain/99999/name", "uk3");
	kit_write(k->conn[0], 0, "/local/domain/x/name", "uk3");
	assert_int_equal(who(k, "uk1"), 7);
	assert_int_equal(who(k, "uk2"), 9);
	assert_int_equal(who(k, "uk3"), -1);
	assert_int_equal(who(k, ""), -1);
	kit_write(k->conn[0], 0, "/local/domain/9/name", "uk1");
	assert_int_equal(who(k, "uk1"), 7);
	assert_int_equal(who(k, "uk2"), -1);
	kit_call(k->conn[0], 0, XS_RM, "/local/domain/7", NULL);
	assert_int_equal(who(k, "uk1"), 9);
	tx = kit_begin(k->conn[0]);
	kit_write(k->conn[0], tx, "/local/domain/9/name", "uk4");
	assert_int_equal(who(k, "uk4"), -1);
	assert_null(kit_commit(k->conn[0], tx));
	assert_int_equal(who(k, "uk4"), 9);
	assert_int_equal(who(k, "uk1"), -1);
	kit_call(k->conn[0], 0, XS_RM, "/local/domain/9/name", NULL);
	assert_int_equal(who(k, "uk4"), -1);
}

static void names_go_with_the_folder_of_all(void **state)
{
	struct kit *k = *state;
	uint32_t tx;

	kit_write(k->conn[0], 0, "/local/domain/7/name", "uk1");
	tx = kit_begin(k->conn[0]);
	kit_call(k->conn[0], tx, XS_RM, "/local", NULL);
	kit_write(k->conn[0], tx, "/local/domain/8/name", "uk2");
	assert_null(kit_commit(k->conn[0], tx));
	assert_int_equal(who(k, "uk1"), -1);
	assert_int_equal(who(k, "uk2"), 8);
	kit_call(k->conn[0], 0, XS_RM, "/local/domain", NULL);
	assert_int_equal(who(k, "uk2"), -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(write_makes_the_node_and_its_parents),
		T(what_a_dead_domain_was_allowed_is_not_the_next_ones_of_its_number),
		T(permissions_of_a_transaction_are_for_who_lived_when_it_gave_them),
		T(names_follow_the_tree),
		T(names_go_with_the_folder_of_all),
		T(values_may_hold_any_byte),
		T(ok_replies_are_two_letters_and_a_nul),
		T(reading_what_is_not_there_is_enoent),
		T(mkdir_leaves_an_existing_value_alone),
		T(rm_takes_the_whole_subtree),
		T(rm_forgives_a_missing_node_but_not_a_missing_parent),
		T(directory_is_sorted_and_each_name_ends_with_a_nul),
		T(a_directory_too_long_for_a_message_is_e2big_and_comes_in_parts),
		T(directory_part_behind_the_end_is_an_empty_string),
		T(bad_paths_are_einval),
		T(paths_have_their_longest_length_and_no_more),
		T(the_deepest_path_can_be_walked_and_removed),
		T(relative_paths_begin_at_the_domains_own_corner),
		T(payloads_without_their_nul_are_einval),
		T(unknown_types_are_enosys),
		T(children_inherit_permissions_and_guests_own_what_they_make),
		T(guests_do_what_permissions_say),
		T(a_guest_does_not_learn_what_exists_where_it_may_not_look),
		T(only_the_owner_sets_permissions_and_only_dom0_the_owner),
		T(malformed_permissions_are_einval),
		T(more_permissions_than_a_list_holds_are_enospc),
		T(privileged_messages_are_eacces_for_guests),
		T(a_guest_makes_as_many_nodes_as_its_quota),
		T(a_guest_may_lengthen_a_value_of_dom0_whatever_dom0_owns),
		T(a_guests_values_and_permission_lists_are_bounded),
		T(the_memory_of_a_guests_nodes_is_bounded),
		T(giving_a_node_away_moves_it_between_accounts),
		T(a_dead_domains_nodes_go_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
