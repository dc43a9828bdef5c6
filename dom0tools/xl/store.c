/* SPDX-License-Identifier: MIT */
/*
 * A new node has the permissions of the one above, so only the roots of the
 * trees, and the nodes that the guest may write, are given their own.
 */
#include "xl/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvguest/clock.h"
#include "pvguest/thread.h"

#define REMOVE_TRIES 10
#define REMOVE_AGAIN_NS (10 * NSEC_PER_MSEC)

struct writer {
	struct xs_handle *h;
	xs_transaction_t t;
	domid_t domid;
	char root[96];
	bool ok;
};

/* Who may do what with a node. */
enum access {
	INHERIT,
	PRIVATE,	/* dom0's, nobody else reads it */
	READABLE,	/* dom0's, the guest reads it */
	GUEST,		/* the guest's own */
	GUEST_SHOWN,	/* the guest's own, dom0 reads it */
};

static bool set_access(struct writer *w, const char *path, enum access access)
{
	struct xs_permissions perms[2] = { { 0, XS_PERM_NONE }, { 0, XS_PERM_READ } };
	unsigned count = 1;

	switch (access) {
	case INHERIT:
		return true;
	case PRIVATE:
		break;
	case READABLE:
		perms[1].id = w->domid;
		count = 2;
		break;
	case GUEST:
		perms[0].id = w->domid;
		break;
	case GUEST_SHOWN:
		perms[0].id = w->domid;
		count = 2;
		break;
	}
	return xs_set_permissions(w->h, w->t, path, perms, count);
}

/* Writes one node below the root; nothing any more once something has failed. */
__attribute__((format(printf, 4, 5)))
static void put(struct writer *w, const char *node, enum access access, const char *format, ...)
{
	char path[192], value[1200], *end;
	va_list args;

	if (!w->ok)
		return;
	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	end = stpcpy(path, w->root);
	if (*node)
		stpcpy(stpcpy(end, "/"), node);
	w->ok = xs_write(w->h, w->t, path, value, strlen(value)) && set_access(w, path, access);
}

static void begin(struct writer *w, enum access access, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void begin(struct writer *w, enum access access, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->root, sizeof(w->root), format, args);
	va_end(args);
	put(w, "", access, "%s", "");
}

static void put_memory(struct writer *w, const struct domconf *conf)
{
	put(w, "memory/static-max", INHERIT, "%" PRIu64, conf->maxmem_kb);
	put(w, "memory/target", INHERIT, "%" PRIu64, conf->memory_kb);
	put(w, "memory/videoram", INHERIT, "0");
}

static void put_cpus(struct writer *w, const struct domconf *conf)
{
	char node[48];

	for (unsigned i = 0; i < conf->maxvcpus; i++) {
		snprintf(node, sizeof(node), "cpu/%u/availability", i);
		put(w, node, INHERIT, i < conf->vcpus ? "online" : "offline");
	}
}

static void put_control(struct writer *w)
{
	static const char *const guests[] = {
		"control/shutdown", "control/feature-poweroff", "control/feature-reboot",
		"control/feature-suspend", "control/sysrq", "device/suspend/event-channel",
		"data", "drivers", "feature", "attr", "error",
	};

	put(w, "control/platform-feature-multiprocessor-suspend", INHERIT, "1");
	put(w, "control/platform-feature-xs_reset_watches", INHERIT, "1");
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
		put(w, guests[i], GUEST, "%s", "");
}

static void put_rings(struct writer *w, const struct load_result *d)
{
	put(w, "store/port", INHERIT, "%" PRIu32, d->xenstore_port);
	put(w, "store/ring-ref", INHERIT, "%" PRIu64, d->xenstore_mfn);
	put(w, "console/backend", INHERIT, "/local/domain/0/backend/console/%u/0", w->domid);
	put(w, "console/backend-id", GUEST_SHOWN, "0");
	put(w, "console/limit", INHERIT, "1048576");
	put(w, "console/type", INHERIT, "xenconsoled");
	put(w, "console/output", INHERIT, "pty");
	put(w, "console/tty", INHERIT, "%s", "");
	put(w, "console/port", INHERIT, "%" PRIu32, d->console_port);
	put(w, "console/ring-ref", INHERIT, "%" PRIu64, d->console_mfn);
}

static void put_domain(struct writer *w, const struct domconf *conf, const struct load_result *d,
		       const char *uuid)
{
	begin(w, READABLE, "/local/domain/%u", w->domid);
	/* The folders between come with what is in them. */
	put(w, "vm", INHERIT, "/vm/%s", uuid);
	put(w, "name", INHERIT, "%s", conf->name);
	put(w, "domid", INHERIT, "%u", w->domid);
	put_cpus(w, conf);
	put_memory(w, conf);
	put_control(w);
	put_rings(w, d);
}

