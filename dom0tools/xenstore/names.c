/* SPDX-License-Identifier: MIT */
/*
 * Which domain has a name: a table beside the tree, since looking at a node of each domain takes a
 * thousand times as long for a thousand domains. Each change of the tree passes names_changed(). When
 * memory runs out, or a folder above the domains has changed, the table is stale, and is
 * made anew when somebody asks.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOME	"/local/domain"

struct name {
	struct name *next;	/* in the bucket of its value */
	struct name *next_id;	/* in the bucket of its domain */
	domid_t domid;
	uint32_t hash;
	uint32_t len;
	char value[];		/* not NUL-terminated */
};

static uint32_t hash_of(const char *value, size_t len)
{
	uint32_t hash = 2166136261u;

	while (len--)
		hash = (hash ^ (unsigned char)*value++) * 16777619u;
	return hash;
}

static void forget(struct names *names, domid_t domid)
{
	struct name **at = &names->by_id[domid % NAME_BUCKETS], **link, *name;

	while (*at && (*at)->domid != domid)
		at = &(*at)->next_id;
	name = *at;
	if (!name)
		return;
	*at = name->next_id;
	for (link = &names->by_value[name->hash % NAME_BUCKETS]; *link != name;)
		link = &(*link)->next;
	*link = name->next;
	free(name);
}

static bool add(struct names *names, domid_t domid, const char *value, uint32_t len)
{
	struct name *name = malloc(sizeof(*name) + len);

	if (!name)
		return false;
	name->domid = domid;
	name->hash = hash_of(value, len);
	name->len = len;
	memcpy(name->value, value, len);
	name->next = names->by_value[name->hash % NAME_BUCKETS];
	names->by_value[name->hash % NAME_BUCKETS] = name;
	name->next_id = names->by_id[domid % NAME_BUCKETS];
	names->by_id[domid % NAME_BUCKETS] = name;
	return true;
}

/* What the tree says of one domain now. */
static void look_at(struct store *store, domid_t domid)
{
	const struct node *node;
	char path[sizeof(HOME) + 16];

	forget(&store->names, domid);
	snprintf(path, sizeof(path), HOME "/%u/name", domid);
	node = node_lookup(store->main.root, path);
	if (node && node->len && !add(&store->names, domid, node->value, node->len))
		store->names.stale = true;
}

void names_changed(struct store *store, const char *path)
{
	const size_t home = sizeof(HOME) - 1;
	const char *id = path + home, *end;
	char number[8];
	domid_t domid;
	size_t len;

	if (strncmp(path, HOME, home) || *id != '/') {
		/* A folder above all, or something else. */
		store->names.stale |= !strncmp(path, HOME, strlen(path));
		return;
	}
	id++;
	end = id + strcspn(id, "/");
	len = (size_t)(end - id);
	if ((*end && strcmp(end, "/name")) || len >= sizeof(number))
		return;
	memcpy(number, id, len);
	number[len] = '\0';
	if (parse_domid(number, &domid))
		look_at(store, domid);
}

void names_clear(struct names *names)
{
	for (size_t i = 0; i < NAME_BUCKETS; i++)
		while (names->by_id[i])
			forget(names, names->by_id[i]->domid);
	names->stale = false;
}

static void make_anew(struct store *store)
{
	const struct node *home = node_lookup(store->main.root, HOME);
	domid_t domid;

	names_clear(&store->names);
	for (uint32_t i = 0; home && i < home->n_kids; i++)
		if (parse_domid(home->kids[i]->name, &domid))
			look_at(store, domid);
}

bool store_find_name(struct store *store, const char *value, domid_t *domid)
{
	uint32_t len = (uint32_t)strlen(value), hash = hash_of(value, len);
	bool found = false;

	if (store->names.stale)
		make_anew(store);
	for (const struct name *n = store->names.by_value[hash % NAME_BUCKETS]; n; n = n->next) {
		if (n->hash != hash || n->len != len || memcmp(n->value, value, len) ||
		    (found && n->domid > *domid))
			continue;
		*domid = n->domid;
		found = true;
	}
	return found;
}
