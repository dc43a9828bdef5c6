/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client, in the shape of libxenstore. In a domU it talks over the
 * ring of start_info; dom0's xenstore daemon supplies a transport of its own.
 *
 * Several threads may use one handle or several at once: requests are told apart by their
 * req_id, and watch events go to the handle that set the watch. Calls wait for the
 * answer. Failures return false or NULL with errno set (C library numbers). Results that are
 * pointers are one malloc() block, to be freed with free(). A path that does not begin with '/' is
 * below the domain's own /local/domain/<id>.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>

#include <xen/xen.h>
#include <xen/io/xs_wire.h>	/* after errno.h; XS_WATCH_PATH and XS_WATCH_TOKEN are there */

struct xs_handle;

typedef uint32_t xs_transaction_t;
#define XBT_NULL ((xs_transaction_t)0)

#define XS_PERM_NONE	0
#define XS_PERM_READ	1
#define XS_PERM_WRITE	2

struct xs_permissions {
	unsigned int id;	/* domain */
	unsigned int perms;	/* XS_PERM_xxx; the first entry's is what others may */
};

/** A way to a xenstore daemon: a stream of bytes in each direction. */
struct xs_transport {
	/** Sends all n bytes, waits for room. 0, or -XEN_Exxx: the connection is broken; but -XEN_ENOMEM: the
	 * message that ends here was dropped as a whole, nothing else has happened. */
	int (*send)(struct xs_transport *t, const void *buf, size_t n);
	/** Receives exactly n bytes, waits for them. 0, or -XEN_Exxx: the connection is broken. */
	int (*recv)(struct xs_transport *t, void *buf, size_t n);
	void *ctx;
};

/** Sets the way to the daemon, before the first xs_open(). Without it, start_info's ring. */
void xs_set_transport(struct xs_transport *t);

/** Flags are accepted and ignored (0 is good). NULL: no connection (errno ENXIO), no memory. */
struct xs_handle *xs_open(unsigned long flags);

/** Ends the handle's watches and frees it. */
void xs_close(struct xs_handle *h);

/** The value with a NUL after it (not counted in *len, which may be NULL). */
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len);
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len);
bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path);
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);

/** The names below path: an array of *num strings, in one block. Long lists come in parts. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num);

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
					  const char *path, unsigned int *num);
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num);

/** Events for path and all below it, marked with token. One event comes at once. */
bool xs_watch(struct xs_handle *h, const char *path, const char *token);
/**
 * The same for no more than `depth` levels below path. With 1 the special paths @introduceDomain and
 * @releaseDomain come with the domain: "@releaseDomain/12". False with EINVAL: the daemon has no such
 * watches.
 */
bool xs_watch_depth(struct xs_handle *h, const char *path, const char *token, unsigned depth);
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token);

/** The next event: {path, token}, at XS_WATCH_PATH and XS_WATCH_TOKEN; waits, for memory, too: an event
 * that there was none for comes later, as one for the path that is watched. num (may be NULL) is set
 * to 2. NULL: the connection is broken. */
char **xs_read_watch(struct xs_handle *h, unsigned int *num);

/** The same without waiting: NULL with errno EAGAIN when there is none, ENOMEM. */
char **xs_check_watch(struct xs_handle *h);

/** The same until a deadline on clock_monotonic_ns() (0: no limit): NULL with errno EAGAIN then. */
char **xs_read_watch_timeout(struct xs_handle *h, uint64_t deadline_ns);

/** XBT_NULL on failure. */
xs_transaction_t xs_transaction_start(struct xs_handle *h);

/** false with errno EAGAIN: somebody else changed what was used, do it all again. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort);

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long gfn,
			 unsigned int port);
bool xs_release_domain(struct xs_handle *h, unsigned int domid);
bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target);
bool xs_resume_domain(struct xs_handle *h, unsigned int domid);

/** "/local/domain/<domid>", to be freed. */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid);
bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid);

/** Ends all watches and transactions of this domain. */
bool xs_reset_watches(struct xs_handle *h);

/** Gives the daemon a command ("check", "log on" ...); its answer, to be freed. */
char *xs_control_command(struct xs_handle *h, const char *cmd, const void *data, unsigned int len);

/** Helpers on top. xs_printf writes formatted text; xs_scanf reads and converts, returning the
 * number of conversions or -1. */
bool xs_printf(struct xs_handle *h, xs_transaction_t t, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int xs_scanf(struct xs_handle *h, xs_transaction_t t, const char *path, const char *fmt, ...)
	__attribute__((format(scanf, 4, 5)));
