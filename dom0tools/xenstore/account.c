/* SPDX-License-Identifier: MIT */
/*
 * Who owns how much. Node counts change by tallies, so that an operation or a
 * whole transaction books all of its changes at once or none.
 */
#include "internal.h"

#include <stdlib.h>

struct account *account_get(struct store *store, domid_t domid)
{
	struct account **head = &store->accounts[domid % ACCOUNT_BUCKETS];

	for (struct account *a = *head; a; a = a->next)
		if (a->domid == domid)
			return a;

	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	account->domid = domid;
	account->next = *head;
	*head = account;
	return account;
}

void account_trim(struct store *store, struct account *account)
{
	if (account->nodes || account->watches || account->transactions || account->conns)
		return;

	struct account **at = &store->accounts[account->domid % ACCOUNT_BUCKETS];

	while (*at != account)
		at = &(*at)->next;
	*at = account->next;
	free(account);
}

static struct tally_entry *tally_find(const struct tally *tally, domid_t domid)
{
	for (size_t i = 0; i < tally->n; i++)
		if (tally->entries[i].domid == domid)
			return &tally->entries[i];
	return NULL;
}

int tally_add(struct tally *tally, domid_t domid, int32_t nodes, int64_t bytes)
{
	struct tally_entry *entry = tally_find(tally, domid);

	if (entry) {
		entry->nodes += nodes;
		entry->bytes += bytes;
		return 0;
	}
	if (tally->n == tally->cap) {
		size_t cap = tally->cap ? tally->cap * 2 : 4;
		void *entries = realloc(tally->entries, cap * sizeof(*tally->entries));

		if (!entries)
			return -ENOMEM;
		tally->entries = entries;
		tally->cap = cap;
	}
	tally->entries[tally->n++] = (struct tally_entry) { domid, nodes, bytes };
	return 0;
}

struct tally_entry tally_of(const struct tally *tally, domid_t domid)
{
	const struct tally_entry *entry = tally_find(tally, domid);

	return entry ? *entry : (struct tally_entry) { .domid = domid };
}

bool tally_fits(struct store *store, const struct tally *tally, domid_t domid, uint32_t nodes,
		uint64_t bytes)
{
	const struct account *account = account_get(store, domid);
	struct tally_entry noted = tally_of(tally, domid);

	if (!domid)
		return true;
	return account &&
	       (int64_t)account->nodes + noted.nodes + nodes <= store->quota.nodes &&
	       (int64_t)(account->bytes + bytes) + noted.bytes <= store->quota.memory;
}

int tally_reserve(struct store *store, const struct tally *tally)
{
	for (size_t i = 0; i < tally->n; i++)
		if (!account_get(store, tally->entries[i].domid))
			return -ENOMEM;
	return 0;
}

void tally_apply(struct store *store, struct tally *tally)
{
	for (size_t i = 0; i < tally->n; i++) {
		struct account *account = account_get(store, tally->entries[i].domid);

		account->nodes += (uint32_t)tally->entries[i].nodes;
		account->bytes += (uint64_t)tally->entries[i].bytes;
		account_trim(store, account);
	}
	tally->n = 0;
}

void tally_clear(struct tally *tally)
{
	free(tally->entries);
	tally->entries = NULL;
	tally->n = tally->cap = 0;
}
