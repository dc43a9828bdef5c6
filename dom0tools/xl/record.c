/* SPDX-License-Identifier: MIT */
/* A list: there are as many records as domains, and threads are cooperative. */
#include "xl/record.h"

#include <stdlib.h>
#include <string.h>

#include "pvguest/clock.h"
#include "pvguest/thread.h"

static struct record *records;
static struct waitq changed;
static unsigned long last_serial;

struct record *record_add(domid_t domid, struct domconf *conf)
{
	struct record *r = calloc(1, sizeof(*r));

	if (!r) {
		domconf_free(conf);
		return NULL;
	}
	r->domid = domid;
	r->conf = *conf;
	r->created_ns = clock_monotonic_ns();
	r->serial = ++last_serial;
	r->ended = DOMID_INVALID;
	r->next = records;
	records = r;
	*conf = (struct domconf){ 0 };
	return r;
}

struct record *record_first(void)
{
	return records;
}

struct record *record_find(domid_t domid)
{
	for (struct record *r = records; r; r = r->next)
		if (r->domid == domid)
			return r;
	return NULL;
}

struct record *record_find_ending(const char *name)
{
	for (struct record *r = records; r; r = r->next)
		if (r->state == RECORD_ENDING && !strcmp(r->conf.name, name))
			return r;
	return NULL;
}

static void free_if_unused(struct record *r)
{
	if (r->holders || !r->forgotten)
		return;
	domconf_free(&r->conf);
	free(r);
}

void record_forget(struct record *r)
{
	for (struct record **p = &records; *p; p = &(*p)->next) {
		if (*p == r) {
			*p = r->next;
			break;
		}
	}
	r->forgotten = true;
	free_if_unused(r);
	waitq_wake(&changed);
}

void record_hold(struct record *r)
{
	r->holders++;
}

void record_drop(struct record *r)
{
	r->holders--;
	free_if_unused(r);
}

void record_set_state(struct record *r, enum record_state state)
{
	r->state = state;
	waitq_wake(&changed);
}

void record_wait(uint64_t ns)
{
	waitq_wait(&changed, deadline_in(ns));
}
