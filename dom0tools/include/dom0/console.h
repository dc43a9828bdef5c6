/* SPDX-License-Identifier: MIT */
/*
 * The console daemon. It drains the console ring of every domain into a
 * scroll-back that outlives the domain, so that early output and last words
 * are never lost; attaching shows the scroll-back and then is live both ways.
 *
 * Domains are found by the @introduceDomain watch and by the nodes below
 * /local/domain/ID/console, but attaching looks the domain up itself, so it
 * may follow an introduction at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <xen/xen.h>

/** Starts the daemon's thread. Returns 0 or a negative newlib errno. */
int consoled_start(void);

/**
 * Joins dom0's terminal with the domain's console until Ctrl-] is typed or the
 * domain ends. Returns 0, or a negative newlib errno when the domain has no
 * console (nothing was printed then).
 */
int console_attach(domid_t domid);

/**
 * As console_attach(), and calls attached(ctx) as soon as no output can be
 * missed: `xl create -c` unpauses there. When attached() returns non-zero the
 * console is left at once and that value returned.
 */
int console_attach_then(domid_t domid, int (*attached)(void *ctx), void *ctx);

/**
 * Copies the last n lines of the domain's output, alive or recently dead, to
 * buf, which always ends with a NUL. Drains the ring first. Returns the length
 * without the NUL; 0 when the domain is unknown or has printed nothing.
 */
size_t console_last_lines(domid_t domid, unsigned n, char *buf, size_t size);

/**
 * To be called by whoever destroys a domain, after domctl destroydomain: takes
 * the last output, unmaps the ring and closes the port, so that the domain's last
 * frames can go. Harmless for an unknown domain.
 */
void console_domain_gone(domid_t domid);

/** What console_log_each() tells of one scroll-back. */
struct console_log {
	domid_t domid;
	bool alive;
	const char *name;	/* may be "" */
	unsigned long long total;	/* bytes ever printed */
};

/** Calls fn for every kept scroll-back, the oldest first. */
void console_log_each(void (*fn)(void *ctx, const struct console_log *log), void *ctx);

/**
 * Prints the whole scroll-back of the newest domain with this name, or id in
 * decimal, dead ones too. Returns 0 or -ENOENT.
 */
int console_log_print(const char *name_or_id);
