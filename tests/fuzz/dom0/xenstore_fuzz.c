// SPDX-License-Identifier: MIT
/*
 * Any messages of dom0 and two guests, in and out of transactions: every request has a reply that
 * fits, the accounts always agree with the tree, and nothing leaks.
 */
#include "fuzz.h"

#include <string.h>

#include "xenstore/store.h"

static struct store_message request, reply, event;
static bool known[8];

static int op_introduce(void *ctx, domid_t domid, unsigned long gfn, uint32_t port)
{
	(void)ctx;
	(void)gfn;
	(void)port;
	known[domid % 8] = true;
	return 0;
}

static int op_release(void *ctx, domid_t domid)
{
	store_forget_domain(*(struct store **)ctx, domid);
	known[domid % 8] = false;
	return 0;
}

static int op_resume(void *ctx, domid_t domid)
{
	(void)ctx;
	return known[domid % 8] ? 0 : -ENOENT;
}

static bool op_is_introduced(void *ctx, domid_t domid)
{
	(void)ctx;
	return known[domid % 8];
}

static void op_event_pending(void *ctx, struct store_conn *conn)
{
	(void)ctx;
	FUZZ_USE(store_conn_domid(conn));
}

static void op_print(void *ctx, const char *text)
{
	(void)ctx;
	FUZZ_USE(strlen(text));
}

static const struct store_ops ops = {
	.introduce = op_introduce,
	.release = op_release,
	.resume = op_resume,
	.is_introduced = op_is_introduced,
	.event_pending = op_event_pending,
	.print = op_print,
};

struct bytes {
	const uint8_t *at, *end;
};

static uint8_t next(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

/* Words that make a message likely to mean something; what is not a word is taken as it is. */
static const char *const words[] = {
	"/", "/a", "/a/b", "/a/b/c", "/d", "x", "x/y", "/local/domain/1", "/local/domain/2/x",
	"@releaseDomain", "@introduceDomain", "@releaseDomain/1", "T", "F", "n0", "b1", "r2", "n1",
	"1", "2", "0", "quota", "check", "set", "tok", "nodes", "memreport", "help", "print",
};

static void payload_make(struct bytes *b)
{
	uint32_t len = 0;

	for (unsigned int parts = next(b) % 6; parts; parts--) {
		uint8_t kind = next(b);

		if (kind < 224) {
			const char *word = words[kind % (sizeof(words) / sizeof(words[0]))];
			uint32_t size = (uint32_t)strlen(word) + 1;

			memcpy(request.payload + len, word, size);
			len += size;
		} else {
			for (unsigned int n = kind % 32; n && b->at < b->end; n--)
				request.payload[len++] = (char)next(b);
		}
	}
	request.hdr.len = len;
}

static void request_check(struct store_conn *conn)
{
	store_request(conn, &request, &reply);
	FUZZ_CHECK(reply.hdr.len <= XENSTORE_PAYLOAD_MAX);
	FUZZ_CHECK(reply.hdr.req_id == request.hdr.req_id);
	FUZZ_CHECK(reply.hdr.type == request.hdr.type || reply.hdr.type == XS_ERROR);
	if (reply.hdr.type == XS_ERROR)
		FUZZ_CHECK(reply.payload[0] == 'E' && !reply.payload[reply.hdr.len - 1]);
}

static void step(struct store *store, struct store_conn **conns, struct bytes *b)
{
	uint8_t what = next(b);
	struct store_conn *conn = conns[what % 3];

	switch (what / 3 % 16) {
	case 0:
		for (int i = 0; i < 100 && store_conn_event(conn, &event); i++)
			FUZZ_CHECK(event.hdr.len <= XENSTORE_PAYLOAD_MAX);
		break;
	case 1:
		store_announce(store, "@releaseDomain", next(b) % 4);
		break;
	case 2:
		store_conn_reset(conn);
		break;
	case 3:
		store_forget_domain(store, 1 + next(b) % 2);
		break;
	default:
		request.hdr.type = next(b) % (XS_TYPE_COUNT + 1);
		request.hdr.tx_id = next(b) % 8;
		request.hdr.req_id++;
		payload_make(b);
		request_check(conn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, data + size };
	static struct store *store;
	struct store_conn *conns[3];

	store = store_create(&ops, &store);
	store_quota(store)->nodes = 12;
	store_quota(store)->watches = 4;
	memset(known, 0, sizeof(known));
	for (domid_t i = 0; i < 3; i++)
		conns[i] = store_connect(store, i, NULL);
	while (bytes.at < bytes.end)
		step(store, conns, &bytes);
	FUZZ_CHECK(store_check(store));
	for (int i = 0; i < 3; i++)
		store_disconnect(conns[i]);
	FUZZ_CHECK(store_check(store));
	store_destroy(store);
	return 0;
}
