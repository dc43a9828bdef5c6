// SPDX-License-Identifier: MIT
/*
 * A guest that writes any bytes anywhere in its xenstore and console pages while the daemons
 * work on them: they survive, end their work, and the store stays sound.
 */
#include "fuzz.h"

#include <string.h>

#include "console/consring.h"
#include "xenstore/xsring.h"

static int op_domain(void *ctx, domid_t domid)
{
	(void)ctx;
	(void)domid;
	return -ENOENT;
}

static int op_introduce(void *ctx, domid_t domid, unsigned long gfn, uint32_t port)
{
	(void)gfn;
	(void)port;
	return op_domain(ctx, domid);
}

static bool op_is_introduced(void *ctx, domid_t domid)
{
	return op_domain(ctx, domid) == 0;
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
	.release = op_domain,
	.resume = op_domain,
	.is_introduced = op_is_introduced,
	.event_pending = op_event_pending,
	.print = op_print,
};

static struct xenstore_domain_interface page;
static struct xencons_interface console;
static struct xsring ring;

/* Writes n bytes at `at` in a page, or behind the request ring's producer when that is out of it. */
static void guest_write(size_t at, const uint8_t *bytes, size_t n)
{
	for (; n; n--, bytes++) {
		if (at < sizeof(page))
			((uint8_t *)&page)[at++] = *bytes;
		else
			page.req[MASK_XENSTORE_IDX(page.req_prod++)] = (char)*bytes;
		((uint8_t *)&console)[at++ % sizeof(console)] = *bytes;
	}
}

static void daemons_work(void)
{
	char buf[4096];
	bool notify;
	int rounds = 0;

	while (xsring_work(&ring, &notify))
		FUZZ_CHECK(++rounds < 2000);
	FUZZ_CHECK(consring_take(&console, buf, sizeof(buf)) <= (long)sizeof(console.out));
	FUZZ_CHECK(consring_give(&console, buf, sizeof(buf)) <= (long)sizeof(console.in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store *store;
	struct store_conn *conn;

	store = store_create(&ops, NULL);
	conn = store_connect(store, 1, NULL);
	memset(&page, 0, sizeof(page));
	memset(&console, 0, sizeof(console));
	xsring_init(&ring, &page, conn);
	while (size >= 4) {
		size_t at = data[0] | data[1] << 8, n = data[2];

		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		guest_write(at, data, n);
		data += n;
		size -= n;
		if (n % 2)
			page.rsp_cons = page.rsp_prod;
		daemons_work();
	}
	FUZZ_CHECK(store_check(store));
	store_disconnect(conn);
	store_destroy(store);
	return 0;
}
