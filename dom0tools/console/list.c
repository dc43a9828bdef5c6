/* SPDX-License-Identifier: MIT */
/*
 * Which consoles there are: one for each domain that lives, and those of the last DEAD_MAX that
 * died, by age and by number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DEAD_MAX 32
#define BUCKETS 256

static struct {
	struct console *first, **end;	/* by age, the oldest first */
	struct console *buckets[BUCKETS];
	unsigned int dead;		/* of them */
} consoles = { .end = &consoles.first };

static struct console **bucket_of(domid_t domid)
{
	return &consoles.buckets[domid % BUCKETS];
}

struct console *console_find(domid_t domid, bool dead_too)
{
	struct console *c = *bucket_of(domid);

	while (c && (c->domid != domid || !(c->alive || dead_too)))
		c = c->next_in_bucket;
	return c;
}

struct console *console_unfinished(domid_t domid)
{
	struct console *found = NULL;

	for (struct console *c = *bucket_of(domid); c; c = c->next_in_bucket)
		if (c->domid == domid && !c->over)
			found = c;
	return found;
}

bool console_ending(domid_t domid)
{
	const struct console *c = console_unfinished(domid);

	return c && !c->alive;
}

static void console_free(struct console *c)
{
	struct console **at = bucket_of(c->domid);

	while (*at != c)
		at = &(*at)->next_in_bucket;
	*at = c->next_in_bucket;
	scrollback_free(&c->output);
	free(c);
}

void console_trim(void)
{
	struct console **at = &consoles.first;

	while (*at && consoles.dead > DEAD_MAX) {
		struct console *c = *at;

		if (c->alive || c->viewed || c->pins || c->busy) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		if (!*at)
			consoles.end = at;
		consoles.dead--;
		console_free(c);
	}
}

struct console *console_new(domid_t domid)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c || !scrollback_begin(&c->output)) {
		free(c);
		return NULL;
	}
	c->domid = domid;
	c->alive = true;
	*consoles.end = c;
	consoles.end = &c->next;
	c->next_in_bucket = *bucket_of(domid);
	*bucket_of(domid) = c;
	return c;
}

void console_died(struct console *c)
{
	c->alive = false;
	consoles.dead++;
}

struct console *console_unchecked(unsigned int round)
{
	struct console *c = consoles.first;

	while (c && (c->over || c->checked == round))
		c = c->next;
	return c;
}

void console_log_each(void (*fn)(void *ctx, const struct console_log *log), void *ctx)
{
	for (struct console *c = consoles.first; c; c = c->next) {
		struct console_log log = {
			.domid = c->domid,
			.alive = c->alive,
			.name = c->name,
			.total = c->output.total,
		};

		fn(ctx, &log);
	}
}

int console_log_print(const char *name_or_id)
{
	struct console *found = NULL;
	char id[8], chunk[256];
	uint64_t at = 0;
	size_t n;

	for (struct console *c = consoles.first; c; c = c->next) {
		snprintf(id, sizeof(id), "%u", c->domid);
		if (!strcmp(c->name, name_or_id) || !strcmp(id, name_or_id))
			found = c;
	}
	if (!found)
		return -ENOENT;
	while ((n = scrollback_read(&found->output, &at, chunk, sizeof(chunk))))
		fwrite(chunk, 1, n, stdout);
	return 0;
}
