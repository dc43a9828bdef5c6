/* SPDX-License-Identifier: MIT */
/*
 * See storekit.h.
 */
#include "dom0/storekit.h"

struct store_message kit_reply;

static struct store_message request;

static int op_introduce(void *ctx, domid_t domid, unsigned long gfn, uint32_t port)
{
	struct kit *kit = ctx;

	kit->introduced++;
	kit->last_domid = domid;
	kit->last_gfn = gfn;
	kit->last_port = port;
	if (!kit->introduce_result)
		kit->known[domid % 16] = true;
	return kit->introduce_result;
}

static int op_release(void *ctx, domid_t domid)
{
	struct kit *kit = ctx;

	if (!kit->known[domid % 16])
		return -ENOENT;
	kit->known[domid % 16] = false;
	kit->released++;
	return 0;
}

static int op_resume(void *ctx, domid_t domid)
{
	struct kit *kit = ctx;

	if (!kit->known[domid % 16])
		return -ENOENT;
	kit->resumed++;
	return 0;
}

static bool op_is_introduced(void *ctx, domid_t domid)
{
	return ((struct kit *)ctx)->known[domid % 16];
}

static void op_event_pending(void *ctx, struct store_conn *conn)
{
	(void)conn;
	((struct kit *)ctx)->told++;
}

static void op_print(void *ctx, const char *text)
{
	snprintf(((struct kit *)ctx)->printed, sizeof(((struct kit *)ctx)->printed), "%s", text);
}

static const struct store_ops ops = {
	.introduce = op_introduce,
	.release = op_release,
	.resume = op_resume,
	.is_introduced = op_is_introduced,
	.event_pending = op_event_pending,
	.print = op_print,
};

struct kit *kit_open(void)
{
	struct kit *kit = calloc(1, sizeof(*kit));

	kit->store = store_create(&ops, kit);
	for (domid_t i = 0; i < 3; i++)
		kit->conn[i] = store_connect(kit->store, i, kit);
	return kit;
}

int kit_setup(void **state)
{
	struct kit *kit = kit_open();

	/* A corner for each guest, as the tool stack makes it. */
	kit_call(kit->conn[0], 0, XS_MKDIR, "/local/domain/1", NULL);
	kit_call(kit->conn[0], 0, XS_SET_PERMS, "/local/domain/1", "n1", "r0", NULL);
	kit_call(kit->conn[0], 0, XS_MKDIR, "/local/domain/2", NULL);
	kit_call(kit->conn[0], 0, XS_SET_PERMS, "/local/domain/2", "n2", NULL);
	*state = kit;
	return 0;
}

void kit_close(struct kit *kit)
{
	assert_true(store_check(kit->store));
	for (int i = 0; i < 3; i++)
		if (kit->conn[i])
			store_disconnect(kit->conn[i]);
	assert_true(store_check(kit->store));
	store_destroy(kit->store);
	free(kit);
}

int kit_teardown(void **state)
{
	kit_close(*state);
	return 0;
}

void kit_send(struct store_conn *conn, uint32_t tx, uint32_t type, const void *payload, size_t len)
{
	static uint32_t req_id;

	memset(&request, 0xa5, sizeof(request));
	memset(&kit_reply, 0x5a, sizeof(kit_reply));
	request.hdr = (struct xsd_sockmsg){ type, ++req_id, tx, (uint32_t)len };
	if (len)
		memcpy(request.payload, payload, len);
	store_request(conn, &request, &kit_reply);
	assert_int_equal(kit_reply.hdr.req_id, req_id);
	assert_int_equal(kit_reply.hdr.tx_id, tx);
	assert_true(kit_reply.hdr.len <= XENSTORE_PAYLOAD_MAX);
	if (kit_reply.hdr.type != XS_ERROR)
		assert_int_equal(kit_reply.hdr.type, type);
}

const char *kit_error(void)
{
	if (kit_reply.hdr.type != XS_ERROR)
		return NULL;
	assert_int_equal(kit_reply.payload[kit_reply.hdr.len - 1], 0);
	return kit_reply.payload;
}

const char *kit_call(struct store_conn *conn, uint32_t tx, uint32_t type, ...)
{
	char payload[XENSTORE_PAYLOAD_MAX];
	const char *text;
	size_t len = 0;
	va_list ap;

	va_start(ap, type);
	while ((text = va_arg(ap, const char *))) {
		assert_true(strlen(text) + 1 <= sizeof(payload) - len);
		memcpy(payload + len, text, strlen(text) + 1);
		len += strlen(text) + 1;
	}
	va_end(ap);
	kit_send(conn, tx, type, payload, len);
	return kit_error();
}

static char text[XENSTORE_PAYLOAD_MAX + 16];

static const char *reply_text(bool strings)
{
	size_t len = kit_reply.hdr.len;

	if (kit_error()) {
		snprintf(text, sizeof(text), "!%s", kit_error());
		return text;
	}
	memcpy(text, kit_reply.payload, len);
	text[len] = '\0';
	if (strings)
		for (size_t i = 0; i + 1 < len; i++)
			if (!text[i])
				text[i] = ',';
	return text;
}

const char *kit_read(struct store_conn *conn, uint32_t tx, const char *path)
{
	kit_call(conn, tx, XS_READ, path, NULL);
	return reply_text(false);
}

const char *kit_write(struct store_conn *conn, uint32_t tx, const char *path, const char *value)
{
	char payload[XENSTORE_PAYLOAD_MAX];
	int len = snprintf(payload, sizeof(payload), "%s%c%s", path, 0, value);

	kit_send(conn, tx, XS_WRITE, payload, (size_t)len);
	return kit_error();
}

const char *kit_list(struct store_conn *conn, uint32_t tx, const char *path)
{
	kit_call(conn, tx, XS_DIRECTORY, path, NULL);
	return reply_text(true);
}

const char *kit_perms(struct store_conn *conn, uint32_t tx, const char *path)
{
	kit_call(conn, tx, XS_GET_PERMS, path, NULL);
	return reply_text(true);
}

uint32_t kit_begin(struct store_conn *conn)
{
	assert_null(kit_call(conn, 0, XS_TRANSACTION_START, "", NULL));
	return (uint32_t)strtoul(kit_reply.payload, NULL, 10);
}

const char *kit_commit(struct store_conn *conn, uint32_t tx)
{
	return kit_call(conn, tx, XS_TRANSACTION_END, "T", NULL);
}

const char *kit_event(struct store_conn *conn)
{
	static struct store_message event;

	if (!store_conn_event(conn, &event))
		return "";
	assert_int_equal(event.hdr.type, XS_WATCH_EVENT);
	assert_int_equal(event.hdr.req_id | event.hdr.tx_id, 0);
	snprintf(text, sizeof(text), "%s %s", event.payload,
		 event.payload + strlen(event.payload) + 1);
	assert_int_equal(event.hdr.len, strlen(text) + 1);
	return text;
}

unsigned int kit_drain(struct store_conn *conn)
{
	unsigned int n = 0;

	while (kit_event(conn)[0])
		n++;
	return n;
}