static void put_vm(struct writer *w, const struct domconf *conf, const struct load_result *d,
		   const char *uuid)
{
	uint64_t now = clock_wall_ns();

	begin(w, READABLE, "/vm/%s", uuid);
	put(w, "name", INHERIT, "%s", conf->name);
	put(w, "uuid", INHERIT, "%s", uuid);
	put(w, "image/ostype", INHERIT, "%s", d->guest_os[0] ? d->guest_os : "linux");
	put(w, "image/kernel", INHERIT, "%s", conf->kernel);
	if (conf->ramdisk)
		put(w, "image/ramdisk", INHERIT, "%s", conf->ramdisk);
	if (conf->cmdline)
		put(w, "image/cmdline", INHERIT, "%s", conf->cmdline);
	put(w, "start_time", INHERIT, "%" PRIu64 ".%02u", (uint64_t)(now / NSEC_PER_SEC),
	    (unsigned)(now % NSEC_PER_SEC / 10000000));
}

/* The console as a device: the same facts for both ends and for the tools. */
static void put_console_device(struct writer *w)
{
	char front[64], back[64];

	snprintf(front, sizeof(front), "/local/domain/%u/console", w->domid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/console/%u/0", w->domid);
	begin(w, READABLE, "%s", back);
	put(w, "frontend", INHERIT, "%s", front);
	put(w, "frontend-id", INHERIT, "%u", w->domid);
	put(w, "online", INHERIT, "1");
	put(w, "state", INHERIT, "1");
	put(w, "protocol", INHERIT, "vt100");
	begin(w, PRIVATE, "/libxl/%u", w->domid);
	put(w, "type", INHERIT, "pv");
	put(w, "dm-version", INHERIT, "qemu_xen");
	put(w, "device/console/0/frontend", INHERIT, "%s", front);
	put(w, "device/console/0/backend", INHERIT, "%s", back);
	put(w, "device/console/0/frontend-id", INHERIT, "%u", w->domid);
	put(w, "device/console/0/online", INHERIT, "1");
	put(w, "device/console/0/state", INHERIT, "1");
	put(w, "device/console/0/protocol", INHERIT, "vt100");
}

bool store_add_domain(struct xs_handle *h, const struct domconf *conf,
		      const struct load_result *domain)
{
	struct writer w = { .h = h, .domid = domain->domid };
	char uuid[UUID_TEXT];
	bool ended;

	domconf_uuid_text(uuid, conf->uuid);
	do {
		w.t = xs_transaction_start(h);
		if (w.t == XBT_NULL)
			return false;
		w.ok = true;
		put_domain(&w, conf, domain, uuid);
		put_vm(&w, conf, domain, uuid);
		put_console_device(&w);
		ended = xs_transaction_end(h, w.t, !w.ok);
	} while (w.ok && !ended && errno == EAGAIN);
	return w.ok && ended;
}

/* For the moment in which memory is out: another try after a while, some times. */
static void remove_node(struct xs_handle *h, const char *path)
{
	int tries = REMOVE_TRIES;

	while (!xs_rm(h, XBT_NULL, path) && (errno == ENOMEM || errno == ENOSPC) && --tries)
		thread_sleep(REMOVE_AGAIN_NS);
	if (!tries)
		fprintf(stderr, "xl: out of memory: %s stays in xenstore\n", path);
}

void store_remove_domain(struct xs_handle *h, domid_t domid, const uint8_t *uuid)
{
	char path[96], text[UUID_TEXT];

	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	remove_node(h, path);
	snprintf(path, sizeof(path), "/libxl/%u", domid);
	remove_node(h, path);
	snprintf(path, sizeof(path), "/local/domain/0/backend/console/%u", domid);
	remove_node(h, path);
	if (!uuid)
		return;
	domconf_uuid_text(text, uuid);
	snprintf(path, sizeof(path), "/vm/%s", text);
	remove_node(h, path);
}

bool store_rename_domain(struct xs_handle *h, domid_t domid, const uint8_t *uuid,
			 const char *name)
{
	char path[96], text[UUID_TEXT];
	bool ok, ended;

	domconf_uuid_text(text, uuid);
	do {
		xs_transaction_t t = xs_transaction_start(h);

		if (t == XBT_NULL)
			return false;
		snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
		ok = xs_write(h, t, path, name, strlen(name));
		snprintf(path, sizeof(path), "/vm/%s/name", text);
		ok = ok && (!domid || xs_write(h, t, path, name, strlen(name)));
		ended = xs_transaction_end(h, t, !ok);
	} while (ok && !ended && errno == EAGAIN);
	return ok && ended;
}

bool store_set_vcpus(struct xs_handle *h, domid_t domid, unsigned online, unsigned all)
{
	char path[96];
	bool ok, ended;

	do {
		xs_transaction_t t = xs_transaction_start(h);

		if (t == XBT_NULL)
			return false;
		ok = true;
		for (unsigned i = 0; ok && i < all; i++) {
			snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domid, i);
			ok = xs_printf(h, t, path, i < online ? "online" : "offline");
		}
		ended = xs_transaction_end(h, t, !ok);
	} while (ok && !ended && errno == EAGAIN);
	return ok && ended;
}
