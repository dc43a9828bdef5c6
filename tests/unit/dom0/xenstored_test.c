/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon: dom0's own clients, guests' rings, deaths of domains.
 */
#include "dom0/daemonkit.h"

static size_t guest_send(struct guest *guest, const void *buf, size_t n)
{
	struct xenstore_domain_interface *page = &guest->xenstore;
	const char *from = buf;
	size_t done = 0;

	while (done < n && page->req_prod - page->req_cons < XENSTORE_RING_SIZE)
		page->req[MASK_XENSTORE_IDX(page->req_prod++)] = from[done++];
	return done;
}

static void guest_request(struct guest *guest, uint32_t type, const char *payload, size_t len)
{
	struct xsd_sockmsg hdr = { type, 1, 0, (uint32_t)len };

	assert_int_equal(guest_send(guest, &hdr, sizeof(hdr)), sizeof(hdr));
	assert_int_equal(guest_send(guest, payload, len), len);
}

/* The payload of the next message from the daemon, NULL when there is none. */
static const char *guest_answer(struct guest *guest)
{
	struct xenstore_domain_interface *page = &guest->xenstore;
	static char message[16 + 4096];
	struct xsd_sockmsg *hdr = (struct xsd_sockmsg *)message;
	size_t n = 0;

	memset(message, 0, sizeof(message));
	while (page->rsp_cons != page->rsp_prod &&
	       (n < sizeof(*hdr) || n < sizeof(*hdr) + hdr->len))
		message[n++] = page->rsp[MASK_XENSTORE_IDX(page->rsp_cons++)];
	return n ? message + sizeof(*hdr) : NULL;
}

static void guest_destroy(domid_t domid)
{
	guests[domid].exists = false;
	domain_exception();
	assert_int_equal(guests[domid].mapped, 0);
}

static void clients_in_dom0_use_the_store(void **state)
{
	unsigned int len, n;
	char *value = xs_read(xs, XBT_NULL, "/tool/xenstored", &len);

	(void)state;
	assert_non_null(value);
	free(value);
	assert_true(xs_write(xs, XBT_NULL, "/test/a", "hello", 5));
	value = xs_read(xs, XBT_NULL, "/test/a", &len);
	assert_string_equal(value, "hello");
	assert_int_equal(len, 5);
	free(value);

	char **names = xs_directory(xs, XBT_NULL, "/test", &n);

	assert_int_equal(n, 1);
	assert_string_equal(names[0], "a");
	free(names);
	assert_null(xs_read(xs, XBT_NULL, "/none", &len));
	assert_int_equal(errno, ENOENT);
}

static void long_directories_reach_the_client_whole(void **state)
{
	char path[64];
	unsigned int n;

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "/many/node-%05d", i);
		assert_true(xs_write(xs, XBT_NULL, path, "", 0));
	}

	char **names = xs_directory(xs, XBT_NULL, "/many", &n);

	assert_int_equal(n, 600);
	assert_string_equal(names[599], "node-00599");
	free(names);
	assert_true(xs_rm(xs, XBT_NULL, "/many"));
}

static void events_reach_the_handle_that_watches(void **state)
{
	struct xs_handle *other = xs_open(0);
	char **event;

	(void)state;
	assert_true(xs_watch(other, "/w", "token"));
	event = xs_read_watch(other, NULL);
	assert_string_equal(event[XS_WATCH_PATH], "/w");
	free(event);
	assert_true(xs_write(xs, XBT_NULL, "/w/x", "1", 1));
	event = xs_read_watch(other, NULL);
	assert_string_equal(event[XS_WATCH_PATH], "/w/x");
	assert_string_equal(event[XS_WATCH_TOKEN], "token");
	free(event);
	assert_null(xs_check_watch(xs));
	xs_close(other);
}

static void transactions_of_two_clients_conflict(void **state)
{
	struct xs_handle *other = xs_open(0);
	xs_transaction_t one = xs_transaction_start(xs), two = xs_transaction_start(other);

	(void)state;
	assert_true(xs_write(xs, one, "/t", "1", 1));
	assert_true(xs_write(other, two, "/t", "2", 1));
	assert_true(xs_transaction_end(xs, one, false));
	assert_false(xs_transaction_end(other, two, false));
	assert_int_equal(errno, EAGAIN);
	xs_close(other);
}

static void an_introduced_guest_is_served(void **state)
{
	(void)state;
	guest_make(5);

	unsigned int port = guest_introduce(5);

	assert_true(port);
	assert_true(xs_is_domain_introduced(xs, 5));
	settle();
	kit_sends[port] = 0;
	guest_request(&guests[5], XS_GET_DOMAIN_PATH, "5", 2);
	kit_raise(port);
	settle();
	assert_true(kit_sends[port] > 0);
	assert_string_equal(guest_answer(&guests[5]), "/local/domain/5");
	guest_destroy(5);
	assert_false(xs_is_domain_introduced(xs, 5));
}

