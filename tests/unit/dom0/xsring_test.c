/* SPDX-License-Identifier: MIT */
/*
 * The xenstore ring of a guest that is slow, hostile, or starts anew.
 */
#include "dom0/storekit.h"
#include "xenstore/xsring.h"

static struct xenstore_domain_interface page;
static struct xsring ring;
static bool notify;

#define KIT ((struct kit *)*state)

static int setup(void **state)
{
	kit_setup(state);
	memset(&page, 0, sizeof(page));
	xsring_init(&ring, &page, KIT->conn[1]);
	return 0;
}

/* The guest's side: as much of buf as there is room for. */
static size_t guest_send(const void *buf, size_t n)
{
	const char *from = buf;
	size_t done = 0;

	while (done < n && page.req_prod - page.req_cons < XENSTORE_RING_SIZE)
		page.req[MASK_XENSTORE_IDX(page.req_prod++)] = from[done++];
	return done;
}

static size_t guest_receive(void *buf, size_t n)
{
	char *to = buf;
	size_t done = 0;

	while (done < n && page.rsp_cons != page.rsp_prod)
		to[done++] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons++)];
	return done;
}

static void work(void)
{
	for (int i = 0; i < 1000 && xsring_work(&ring, &notify); i++)
		;
}

static void guest_request(uint32_t type, const char *payload, size_t len)
{
	struct xsd_sockmsg hdr = { type, 77, 0, (uint32_t)len };

	assert_int_equal(guest_send(&hdr, sizeof(hdr)), sizeof(hdr));
	assert_int_equal(guest_send(payload, len), len);
}

/* Receives a message whole, letting the daemon work meanwhile. */
static void guest_message(struct store_message *message)
{
	size_t have = 0, want = sizeof(message->hdr);

	memset(message, 0, sizeof(*message));
	for (int i = 0; i < 1000 && have < want; i++) {
		have += guest_receive((char *)message + have, want - have);
		if (have == sizeof(message->hdr))
			want = have + message->hdr.len;
		work();
	}
	assert_int_equal(have, want);
}

static void a_request_is_answered(void **state)
{
	struct store_message m;

	(void)state;
	guest_request(XS_WRITE, "data\0hello", 10);
	assert_true(xsring_work(&ring, &notify));
	assert_true(notify);
	guest_message(&m);
	assert_int_equal(m.hdr.type, XS_WRITE);
	assert_int_equal(m.hdr.req_id, 77);
	assert_string_equal(m.payload, "OK");
	work();
	assert_false(notify);
}

static void a_request_may_come_in_single_bytes(void **state)
{
	struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 5, 0, 2 };
	struct store_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(hdr); i++) {
		guest_send((char *)&hdr + i, 1);
		work();
		assert_int_equal(page.rsp_prod, 0);
	}
	guest_send("1", 2);
	guest_message(&m);
	assert_string_equal(m.payload, "/local/domain/1");
}

static void messages_longer_than_the_ring_pass(void **state)
{
	struct xsd_sockmsg hdr = { XS_WRITE, 9, 0, 2005 };
	char payload[2005] = "big";
	size_t sent = 0;
	struct store_message m;

	(void)state;
	memset(payload + 4, 'v', sizeof(payload) - 4);
	guest_send(&hdr, sizeof(hdr));
	while (sent < sizeof(payload)) {
		sent += guest_send(payload + sent, sizeof(payload) - sent);
		work();
	}
	guest_message(&m);
	assert_string_equal(m.payload, "OK");
	guest_request(XS_READ, "big", 4);
	guest_message(&m);
	assert_int_equal(m.hdr.len, 2001);
	assert_int_equal(m.payload[2000], 'v');
}

static void no_request_is_taken_before_the_last_reply_is_out(void **state)
{
	struct store_message m;
	uint32_t taken;

	(void)state;
	guest_request(XS_WRITE, "x", 2);
	guest_message(&m);
	for (int i = 0; i < 40; i++)
		guest_request(XS_GET_DOMAIN_PATH, "1", 2);
	work();
	assert_int_equal(page.rsp_prod - page.rsp_cons, XENSTORE_RING_SIZE);
	taken = page.req_cons;
	work();
	assert_int_equal(page.req_cons, taken);
	for (int i = 0; i < 40; i++) {
		guest_message(&m);
		assert_string_equal(m.payload, "/local/domain/1");
	}
}

static void events_come_between_replies(void **state)
{
	struct store_message m;

	guest_request(XS_WATCH, "data\0tok", 9);
	guest_request(XS_GET_DOMAIN_PATH, "1", 2);
	guest_message(&m);
	assert_int_equal(m.hdr.type, XS_WATCH);
	guest_message(&m);
	assert_int_equal(m.hdr.type, XS_WATCH_EVENT);
	assert_string_equal(m.payload, "data");
	guest_message(&m);
	assert_int_equal(m.hdr.type, XS_GET_DOMAIN_PATH);
	kit_write(KIT->conn[0], 0, "/local/domain/1/data/x", "");
	work();
	guest_message(&m);
	assert_string_equal(m.payload, "data/x");
}

