// SPDX-License-Identifier: MIT
/* The xenstore client, with the test in the daemon's place: it sees requests and writes answers. */
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include <pvguest/clock.h>
#include <pvguest/thread.h>
#include <pvguest/xenbus.h>
#include <pvguest/xsconn.h>

static _Alignas(8) char sent[16384], incoming[16384];
static size_t sent_len, parsed, incoming_len, taken;
static struct waitq input;
static bool hang_up;
static struct xs_handle *h;

/* What the daemon says to a request; body and len are the request's. */
static void (*daemon)(const struct xsd_sockmsg *msg, const char *body);

struct xs_transport *xs_ring_transport(void)
{
	return NULL;
}

static void say(uint32_t type, uint32_t id, const void *body, uint32_t len)
{
	struct xsd_sockmsg msg = { .type = type, .req_id = id, .len = len };

	memcpy(incoming + incoming_len, &msg, sizeof(msg));
	memcpy(incoming + incoming_len + sizeof(msg), body, len);
	incoming_len += sizeof(msg) + len;
	waitq_wake(&input);
}

static int fake_send(struct xs_transport *t, const void *buf, size_t n)
{
	struct xsd_sockmsg msg;
	const char *body;

	(void)t;
	if (hang_up)
		return -XEN_EIO;
	memcpy(sent + sent_len, buf, n);
	sent_len += n;
	if (sent_len - parsed < sizeof(msg))
		return 0;
	memcpy(&msg, sent + parsed, sizeof(msg));
	if (sent_len - parsed < sizeof(msg) + msg.len)
		return 0;
	body = sent + parsed + sizeof(msg);
	parsed = sent_len;
	daemon(&msg, body);
	return 0;
}

static int fake_recv(struct xs_transport *t, void *buf, size_t n)
{
	(void)t;
	wait_event(&input, hang_up || incoming_len - taken >= n);
	if (incoming_len - taken < n)
		return -XEN_EIO;
	memcpy(buf, incoming + taken, n);
	taken += n;
	return 0;
}

static struct xs_transport fake = { .send = fake_send, .recv = fake_recv };

static void ok(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	say(msg->type, msg->req_id, "OK", 3);
}

static int setup(void **state)
{
	kit_setup(state);
	sent_len = parsed = incoming_len = taken = 0;
	hang_up = false;
	daemon = ok;
	memset(&input, 0, sizeof(input));
	xs_set_transport(&fake);
	h = xs_open(0);
	assert_non_null(h);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	daemon = ok;
	xs_close(h);
	hang_up = true;
	waitq_wake(&input);
	while (thread_count() > 1)
		thread_yield();
	thread_yield();
	return 0;
}

static const struct xsd_sockmsg *request(void)
{
	return (const struct xsd_sockmsg *)sent;
}

static void say_value(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	say(msg->type, msg->req_id, "a value", 7);
}

static void a_value_is_read_and_ended_by_nul(void **state)
{
	unsigned int len;
	char *v;

	(void)state;
	daemon = say_value;
	v = xs_read(h, 17, "/a/b", &len);
	assert_string_equal(v, "a value");
	assert_int_equal(len, 7);
	free(v);
	assert_int_equal(request()->type, XS_READ);
	assert_int_equal(request()->tx_id, 17);
	assert_int_equal(request()->len, 5);
	assert_memory_equal(request() + 1, "/a/b", 5);
}

static void say_error(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	say(XS_ERROR, msg->req_id, "ENOENT", 7);
}

static void an_error_becomes_errno(void **state)
{
	(void)state;
	daemon = say_error;
	assert_null(xs_read(h, XBT_NULL, "/a", NULL));
	assert_int_equal(errno, ENOENT);
	assert_false(xs_rm(h, XBT_NULL, "/a"));
	assert_int_equal(errno, ENOENT);
}

static void writing_sends_path_and_data(void **state)
{
	(void)state;
	assert_true(xs_write(h, XBT_NULL, "/a", "x\0y", 3));
	assert_int_equal(request()->type, XS_WRITE);
	assert_int_equal(request()->len, 6);
	assert_memory_equal(request() + 1, "/a\0x\0y", 6);
	assert_true(xs_printf(h, XBT_NULL, "/b", "%d", 42));
}

static void too_much_is_refused_before_it_is_sent(void **state)
{
	static char big[XENSTORE_PAYLOAD_MAX];

	(void)state;
	assert_false(xs_write(h, XBT_NULL, "/a", big, sizeof(big)));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(sent_len, 0);
}

static void say_names(const struct xsd_sockmsg *msg, const char *body)
{
	if (!strcmp(body, "/empty"))
		say(msg->type, msg->req_id, "", 0);
	else
		say(msg->type, msg->req_id, "one\0two\0", 8);
}

