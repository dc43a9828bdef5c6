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

int tally_add(struct tally *tally, domid_t domid, int32_t delta)
{
	for (size_t i = 0; i < tally->n; i++) {
		if (tally->entries[i].domid == domid) {
			tally->entries[i].nodes += delta;
			return 0;
		}
	}
	if (tally->n == tally->cap) {
		size_t cap = tally->cap ? tally->cap * 2 : 4;
		void *entries = realloc(tally->entries, cap * sizeof(*tally->entries));

		if (!entries)
			return -ENOMEM;
		tally->entries = entries;
		tally->cap = cap;
	}
	tally->entries[tally->n].domid = domid;
	tally->entries[tally->n].nodes = delta;
	tally->n++;
	return 0;
}

int32_t tally_of(const struct tally *tally, domid_t domid)
{
	for (size_t i = 0; i < tally->n; i++)
		if (tally->entries[i].domid == domid)
			return tally->entries[i].nodes;
	return 0;
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
