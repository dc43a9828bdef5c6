/* SPDX-License-Identifier: MIT */
/*
 * The messages about domains, and the control commands.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* The first string as the id of a domU. */
static bool guest_arg(const char *text, domid_t *domid)
{
	return parse_domid(text, domid) && *domid != 0;
}

int control_introduce(struct call *call)
{
	const char *arg[3];
	uint64_t gfn, port;
	domid_t domid;

	if (call_strings(call, arg, 3) != 3 || !guest_arg(arg[0], &domid) ||
	    !parse_number(arg[1], UINT64_MAX / 4096, &gfn) ||
	    !parse_number(arg[2], INT32_MAX, &port) || !port)
		return -EINVAL;

	int err = call->store->ops->introduce(call->store->ctx, domid, gfn, (uint32_t)port);

	if (!err)
		store_announce(call->store, "@introduceDomain", domid);
	return err;
}

int control_release(struct call *call)
{
	const char *text = call_only_string(call);
	domid_t domid;

	if (!text || !guest_arg(text, &domid))
		return -EINVAL;

	int err = call->store->ops->release(call->store->ctx, domid);

	if (!err)
		store_announce(call->store, "@releaseDomain", domid);
	return err;
}

int control_resume(struct call *call)
{
	const char *text = call_only_string(call);
	domid_t domid;

	if (!text || !guest_arg(text, &domid))
		return -EINVAL;
	return call->store->ops->resume(call->store->ctx, domid);
}

int control_set_target(struct call *call)
{
	const struct store_ops *ops = call->store->ops;
	const char *arg[2];
	domid_t domid, target;

	if (call_strings(call, arg, 2) != 2 || !guest_arg(arg[0], &domid) ||
	    !guest_arg(arg[1], &target))
		return -EINVAL;
	if (!ops->is_introduced(call->store->ctx, domid) ||
	    !ops->is_introduced(call->store->ctx, target))
		return -ENOENT;
	for (struct store_conn *conn = call->store->conns; conn; conn = conn->next)
		if (conn->domid == domid)
			conn->target = target;
	return 0;
}

int control_is_introduced(struct call *call)
{
	const char *text = call_only_string(call);
	domid_t domid;

	if (!text || !parse_domid(text, &domid))
		return -EINVAL;
	if (domid == 0 || call->store->ops->is_introduced(call->store->ctx, domid))
		return call_reply_text(call, "T");
	return call_reply_text(call, "F");
}

int control_domain_path(struct call *call)
{
	const char *text = call_only_string(call);
	char path[32];
	domid_t domid;

	if (!text || !parse_domid(text, &domid))
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	return call_reply_text(call, path);
}

/* ---- control commands ---- */

#define QUOTA_COUNT 8

static const struct {
	const char *name;
	size_t offset;
} quotas[QUOTA_COUNT] = {
	{ "nodes", offsetof(struct store_quota, nodes) },
	{ "memory", offsetof(struct store_quota, memory) },
	{ "node-size", offsetof(struct store_quota, node_size) },
	{ "permissions", offsetof(struct store_quota, permissions) },
	{ "watches", offsetof(struct store_quota, watches) },
	{ "transactions", offsetof(struct store_quota, transactions) },
	{ "transaction-nodes", offsetof(struct store_quota, transaction_nodes) },
	{ "snapshots", offsetof(struct store_quota, snapshots) },
};

static uint32_t *quota_field(struct store *store, size_t i)
{
	return (uint32_t *)((char *)&store->quota + quotas[i].offset);
}

static int quota_print(struct call *call)
{
	char text[512];
	size_t len = 0;

	for (size_t i = 0; i < QUOTA_COUNT; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%-18s %u\n",
					quotas[i].name, *quota_field(call->store, i));
	return call_reply_text(call, text);
}

static int quota_set(struct call *call, const char *name, const char *value)
{
	uint64_t n;

	for (size_t i = 0; i < QUOTA_COUNT; i++) {
		if (strcmp(quotas[i].name, name))
			continue;
		if (!parse_number(value, UINT32_MAX, &n))
			return -EINVAL;
		*quota_field(call->store, i) = (uint32_t)n;
		return 0;
	}
	return -EINVAL;
}

static int quota_of_domain(struct call *call, domid_t domid)
{
	const struct account *a = call->store->accounts[domid % ACCOUNT_BUCKETS];
	char text[256];

	while (a && a->domid != domid)
		a = a->next;
	if (!a)
		return -ENOENT;
	snprintf(text, sizeof(text), "Domain %u:\n%-18s %u\n%-18s %llu\n%-18s %u\n%-18s %u\n",
		 domid, "nodes", a->nodes, "memory", (unsigned long long)a->bytes, "watches",
		 a->watches, "transactions", a->transactions);
	return call_reply_text(call, text);
}

static int command_quota(struct call *call, const char **arg, unsigned int n)
{
	domid_t domid;

	if (n == 0)
		return quota_print(call);
	if (n == 3 && !strcmp(arg[0], "set"))
		return quota_set(call, arg[1], arg[2]);
	if (n == 1 && parse_domid(arg[0], &domid))
		return quota_of_domain(call, domid);
	return -EINVAL;
}

static int command_check(struct call *call, const char **arg, unsigned int n)
{
	(void)arg;
	if (n)
		return -EINVAL;
	return call_reply_text(call, store_check(call->store) ? "OK" : "accounts differ from tree");
}

static int command_memreport(struct call *call, const char **arg, unsigned int n)
{
	char text[160];

	(void)arg;
	if (n)
		return -EINVAL;
	snprintf(text, sizeof(text), "nodes %zu\nwatches %zu\ngeneration %llu\n",
		 store_node_count(call->store), call->store->watches.n_watches,
		 (unsigned long long)call->store->gen);
	return call_reply_text(call, text);
}

static int command_print(struct call *call, const char **arg, unsigned int n)
{
	if (n != 1)
		return -EINVAL;
	call->store->ops->print(call->store->ctx, arg[0]);
	return 0;
}

static int command_help(struct call *call, const char **arg, unsigned int n);

static const struct {
	const char *name, *usage;
	int (*fn)(struct call *call, const char **arg, unsigned int n);
} commands[] = {
	{ "help", "", command_help },
	{ "check", "", command_check },
	{ "memreport", "", command_memreport },
	{ "print", "TEXT", command_print },
	{ "quota", "[set NAME VALUE|DOMID]", command_quota },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int command_help(struct call *call, const char **arg, unsigned int n)
{
	char text[512] = "";
	size_t len = 0;

	(void)arg;
	if (n)
		return -EINVAL;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\t%s\n",
					commands[i].name, commands[i].usage);
	return call_reply_text(call, text);
}

int control_command(struct call *call)
{
	const char *arg[5];
	unsigned int n = call_strings(call, arg, 5);

	if (!n)
		return -EINVAL;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, arg[0]))
			return commands[i].fn(call, arg + 1, n - 1);
	return -EINVAL;
}