static void a_directory_is_an_array(void **state)
{
	unsigned int n;
	char **names;

	(void)state;
	daemon = say_names;
	names = xs_directory(h, XBT_NULL, "/d", &n);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "one");
	assert_string_equal(names[1], "two");
	free(names);
	names = xs_directory(h, XBT_NULL, "/empty", &n);
	assert_non_null(names);
	assert_int_equal(n, 0);
	free(names);
}

static int generation;

static void say_parts(const struct xsd_sockmsg *msg, const char *body)
{
	static const char list[] = "alpha\0beta\0gamma";	/* and the NUL that C adds */
	unsigned long at;
	char part[32];
	int n;

	if (msg->type == XS_DIRECTORY) {
		say(XS_ERROR, msg->req_id, "E2BIG", 6);
		return;
	}
	at = strtoul(body + strlen(body) + 1, NULL, 10);
	/* The node changes once, in the middle. */
	if (at == 6 && generation == 1)
		generation = 2;
	n = sprintf(part, "%d", generation) + 1;
	if (at == 0) {
		memcpy(part + n, list, 6);
		n += 6;
	} else {
		memcpy(part + n, list + at, sizeof(list) - at);
		n += sizeof(list) - at;
		part[n++] = '\0';
	}
	say(msg->type, msg->req_id, part, n);
}

static void a_long_directory_comes_in_parts_of_one_generation(void **state)
{
	unsigned int n;
	char **names;

	(void)state;
	generation = 1;
	daemon = say_parts;
	names = xs_directory(h, XBT_NULL, "/d", &n);
	assert_non_null(names);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], "alpha");
	assert_string_equal(names[1], "beta");
	assert_string_equal(names[2], "gamma");
	free(names);
}

static void say_part_without_end(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	if (msg->type == XS_DIRECTORY)
		say(XS_ERROR, msg->req_id, "E2BIG", 6);
	else
		say(msg->type, msg->req_id, "7\0\0", 3);
}

static void an_empty_part_is_an_empty_directory(void **state)
{
	unsigned int n = 9;
	char **names;

	(void)state;
	daemon = say_part_without_end;
	names = xs_directory(h, XBT_NULL, "/d", &n);
	assert_non_null(names);
	assert_int_equal(n, 0);
	free(names);
}

static void say_perms(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	say(msg->type, msg->req_id, "n0\0b7\0w12\0r3", 13);
}

static void permissions_go_both_ways(void **state)
{
	struct xs_permissions *p, set[] = { { 0, XS_PERM_NONE }, { 9, XS_PERM_READ } };
	unsigned int n;

	(void)state;
	daemon = say_perms;
	p = xs_get_permissions(h, XBT_NULL, "/a", &n);
	assert_int_equal(n, 4);
	assert_int_equal(p[1].id, 7);
	assert_int_equal(p[1].perms, XS_PERM_READ | XS_PERM_WRITE);
	assert_int_equal(p[2].perms, XS_PERM_WRITE);
	assert_int_equal(p[3].perms, XS_PERM_READ);
	free(p);
	daemon = ok;
	sent_len = parsed = 0;
	assert_true(xs_set_permissions(h, XBT_NULL, "/a", set, 2));
	assert_memory_equal(request() + 1, "/a\0n0\0r9", 9);
}

static void say_transaction(const struct xsd_sockmsg *msg, const char *body)
{
	if (msg->type == XS_TRANSACTION_START)
		say(msg->type, msg->req_id, "77", 3);
	else if (body[0] == 'T')
		say(XS_ERROR, msg->req_id, "EAGAIN", 7);
	else
		ok(msg, body);
}

static void a_conflict_is_eagain(void **state)
{
	xs_transaction_t t;

	(void)state;
	daemon = say_transaction;
	t = xs_transaction_start(h);
	assert_int_equal(t, 77);
	assert_false(xs_transaction_end(h, t, false));
	assert_int_equal(errno, EAGAIN);
	assert_true(xs_transaction_end(h, t, true));
}

/* An event for the watch that the request set, as the daemon sends it: before the answer. */
static void watch_fires(const struct xsd_sockmsg *msg, const char *body)
{
	char event[64];
	size_t n = strlen(body) + 1;

	if (msg->type == XS_WATCH) {
		memcpy(event, body, msg->len);
		say(XS_WATCH_EVENT, 0, event, n + strlen(body + n) + 1);
	}
	ok(msg, body);
}

static void a_watch_event_has_the_callers_token(void **state)
{
	char **e;

	(void)state;
	daemon = watch_fires;
	assert_true(xs_watch(h, "/a", "my token"));
	e = xs_read_watch(h, NULL);
	assert_string_equal(e[XS_WATCH_PATH], "/a");
	assert_string_equal(e[XS_WATCH_TOKEN], "my token");
	free(e);
	assert_null(xs_check_watch(h));
	assert_int_equal(errno, EAGAIN);
	assert_false(xs_watch(h, "/a", "my token"));
	assert_int_equal(errno, EEXIST);
	assert_true(xs_unwatch(h, "/a", "my token"));
	assert_false(xs_unwatch(h, "/a", "my token"));
}

