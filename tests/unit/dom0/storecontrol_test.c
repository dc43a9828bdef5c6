/* SPDX-License-Identifier: MIT */
/*
 * The store: messages about domains, special watches, control commands.
 */
#include "dom0/storekit.h"

#define KIT ((struct kit *)*state)
#define DOM0 (KIT->conn[0])
#define DOM1 (KIT->conn[1])
#define DOM2 (KIT->conn[2])
#define STORE (KIT->store)

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

static void a_dead_targets_number_gives_no_rights_over_the_next(void **state)
{
	KIT->known[1] = KIT->known[2] = true;
	assert_null(kit_call(DOM0, 0, XS_SET_TARGET, "1", "2", NULL));
	store_disconnect(KIT->conn[2]);
	store_forget_domain(STORE, 2);
	KIT->conn[2] = store_connect(STORE, 2, KIT);
	kit_call(DOM0, 0, XS_MKDIR, "/local/domain/2", NULL);
	kit_call(DOM0, 0, XS_SET_PERMS, "/local/domain/2", "n2", NULL);
	kit_write(DOM2, 0, "data", "of the next");
	assert_string_equal(kit_read(DOM1, 0, "/local/domain/2/data"), "!EACCES");
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(introducing_and_releasing_are_announced),
		T(special_watches_of_guests_need_permission),
		T(introduce_refuses_what_is_no_domain),
		T(release_and_resume_of_strangers_are_enoent),
		T(is_domain_introduced_says_t_or_f),
		T(domain_paths_are_told_to_anybody),
		T(a_target_gives_its_rights),
		T(a_dead_targets_number_gives_no_rights_over_the_next),
		T(control_answers_its_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
