/* SPDX-License-Identifier: MIT */
/*
 * From a message to its handler and back: who may send it, whether it takes place in
 * a transaction, the reply or the error's name.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned int call_strings(const struct call *call, const char **strings, unsigned int n)
{
	const char *at = call->in, *end = call->in + call->len;
	unsigned int found = 0;

	while (found < n && at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul)
			break;
		strings[found++] = at;
		at = nul + 1;
	}
	return found;
}

const char *call_only_string(const struct call *call)
{
	const char *text;

	if (call_strings(call, &text, 1) != 1 || strlen(text) + 1 != call->len)
		return NULL;
	return text;
}

int call_reply_text(struct call *call, const char *text)
{
	call->out_len = (uint32_t)strlen(text) + 1;
	if (call->out_len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	memcpy(call->out, text, call->out_len);
	return 0;
}

bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;

		uint64_t digit = (uint64_t)(*text - '0');

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

bool parse_domid(const char *text, domid_t *domid)
{
	uint64_t n;

	if (!parse_number(text, DOMID_FIRST_RESERVED - 1, &n))
		return false;
	*domid = (domid_t)n;
	return true;
}

static int request_watch(struct call *call)
{
	const char *arg[3];
	unsigned int n = call_strings(call, arg, 3);
	uint64_t depth = 0;
	struct path path;

	if (n < 2 || path_parse(&path, arg[0], call->conn->domid, PATH_WATCH))
		return -EINVAL;
	if (n == 3 && arg[2][0] && !parse_number(arg[2], XENSTORE_ABS_PATH_MAX, &depth))
		return -EINVAL;

	int err = watch_add(call->conn, &path, arg[1], n == 3 && arg[2][0] ? (int)depth : -1);

	if (!err)
		watch_fire_first(call->conn);
	return err;
}

static int request_unwatch(struct call *call)
{
	const char *arg[2];
	struct path path;

	if (call_strings(call, arg, 2) != 2 ||
	    path_parse(&path, arg[0], call->conn->domid, PATH_WATCH))
		return -EINVAL;
	return watch_remove(call->conn, &path, arg[1]);
}

static int request_reset_watches(struct call *call)
{
	store_conn_reset(call->conn);
	return 0;
}

static int request_transaction_start(struct call *call)
{
	char text[16];

	if (call->txn)
		return -EBUSY;

	int64_t id = transaction_start(call->conn);

	if (id < 0)
		return (int)id;
	snprintf(text, sizeof(text), "%u", (unsigned int)id);
	return call_reply_text(call, text);
}

static int request_transaction_end(struct call *call)
{
	const char *how = call_only_string(call);

	if (!how || (strcmp(how, "T") && strcmp(how, "F")))
		return -EINVAL;
	if (!call->txn)
		return -ENOENT;
	return transaction_end(call->conn, call->txn, how[0] == 'T');
}

enum handler_flags {
	PRIVILEGED = 1,		/* EACCES for guests */
	NO_TRANSACTION = 2,	/* tx_id is not looked at */
};

static const struct handler {
	int (*fn)(struct call *call);
	unsigned int flags;
} handlers[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { control_command, PRIVILEGED | NO_TRANSACTION },
	[XS_DIRECTORY] = { tree_directory, 0 },
	[XS_READ] = { tree_read, 0 },
	[XS_GET_PERMS] = { tree_get_perms, 0 },
	[XS_WATCH] = { request_watch, NO_TRANSACTION },
	[XS_UNWATCH] = { request_unwatch, NO_TRANSACTION },
	[XS_TRANSACTION_START] = { request_transaction_start, 0 },
	[XS_TRANSACTION_END] = { request_transaction_end, 0 },
	[XS_INTRODUCE] = { control_introduce, PRIVILEGED | NO_TRANSACTION },
	[XS_RELEASE] = { control_release, PRIVILEGED | NO_TRANSACTION },
	[XS_GET_DOMAIN_PATH] = { control_domain_path, NO_TRANSACTION },
	[XS_WRITE] = { tree_write, 0 },
	[XS_MKDIR] = { tree_mkdir, 0 },
	[XS_RM] = { tree_rm, 0 },
	[XS_SET_PERMS] = { tree_set_perms, 0 },
	[XS_IS_DOMAIN_INTRODUCED] = { control_is_introduced, NO_TRANSACTION },
	[XS_RESUME] = { control_resume, PRIVILEGED | NO_TRANSACTION },
	[XS_SET_TARGET] = { control_set_target, PRIVILEGED | NO_TRANSACTION },
	[XS_RESET_WATCHES] = { request_reset_watches, NO_TRANSACTION },
	[XS_DIRECTORY_PART] = { tree_directory_part, 0 },
};

static const char *error_name(int err)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EIO";
}

static int call_run(struct call *call, const struct xsd_sockmsg *hdr)
{
	if (hdr->type >= XS_TYPE_COUNT || !handlers[hdr->type].fn)
		return -ENOSYS;

	const struct handler *handler = &handlers[hdr->type];

	if ((handler->flags & PRIVILEGED) && !conn_is_privileged(call->conn))
		return -EACCES;
	if (hdr->tx_id && !(handler->flags & NO_TRANSACTION)) {
		call->txn = transaction_find(call->conn, hdr->tx_id);
		if (!call->txn)
			return -ENOENT;
		call->view = &call->txn->view;
	}
	return handler->fn(call);
}

void store_request(struct store_conn *conn, struct store_message *request,
		   struct store_message *reply)
{
	struct call call = {
		.store = conn->store,
		.conn = conn,
		.view = &conn->store->main,
		.in = request->payload,
		.len = request->hdr.len,
		.out = reply->payload,
		.out_len = UINT32_MAX,
	};

	request->payload[call.len] = '\0';

	int err = call_run(&call, &request->hdr);

	reply->hdr = request->hdr;
	if (err) {
		reply->hdr.type = XS_ERROR;
		call_reply_text(&call, error_name(err));
	} else if (call.out_len == UINT32_MAX) {
		call_reply_text(&call, "OK");
	}
	reply->hdr.len = call.out_len;
}