static void events_go_to_the_handle_that_watches(void **state)
{
	struct xs_handle *other = xs_open(0);
	char **e;

	(void)state;
	daemon = watch_fires;
	assert_true(xs_watch(h, "/a", "1"));
	assert_true(xs_watch(other, "/a", "1"));
	free(xs_read_watch(h, NULL));
	e = xs_read_watch_timeout(h, deadline_in(10));
	assert_null(e);
	free(xs_read_watch(other, NULL));
	xs_close(other);
}

static void events_for_nobody_are_dropped(void **state)
{
	(void)state;
	say(XS_WATCH_EVENT, 0, "/a\0ffff", 8);
	say(XS_WATCH_EVENT, 0, "/a", 2);
	say(XS_WATCH_EVENT, 0, "", 0);
	thread_yield();
	thread_yield();
	assert_null(xs_check_watch(h));
	assert_true(xs_mkdir(h, XBT_NULL, "/x"));
}

static struct xsd_sockmsg kept[3];
static int kept_count;

static void keep(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	kept[kept_count++] = *msg;
	/* All three are there: answered last first. */
	while (kept_count == 3)
		for (; kept_count; kept_count--)
			say(XS_READ, kept[kept_count - 1].req_id, &"ABC"[kept_count - 1], 1);
}

static void reads(void *arg)
{
	char *v = xs_read(h, XBT_NULL, arg, NULL);

	strcat(arg, v);
	free(v);
}

static void answers_find_their_threads_in_any_order(void **state)
{
	char names[3][8] = { "/1", "/2", "/3" };
	struct thread *t[3];

	(void)state;
	kept_count = 0;
	daemon = keep;
	for (int i = 0; i < 3; i++)
		t[i] = thread_create("reads", reads, names[i]);
	for (int i = 0; i < 3; i++)
		thread_join(t[i]);
	assert_string_equal(names[0], "/1A");
	assert_string_equal(names[1], "/2B");
	assert_string_equal(names[2], "/3C");
}

static void answers_to_nobody_are_dropped(void **state)
{
	(void)state;
	say(XS_READ, 123456, "x", 1);
	assert_true(xs_mkdir(h, XBT_NULL, "/x"));
}

static void say_too_much(const struct xsd_sockmsg *msg, const char *body)
{
	struct xsd_sockmsg answer = *msg;

	(void)body;
	answer.len = XENSTORE_PAYLOAD_MAX + 1;
	memcpy(incoming + incoming_len, &answer, sizeof(answer));
	incoming_len += sizeof(answer);
	waitq_wake(&input);
}

static void an_oversized_answer_ends_the_connection(void **state)
{
	(void)state;
	daemon = say_too_much;
	assert_null(xs_read(h, XBT_NULL, "/a", NULL));
	assert_int_equal(errno, EIO);
	assert_null(xs_read(h, XBT_NULL, "/a", NULL));
	assert_null(xs_open(0));
	assert_null(xs_read_watch(h, NULL));
	assert_int_equal(errno, EIO);
}

static void a_broken_connection_wakes_who_waits(void **state)
{
	(void)state;
	hang_up = true;
	assert_null(xs_read(h, XBT_NULL, "/a", NULL));
	assert_int_equal(errno, EIO);
}

static void say_true(const struct xsd_sockmsg *msg, const char *body)
{
	(void)body;
	say(msg->type, msg->req_id, "T", 2);
}

static void domains_are_introduced_by_numbers(void **state)
{
	(void)state;
	assert_true(xs_introduce_domain(h, 3, 4096, 5));
	assert_memory_equal(request() + 1, "3\0" "4096\0" "5", 9);
	daemon = say_true;
	assert_true(xs_is_domain_introduced(h, 3));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_value_is_read_and_ended_by_nul),
		TEST(an_error_becomes_errno),
		TEST(writing_sends_path_and_data),
		TEST(too_much_is_refused_before_it_is_sent),
		TEST(a_directory_is_an_array),
		TEST(a_long_directory_comes_in_parts_of_one_generation),
		TEST(an_empty_part_is_an_empty_directory),
		TEST(permissions_go_both_ways),
		TEST(a_conflict_is_eagain),
		TEST(a_watch_event_has_the_callers_token),
		TEST(events_go_to_the_handle_that_watches),
		TEST(events_for_nobody_are_dropped),
		TEST(answers_find_their_threads_in_any_order),
		TEST(answers_to_nobody_are_dropped),
		TEST(an_oversized_answer_ends_the_connection),
		TEST(a_broken_connection_wakes_who_waits),
		TEST(domains_are_introduced_by_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
