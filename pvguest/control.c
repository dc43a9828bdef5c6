// SPDX-License-Identifier: MIT
/*
 * Obeys control/shutdown and control/sysrq. The tool stack writes a word there; emptying
 * the node is the answer that it has been understood.
 */
#include <pvguest/control.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/start.h>
#include <pvguest/thread.h>
#include <pvguest/xenbus.h>

static struct xs_handle *store;
static control_fn user_fn;
static void *user_ctx;

static bool user_took(const char *reason, char sysrq)
{
	return user_fn && user_fn(reason, sysrq, user_ctx);
}

static void obey_shutdown(void)
{
	char *reason = xs_read(store, XBT_NULL, "control/shutdown", NULL);
	bool known;

	if (!reason || !*reason) {
		free(reason);
		return;
	}
	known = !strcmp(reason, "poweroff") || !strcmp(reason, "halt") || !strcmp(reason, "reboot");
	/* Emptied in any case: what is not understood would come again for ever. */
	xs_write(store, XBT_NULL, "control/shutdown", "", 0);
	if (known && !user_took(reason, 0))
		pv_shutdown(strcmp(reason, "reboot") ? SHUTDOWN_poweroff : SHUTDOWN_reboot);
	free(reason);
}

static void obey_sysrq(void)
{
	char *key = xs_read(store, XBT_NULL, "control/sysrq", NULL);
	char letter = key ? *key : 0;

	free(key);
	if (!letter)
		return;
	xs_write(store, XBT_NULL, "control/sysrq", "", 0);
	user_took("", letter);
}

static void control_main(void *arg)
{
	char **event;

	(void)arg;
	while ((event = xs_read_watch(store, NULL))) {
		bool sysrq = !strcmp(event[XS_WATCH_TOKEN], "sysrq");

		free(event);
		if (sysrq)
			obey_sysrq();
		else
			obey_shutdown();
	}
}

int control_start(control_fn fn, void *ctx)
{
	struct thread *t;

	user_fn = fn;
	user_ctx = ctx;
	store = xs_open(0);
	if (!store)
		return -1;
	/* The nodes may be missing or not ours: then the tool stack does not ask either. */
	xs_write(store, XBT_NULL, "control/feature-poweroff", "1", 1);
	xs_write(store, XBT_NULL, "control/feature-reboot", "1", 1);
	xs_write(store, XBT_NULL, "control/feature-sysrq", "1", 1);
	if (!xs_watch(store, "control/shutdown", "shutdown") ||
	    !xs_watch(store, "control/sysrq", "sysrq"))
		return -1;
	t = thread_create("control", control_main, NULL);
	if (!t)
		return -1;
	thread_detach(t);
	return 0;
}