static void requests_sent_before_the_introduction_are_answered(void **state)
{
	(void)state;
	guest_make(5);
	guest_request(&guests[5], XS_GET_DOMAIN_PATH, "7", 2);
	guest_introduce(5);
	settle();
	assert_string_equal(guest_answer(&guests[5]), "/local/domain/7");
	guest_destroy(5);
}

static void a_guest_without_grants_is_mapped_by_its_frame(void **state)
{
	(void)state;
	guest_make(6);
	guests[6].no_grants = true;
	assert_true(guest_introduce(6));
	assert_int_equal(guests[6].mapped, 1);
	guest_destroy(6);
}

static void a_failed_introduction_leaves_nothing(void **state)
{
	unsigned int ports = ports_open();

	(void)state;
	guest_make(7);
	guests[7].no_grants = guests[7].no_frames = true;
	assert_false(guest_introduce(7));
	assert_int_equal(errno, EINVAL);
	guests[7].no_grants = false;
	kit_evtchn_error = -XEN_EINVAL;
	assert_false(guest_introduce(7));
	kit_evtchn_error = 0;
	assert_int_equal(guests[7].mapped, 0);
	assert_int_equal(ports_open(), ports);
	assert_false(xs_is_domain_introduced(xs, 7));
}

static void introducing_again_renews_the_port_only(void **state)
{
	(void)state;
	guest_make(8);
	guest_introduce(8);

	unsigned int ports = ports_open(), port = guest_introduce(8);

	assert_int_equal(ports_open(), ports);
	assert_int_equal(guests[8].mapped, 1);
	guest_request(&guests[8], XS_GET_DOMAIN_PATH, "8", 2);
	kit_raise(port);
	settle();
	assert_non_null(guest_answer(&guests[8]));
	guest_destroy(8);
	assert_int_equal(ports_open(), ports - 1);
}

static unsigned int events_of(struct xs_handle *handle, const char *path)
{
	unsigned int n = 0;
	char **event;

	settle();
	while ((event = xs_check_watch(handle))) {
		n += !strcmp(event[XS_WATCH_PATH], path);
		free(event);
	}
	return n;
}

static void a_shutdown_is_announced_once_and_a_death_again(void **state)
{
	struct xs_handle *watcher = xs_open(0);

	(void)state;
	guest_make(9);
	guest_introduce(9);
	xs_watch(watcher, "@releaseDomain", "r");
	assert_int_equal(events_of(watcher, "@releaseDomain"), 1);
	domain_exception();
	assert_int_equal(events_of(watcher, "@releaseDomain"), 0);
	guests[9].shutdown = true;
	domain_exception();
	assert_int_equal(events_of(watcher, "@releaseDomain"), 1);
	domain_exception();
	assert_int_equal(events_of(watcher, "@releaseDomain"), 0);
	assert_true(xs_is_domain_introduced(xs, 9));
	assert_true(xs_resume_domain(xs, 9));
	domain_exception();
	assert_int_equal(events_of(watcher, "@releaseDomain"), 1);
	guests[9].dying = true;
	domain_exception();
	assert_int_equal(events_of(watcher, "@releaseDomain"), 1);
	assert_false(xs_is_domain_introduced(xs, 9));
	assert_int_equal(guests[9].mapped, 0);
	guests[9].exists = false;
	xs_close(watcher);
}

static void a_dead_guests_own_nodes_are_removed(void **state)
{
	struct xs_permissions own = { .id = 10, .perms = XS_PERM_NONE };

	(void)state;
	guest_make(10);
	guest_introduce(10);
	xs_mkdir(xs, XBT_NULL, "/local/domain/10/data");
	xs_set_permissions(xs, XBT_NULL, "/local/domain/10/data", &own, 1);
	guest_destroy(10);
	assert_null(xs_read(xs, XBT_NULL, "/local/domain/10/data", NULL));
	assert_true(xs_rm(xs, XBT_NULL, "/local/domain/10"));
}

static void a_hostile_guest_hurts_only_itself(void **state)
{
	unsigned int bad, good;

	(void)state;
	guest_make(11);
	guest_make(12);
	bad = guest_introduce(11);
	good = guest_introduce(12);
	guests[11].xenstore.req_prod = 0x12345678;
	kit_raise(bad);
	guest_request(&guests[12], XS_GET_DOMAIN_PATH, "12", 3);
	kit_raise(good);
	settle();
	assert_int_equal(guests[11].xenstore.error, XENSTORE_ERROR_RINGIDX);
	assert_string_equal(guest_answer(&guests[12]), "/local/domain/12");
	guest_destroy(11);
	guest_destroy(12);
}

static void a_busy_guest_does_not_starve_another(void **state)
{
	unsigned int busy, other, rounds = 0;

	(void)state;
	guest_make(13);
	guest_make(14);
	busy = guest_introduce(13);
	other = guest_introduce(14);
	settle();
	/* One keeps its ring full of requests and reads all answers at once. */
	for (int i = 0; i < 50; i++)
		guest_request(&guests[13], XS_GET_DOMAIN_PATH, "1", 2);
	kit_raise(busy);
	thread_yield();
	guest_request(&guests[14], XS_GET_DOMAIN_PATH, "14", 3);
	kit_raise(other);
	while (guests[14].xenstore.rsp_prod == 0) {
		while (guest_answer(&guests[13]))
			;
		while (guests[13].xenstore.req_prod - guests[13].xenstore.req_cons <
		       XENSTORE_RING_SIZE - 18)
			guest_request(&guests[13], XS_GET_DOMAIN_PATH, "1", 2);
		kit_raise(busy);
		thread_yield();
		assert_true(++rounds < 5);
	}
	guest_destroy(13);
	guest_destroy(14);
}

