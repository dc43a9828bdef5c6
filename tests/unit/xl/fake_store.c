/* SPDX-License-Identifier: MIT */
#include "xl/fake_store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0/xenstored.h"
#include "pvguest/xenbus.h"

enum { MAX_NODES = 512 };

struct node {
	char *path, *value;
};

static struct node nodes[MAX_NODES], saved[MAX_NODES];	/* saved: before the transaction */
static unsigned count, saved_count;
static int writes, fail_at = -1;
unsigned fake_introduced;

static void free_all(struct node *n, unsigned *c)
{
	for (unsigned i = 0; i < *c; i++) {
		free(n[i].path);
		free(n[i].value);
	}
	*c = 0;
}

void fake_store_reset(void)
{
	free_all(nodes, &count);
	free_all(saved, &saved_count);
	fail_at = -1;
	writes = 0;
	fake_introduced = 0;
}

static struct node *find(const char *path)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

const char *fake_store_value(const char *path)
{
	struct node *n = find(path);

	return n ? n->value : NULL;
}

void fake_store_set(const char *path, const char *value)
{
	struct node *n = find(path);

	if (!n) {
		if (count == MAX_NODES)
			abort();
		n = &nodes[count++];
		*n = (struct node){ .path = strdup(path) };
	}
	free(n->value);
	n->value = strdup(value);
}

unsigned fake_store_nodes(void)
{
	return count;
}

void fake_store_fail(int nth)
{
	fail_at = nth < 0 ? -1 : writes + nth;
}

struct xs_handle *xs_open(unsigned long flags)
{
	static char handle;

	(void)flags;
	return (struct xs_handle *)&handle;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	const char *value = fake_store_value(path);

	(void)h;
	(void)t;
	if (!value)
		errno = ENOENT;
	if (value && len)
		*len = strlen(value);
	return value ? strdup(value) : NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	char *text = strndup(data, len);

	(void)h;
	(void)t;
	if (writes++ == fail_at) {
		free(text);
		errno = ENOSPC;
		return false;
	}
	fake_store_set(path, text);
	free(text);
	return true;
}

bool xs_printf(struct xs_handle *h, xs_transaction_t t, const char *path, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return xs_write(h, t, path, text, strlen(text));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	size_t length = strlen(path);

	(void)h;
	(void)t;
	for (unsigned i = 0; i < count;) {
		if (!strncmp(nodes[i].path, path, length) &&
		    (!nodes[i].path[length] || nodes[i].path[length] == '/')) {
			free(nodes[i].path);
			free(nodes[i].value);
			nodes[i] = nodes[--count];
		} else {
			i++;
		}
	}
	return true;
}

bool xenstored_find_domain(const char *name, domid_t *domid)
{
	unsigned id, end;

	for (unsigned i = 0; i < count; i++) {
		end = 0;
		if (sscanf(nodes[i].path, "/local/domain/%u/name%n", &id, &end) != 1 || !end ||
		    nodes[i].path[end] || strcmp(nodes[i].value, name))
			continue;
		*domid = (domid_t)id;
		return true;
	}
	return false;
}

bool xenstored_domain_name(domid_t domid, char *name, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(nodes[i].path, path) || !nodes[i].value[0])
			continue;
		snprintf(name, size, "%s", nodes[i].value);
		return true;
	}
	return false;
}

/* The names below path, each once. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	static char names[MAX_NODES][64];
	size_t length = strlen(path);
	char **list = malloc(MAX_NODES * sizeof(*list));

	(void)h;
	(void)t;
	*num = 0;
	for (unsigned i = 0; i < count; i++) {
		const char *name = nodes[i].path + length + 1;
		bool known = strncmp(nodes[i].path, path, length) || nodes[i].path[length] != '/';

		for (unsigned k = 0; k < *num && !known; k++)
			known = strlen(names[k]) == strcspn(name, "/") &&
				!strncmp(names[k], name, strlen(names[k]));
		if (known)
			continue;
		snprintf(names[*num], sizeof(names[0]), "%.*s", (int)strcspn(name, "/"), name);
		list[*num] = names[*num];
		(*num)++;
	}
	return list;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num)
{
	(void)h;
	(void)t;
	(void)perms;
	return num && find(path);
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	free_all(saved, &saved_count);
	for (; saved_count < count; saved_count++)
		saved[saved_count] = (struct node){ strdup(nodes[saved_count].path),
						    strdup(nodes[saved_count].value) };
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	(void)h;
	(void)t;
	if (abort) {
		free_all(nodes, &count);
		memcpy(nodes, saved, sizeof(nodes));
		count = saved_count;
		saved_count = 0;
	}
	return true;
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long gfn,
			 unsigned int port)
{
	(void)h;
	(void)domid;
	if (!gfn || !port || writes++ == fail_at) {
		errno = EINVAL;
		return false;
	}
	fake_introduced++;
	return true;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	(void)domid;
	if (fake_introduced)
		fake_introduced--;
	return true;
}

bool xs_watch_depth(struct xs_handle *h, const char *path, const char *token, unsigned depth)
{
	(void)h;
	(void)path;
	(void)token;
	(void)depth;
	return true;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	(void)h;
	(void)num;
	errno = EAGAIN;
	return NULL;
}
