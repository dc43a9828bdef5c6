/* SPDX-License-Identifier: MIT */
/*
 * The messages that read and change nodes.
 */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The node that the only string of the message names, if conn may do what rights say. */
static struct node *find_noted(struct call *call, const char *text, enum path_kind kind,
			       enum access_kind access, int *err)
{
	struct path path;

	*err = -EINVAL;
	if (!text || path_parse(&path, text, call->conn->domid, kind))
		return NULL;
	*err = transaction_note(call->conn, call->txn, path.abs, access);
	if (*err)
		return NULL;

	struct node *node = view_find(call->view, call->conn, path.abs, PERM_READ, err);

	if (!node)
		*err = transaction_note_way(call->conn, call->txn, path.abs, *err);
	return node;
}

int tree_read(struct call *call)
{
	int err;
	struct node *node = find_noted(call, call_only_string(call), PATH_NODE, ACCESS_NODE, &err);

	if (!node)
		return err;
	if (node->len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	if (node->len)
		memcpy(call->out, node->value, node->len);
	call->out_len = node->len;
	return 0;
}

/*
 * Copies the names of children that fit from byte offset on (which counts names with their
 * NULs). Returns true when the last one is among them.
 */
static bool list_kids(struct call *call, const struct node *node, uint64_t offset)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < node->n_kids; i++) {
		size_t size = strlen(node->kids[i]->name) + 1;

		if (at >= offset) {
			if (size > XENSTORE_PAYLOAD_MAX - call->out_len)
				return false;
			memcpy(call->out + call->out_len, node->kids[i]->name, size);
			call->out_len += (uint32_t)size;
		}
		at += size;
	}
	return true;
}

int tree_directory(struct call *call)
{
	int err;
	struct node *node = find_noted(call, call_only_string(call), PATH_NODE, ACCESS_KIDS, &err);

	if (!node)
		return err;
	call->out_len = 0;
	return list_kids(call, node, 0) ? 0 : -E2BIG;
}

/* The list in parts: an empty string follows the last name. */
int tree_directory_part(struct call *call)
{
	const char *arg[2];
	uint64_t offset;
	int err;

	if (call_strings(call, arg, 2) != 2 || !parse_number(arg[1], UINT32_MAX, &offset))
		return -EINVAL;

	struct node *node = find_noted(call, arg[0], PATH_NODE, ACCESS_KIDS, &err);

	if (!node)
		return err;
	call->out_len = 1 + (uint32_t)snprintf(call->out, XENSTORE_PAYLOAD_MAX, "%" PRIu64,
					       node->kids_gen);
	if (list_kids(call, node, offset) && call->out_len < XENSTORE_PAYLOAD_MAX)
		call->out[call->out_len++] = '\0';
	return 0;
}

static char perm_letter(uint8_t bits)
{
	return "nrwb"[bits & (PERM_READ | PERM_WRITE)];
}

int tree_get_perms(struct call *call)
{
	int err;
	struct node *node = find_noted(call, call_only_string(call), PATH_SPECIAL, ACCESS_NODE,
				       &err);

	if (!node)
		return err;
	call->out_len = 0;
	for (uint32_t i = 0; i < node->n_perms; i++) {
		char text[8];

		if (i && !perm_counts(call->store, &node->perms[i]))
			continue;

		uint32_t size = 1 + (uint32_t)snprintf(text, sizeof(text), "%c%u",
						       perm_letter(node->perms[i].bits),
						       node->perms[i].domid);

		if (size > XENSTORE_PAYLOAD_MAX - call->out_len)
			return -E2BIG;
		memcpy(call->out + call->out_len, text, size);
		call->out_len += size;
	}
	return 0;
}

static bool perm_parse(struct perm *perm, const char *text)
{
	switch (text[0]) {
	case 'n':
		perm->bits = PERM_NONE;
		break;
	case 'r':
		perm->bits = PERM_READ;
		break;
	case 'w':
		perm->bits = PERM_WRITE;
		break;
	case 'b':
		perm->bits = PERM_READ | PERM_WRITE;
		break;
	default:
		return false;
	}
	return parse_domid(text + 1, &perm->domid);
}

#define PERMS_MAX 256

int tree_set_perms(struct call *call)
{
	static const char *arg[PERMS_MAX + 2];
	struct perm perms[PERMS_MAX];
	unsigned int n = call_strings(call, arg, PERMS_MAX + 2);
	struct path path;

	if (n < 2 || path_parse(&path, arg[0], call->conn->domid, PATH_SPECIAL))
		return -EINVAL;
	if (n > PERMS_MAX + 1)
		return -ENOSPC;
	for (unsigned int i = 1; i < n; i++) {
		if (!perm_parse(&perms[i - 1], arg[i]))
			return -EINVAL;
		perms[i - 1].life = life_of(call->store, perms[i - 1].domid);
	}

	struct op op = {
		.kind = OP_SET_PERMS, .path = path.abs, .perms = perms, .n_perms = n - 1,
	};

	return transaction_do(call->conn, call->txn, &op);
}

int tree_write(struct call *call)
{
	const char *text;
	struct path path;

	if (call_strings(call, &text, 1) != 1 ||
	    path_parse(&path, text, call->conn->domid, PATH_NODE))
		return -EINVAL;

	uint32_t path_size = (uint32_t)strlen(text) + 1;
	struct op op = {
		.kind = OP_WRITE,
		.path = path.abs,
		.value = (char *)call->in + path_size,
		.len = call->len - path_size,
	};

	return transaction_do(call->conn, call->txn, &op);
}

static int path_op(struct call *call, enum op_kind kind)
{
	const char *text = call_only_string(call);
	struct path path;

	if (!text || path_parse(&path, text, call->conn->domid, PATH_NODE))
		return -EINVAL;

	struct op op = { .kind = kind, .path = path.abs };

	return transaction_do(call->conn, call->txn, &op);
}

int tree_mkdir(struct call *call)
{
	return path_op(call, OP_MKDIR);
}

int tree_rm(struct call *call)
{
	return path_op(call, OP_RM);
}