/* Requests that are much work each, one behind the other: transactions, watches, changes that all
 * watches hear of. The neighbour has its answer after as many turns as without. */
static void storms_of_costly_requests_leave_others_their_turn(void **state)
{
	static const struct {
		uint32_t type;
		const char *payload;
		size_t len;
	} storm[] = {
		{ XS_TRANSACTION_START, "", 1 },
		{ XS_WATCH, "data\0t", 7 },
		{ XS_WRITE, "data/a\0value", 12 },
		{ XS_RM, "data/a", 7 },
		{ XS_DIRECTORY, "data", 5 },
		{ XS_RESET_WATCHES, "", 1 },
	};
	struct xs_permissions own = { .id = 15, .perms = XS_PERM_NONE };
	unsigned int busy, other;

	(void)state;
	guest_make(15);
	guest_make(16);
	busy = guest_introduce(15);
	other = guest_introduce(16);
	xs_mkdir(xs, XBT_NULL, "/local/domain/15/data");
	xs_set_permissions(xs, XBT_NULL, "/local/domain/15/data", &own, 1);
	settle();
	for (size_t i = 0; i < sizeof(storm) / sizeof(storm[0]); i++) {
		unsigned int rounds = 0;
		uint32_t answered = guests[16].xenstore.rsp_prod;

		guest_request(&guests[16], XS_GET_DOMAIN_PATH, "16", 3);
		kit_raise(other);
		while (guests[16].xenstore.rsp_prod == answered) {
			while (guest_answer(&guests[15]))
				;
			while (guests[15].xenstore.req_prod - guests[15].xenstore.req_cons <
			       XENSTORE_RING_SIZE - 64)
				guest_request(&guests[15], storm[i].type, storm[i].payload,
					      storm[i].len);
			kit_raise(busy);
			thread_yield();
			assert_true(++rounds < 5);
		}
		assert_string_equal(guest_answer(&guests[16]), "/local/domain/16");
	}
	guest_destroy(15);
	guest_destroy(16);
	xs_rm(xs, XBT_NULL, "/local/domain/15");
}

static void many_guests_come_and_go(void **state)
{
	unsigned int ports = ports_open();

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (domid_t i = 20; i < 60; i++) {
			guest_make(i);
			assert_true(guest_introduce(i));
		}
		for (domid_t i = 20; i < 60; i++)
			guests[i].exists = false;
		domain_exception();
		for (domid_t i = 20; i < 60; i++)
			assert_int_equal(guests[i].mapped, 0);
		assert_int_equal(ports_open(), ports);
	}
}

static void who_shut_down_before_the_introduction_is_announced(void **state)
{
	char **event;

	(void)state;
	guest_make(12);
	guests[12].shutdown = true;
	domain_exception();
	assert_true(xs_watch(xs, "@releaseDomain", "r"));
	free(xs_read_watch(xs, NULL));
	assert_true(guest_introduce(12));
	settle();
	event = xs_check_watch(xs);
	assert_non_null(event);
	free(event);
	assert_true(xs_unwatch(xs, "@releaseDomain", "r"));
	guest_destroy(12);
}

/* Each on a hypervisor that says which domains have changed, and on one that lists them all. */
static int told(void **state)
{
	(void)state;
	kit_lists_only = false;
	return 0;
}

static int listed(void **state)
{
	(void)state;
	kit_lists_only = true;
	return 0;
}

#define TEST(fn)	cmocka_unit_test_setup(fn, told), { "listed: " #fn, fn, listed, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_in_dom0_use_the_store),
		cmocka_unit_test(long_directories_reach_the_client_whole),
		cmocka_unit_test(events_reach_the_handle_that_watches),
		cmocka_unit_test(transactions_of_two_clients_conflict),
		TEST(an_introduced_guest_is_served),
		TEST(requests_sent_before_the_introduction_are_answered),
		TEST(a_guest_without_grants_is_mapped_by_its_frame),
		TEST(a_failed_introduction_leaves_nothing),
		TEST(introducing_again_renews_the_port_only),
		TEST(a_shutdown_is_announced_once_and_a_death_again),
		TEST(a_dead_guests_own_nodes_are_removed),
		TEST(a_hostile_guest_hurts_only_itself),
		TEST(a_busy_guest_does_not_starve_another),
		TEST(storms_of_costly_requests_leave_others_their_turn),
		TEST(many_guests_come_and_go),
		cmocka_unit_test_setup(who_shut_down_before_the_introduction_is_announced, told),
	};

	return cmocka_run_group_tests(tests, daemonkit_start, NULL);
}
