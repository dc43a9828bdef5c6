/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon's thread, and the nodes that the store starts with.
 */
#include "dom0/xenstored.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"

#include "pvguest/errno.h"
#include "pvguest/event.h"
#include "pvguest/hypercall.h"
#include "pvguest/thread.h"
#include "pvguest/xenbus.h"

#include <xen/domctl.h>

static struct {
	struct store *store;
	struct waitq wq;
	bool work;		/* peers have something */
	bool check;		/* VIRQ_DOM_EXC came */
} daemon;

static void daemon_wake(void)
{
	daemon.work = true;
	waitq_wake(&daemon.wq);
}

static void domain_exception(evtchn_port_t port, void *ctx)
{
	(void)port;
	(void)ctx;
	daemon.check = true;
	waitq_wake(&daemon.wq);
}

static void event_pending(void *ctx, struct store_conn *conn)
{
	void *peer = store_conn_owner(conn);

	(void)ctx;
	if (peer)
		peer_event_pending(peer);
	else
		local_event_pending();
}

/* Straight to the hypervisor: stdio might wait, and the store must not. */
static void print_text(void *ctx, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "xenstored: %s\n", text);

	(void)ctx;
	hypercall_console_io(CONSOLEIO_write, n < (int)sizeof(line) ? n : (int)sizeof(line) - 1,
			     line);
}

static void daemon_thread(void *arg)
{
	(void)arg;
	for (;;) {
		wait_event(&daemon.wq, daemon.work || daemon.check);
		if (daemon.check) {
			daemon.check = false;
			peers_check();
		}
		daemon.work = false;
		if (peers_work())
			daemon.work = true;
		thread_yield();
	}
}

void xenstored_check_domains(void)
{
	daemon.check = false;
	peers_check();
}

bool xenstored_find_domain(const char *name, domid_t *domid)
{
	return store_find_name(daemon.store, name, domid);
}

bool xenstored_domain_name(domid_t domid, char *name, size_t size)
{
	const char *value;
	char path[40];
	size_t len;

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	value = store_value(daemon.store, path, &len);
	if (value)
		snprintf(name, size, "%.*s", (int)len, value);
	return value;
}

static uint64_t dom0_kib(void)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_getdomaininfo,
		.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
		.domain = 0,
	};

	return hypercall_domctl(&op) < 0 ? 0 : op.u.getdomaininfo.tot_pages * 4;
}

/* What xen-init-dom0 and the daemon itself write on Xen. */
static int first_nodes(void)
{
	struct xs_handle *h = xs_open(0);

	if (!h)
		return -errno;

	unsigned long long kib = dom0_kib();
	bool ok = xs_printf(h, XBT_NULL, "/tool/xenstored", "cloison") &&
		  xs_mkdir(h, XBT_NULL, "/vm") && xs_mkdir(h, XBT_NULL, "/libxl") &&
		  xs_printf(h, XBT_NULL, "/local/pool/0/name", "Pool-0") &&
		  xs_printf(h, XBT_NULL, "/local/domain/0/name", "Domain-0") &&
		  xs_printf(h, XBT_NULL, "/local/domain/0/domid", "0") &&
		  xs_printf(h, XBT_NULL, "/local/domain/0/memory/target", "%llu", kib) &&
		  xs_printf(h, XBT_NULL, "/local/domain/0/memory/static-max", "%llu", kib);
	int err = ok ? 0 : -errno;

	xs_close(h);
	return err;
}

int xenstored_start(void)
{
	static const struct store_ops ops = {
		.introduce = peer_introduce,
		.release = peer_release,
		.resume = peer_resume,
		.is_introduced = peer_is_introduced,
		.event_pending = event_pending,
		.print = print_text,
	};

	daemon.store = store_create(&ops, NULL);
	if (!daemon.store)
		return -ENOMEM;
	peers_init(daemon.store, daemon_wake);

	int err = local_start(daemon.store);

	if (err)
		return err;

	int port = event_bind_virq(VIRQ_DOM_EXC);

	if (port < 0)
		return -errno_from_xen(port);
	event_set_handler((evtchn_port_t)port, domain_exception, NULL);

	struct thread *thread = thread_create("xenstored", daemon_thread, NULL);

	if (!thread)
		return -errno;
	thread_detach(thread);
	return first_nodes();
}
