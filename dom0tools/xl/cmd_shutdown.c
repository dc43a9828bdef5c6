/* SPDX-License-Identifier: MIT */
/*
 * xl shutdown and reboot: a word in xenstore that the guest is asked to obey. It
 * shows that it has seen it by emptying the node.
 */
#include "xl/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "pvguest/clock.h"
#include "xl/format.h"
#include "xl/names.h"
#include "xl/record.h"
#include "xl/wait.h"

#define ANSWER_TIME	(10 * NSEC_PER_SEC)	/* for a guest to see the request */

struct request {
	const char *word;	/* what is written */
	const char *doing;	/* how the messages call it */
	bool all, wait;
};

static bool send_request(const struct request *q, domid_t domid)
{
	struct xs_handle *h = xl_store();
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	printf("%s domain %u\n", q->doing, domid);
	if (h && xs_write(h, XBT_NULL, path, q->word, strlen(q->word)))
		return true;
	fprintf(stderr, "xl: writing %s: %s\n", path, strerror(errno));
	return false;
}

static bool has_answered(domid_t domid)
{
	struct xen_domctl_getdomaininfo info;
	char path[64], *value;
	bool answered;

	if (domctl_info(domid, &info) || info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
		return true;
	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	value = xs_read(xl_store(), XBT_NULL, path, NULL);
	answered = !value || !*value;
	free(value);
	return answered;
}

static int wait_for_answer(const struct request *q, domid_t domid)
{
	uint64_t limit = deadline_in(ANSWER_TIME);
	char name[XL_NAME_SIZE];

	while (!has_answered(domid)) {
		if (wait_step())
			return XL_FAILURE;
		if (clock_monotonic_ns() < limit)
			continue;
		xl_domain_name(domid, name);
		fprintf(stderr, "xl: domain %u (%s) does not answer the request to %s; "
			"`xl destroy` ends it without asking\n", domid, name, q->word);
		return XL_FAILURE;
	}
	return XL_OK;
}

static int wait_for_ends(const domid_t *domids, struct record **records, unsigned count)
{
	unsigned reason = 0;

	printf("Waiting for %u domains\n", count);
	for (unsigned i = 0; i < count; i++) {
		switch (wait_for_end(domids[i], records[i], &reason)) {
		case WAIT_SHUT_DOWN:
			printf("Domain %u has been shut down, reason code %u\n", domids[i], reason);
			break;
		case WAIT_DESTROYED:
			printf("Domain %u has been destroyed.\n", domids[i]);
			break;
		case WAIT_INTERRUPTED:
			return XL_FAILURE;
		}
	}
	return XL_OK;
}

/* The ids of those that the request is for; NULL with a message. */
static domid_t *choose(const struct request *q, const struct args *a, unsigned *count)
{
	struct xen_domctl_getdomaininfo *all = NULL;
	unsigned all_count = 0;
	domid_t *domids;

	if (q->all) {
		all = xl_all_domains(&all_count);
		if (!all)
			return NULL;
	}
	domids = calloc(all_count + 1, sizeof(*domids));
	if (!domids)
		fprintf(stderr, "xl: dom0 has not enough memory\n");
	*count = 0;
	for (unsigned i = 0; domids && i < all_count; i++)
		if (all[i].domain && !(all[i].flags & XEN_DOMINF_shutdown))
			domids[(*count)++] = all[i].domain;
	free(all);
	if (domids && !q->all) {
		if (xl_find_domain(a->operand[0], &domids[0], NULL)) {
			*count = 1;
		} else {
			free(domids);
			domids = NULL;
		}
	}
	return domids;
}

static int ask_all(const struct request *q, const struct args *a, const domid_t *domids,
		   struct record **records, unsigned count)
{
	int code = XL_OK;

	for (unsigned i = 0; i < count; i++)
		if (!domids[i]) {
			fprintf(stderr, "xl %s: for domain 0 use `poweroff` or `reboot`\n",
				a->command);
			code = XL_FAILURE;
		} else if (!send_request(q, domids[i])) {
			code = XL_FAILURE;
		}
	for (unsigned i = 0; i < count && !code; i++)
		code = wait_for_answer(q, domids[i]);
	if (!code && q->wait)
		code = wait_for_ends(domids, records, count);
	return code;
}

static int ask(const struct request *q, const struct args *a)
{
	unsigned count = 0;
	domid_t *domids = choose(q, a, &count);
	struct record **records = domids ? calloc(count + 1, sizeof(*records)) : NULL;
	int code = XL_FAILURE;

	if (domids && !records)
		fprintf(stderr, "xl: dom0 has not enough memory\n");
	/* What ends while others are asked is remembered by its record. */
	for (unsigned i = 0; records && i < count; i++) {
		records[i] = record_find(domids[i]);
		if (records[i])
			record_hold(records[i]);
	}
	if (records)
		code = ask_all(q, a, domids, records, count);
	for (unsigned i = 0; records && i < count; i++)
		if (records[i])
			record_drop(records[i]);
	free(records);
	free(domids);
	return code;
}

static int read_and_ask(struct args *a, struct request *q)
{
	static const struct args_long longs[] = {
		{ "all", 'a' }, { "wait", 'w' }, { "help", 'h' }, { NULL, 0 },
	};
	int letter, code;

	while ((letter = args_option(a, "awFh", longs)) != ARGS_END) {
		switch (letter) {
		case 'a': q->all = true; break;
		case 'w': q->wait = true; break;
		case 'F': break;
		default: return xl_option_default(a, letter);
		}
	}
	if (q->all && a->count) {
		fprintf(stderr, "You cannot specify \"-a\" and a domain\n");
		return XL_FAILURE;
	}
	if (!q->all && !xl_check_operands(a, 1, 1, &code))
		return code;
	return ask(q, a);
}

int cmd_shutdown(struct args *a)
{
	struct request q = { .word = "poweroff", .doing = "Shutting down" };

	return read_and_ask(a, &q);
}

int cmd_reboot(struct args *a)
{
	struct request q = { .word = "reboot", .doing = "Rebooting" };

	return read_and_ask(a, &q);
}