static void a_length_above_the_protocols_ends_the_connection(void **state)
{
	static const uint32_t lengths[] = { XENSTORE_PAYLOAD_MAX + 1, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < 3; i++) {
		struct xsd_sockmsg hdr = { XS_READ, 1, 0, lengths[i] };

		setup(state);
		guest_send(&hdr, sizeof(hdr));
		work();
		assert_true(ring.broken);
		assert_int_equal(page.error, XENSTORE_ERROR_PROTO);
		guest_request(XS_GET_DOMAIN_PATH, "1", 2);
		work();
		assert_int_equal(page.rsp_prod, 0);
		if (i < 2)
			kit_teardown(state);
	}
}

static void impossible_indices_end_the_connection(void **state)
{
	(void)state;
	page.req_prod = page.req_cons + XENSTORE_RING_SIZE + 1;
	work();
	assert_true(ring.broken);
	assert_true(notify);
	assert_int_equal(page.error, XENSTORE_ERROR_RINGIDX);
	page.req_prod = page.req_cons;
	assert_false(xsring_work(&ring, &notify));
}

static void impossible_reply_indices_end_the_connection(void **state)
{
	(void)state;
	guest_request(XS_GET_DOMAIN_PATH, "1", 2);
	page.rsp_cons = page.rsp_prod + 5;
	work();
	assert_true(ring.broken);
}

static void indices_that_wrap_around_are_fine(void **state)
{
	struct store_message m;

	(void)state;
	page.req_prod = page.req_cons = UINT32_MAX - 3;
	page.rsp_prod = page.rsp_cons = UINT32_MAX - 5;
	guest_request(XS_GET_DOMAIN_PATH, "1", 2);
	guest_message(&m);
	assert_string_equal(m.payload, "/local/domain/1");
}

static void a_guest_that_reconnects_starts_anew(void **state)
{
	struct store_message m;

	guest_request(XS_WATCH, "data\0tok", 9);
	guest_request(XS_TRANSACTION_START, "", 1);
	work();
	page.req_prod = page.req_cons + 5000;
	work();
	assert_true(ring.broken);
	page.connection = XENSTORE_RECONNECT;
	work();
	assert_int_equal(page.connection, XENSTORE_CONNECTED);
	assert_int_equal(page.error, XENSTORE_ERROR_NONE);
	assert_int_equal(page.req_prod | page.req_cons | page.rsp_prod | page.rsp_cons, 0);
	kit_write(KIT->conn[0], 0, "/local/domain/1/data", "");
	work();
	assert_int_equal(page.rsp_prod, 0);
	guest_request(XS_GET_DOMAIN_PATH, "1", 2);
	guest_message(&m);
	assert_string_equal(m.payload, "/local/domain/1");
}

static void the_features_are_told_in_the_page(void **state)
{
	(void)state;
	assert_int_equal(page.server_features,
			 XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
}

/* Whatever a guest writes into its page, the daemon survives. */
static void any_bytes_in_the_page_do_no_harm(void **state)
{
	unsigned int seed = 7;

	for (int round = 0; round < 3000; round++) {
		for (int i = 0; i < 64; i++) {
			seed = seed * 1103515245 + 12345;
			((char *)&page)[seed / 65536 % sizeof(page)] = (char)(seed >> 8);
		}
		/* Often enough a plausible header. */
		seed = seed * 1103515245 + 12345;
		if (seed & 0x10000) {
			page.req_prod = page.req_cons;
			page.rsp_cons = page.rsp_prod;
			guest_request(seed / 65536 % XS_TYPE_COUNT, "data\0x\0y", 8);
		}
		if (seed & 0x20000)
			page.connection = XENSTORE_RECONNECT;
		work();
	}
	assert_true(store_check(KIT->store));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(a_request_is_answered),
		T(a_request_may_come_in_single_bytes),
		T(messages_longer_than_the_ring_pass),
		T(no_request_is_taken_before_the_last_reply_is_out),
		T(events_come_between_replies),
		cmocka_unit_test_teardown(a_length_above_the_protocols_ends_the_connection,
					  kit_teardown),
		T(impossible_indices_end_the_connection),
		T(impossible_reply_indices_end_the_connection),
		T(indices_that_wrap_around_are_fine),
		T(a_guest_that_reconnects_starts_anew),
		T(the_features_are_told_in_the_page),
		T(any_bytes_in_the_page_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
