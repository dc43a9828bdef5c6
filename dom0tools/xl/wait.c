/* SPDX-License-Identifier: MIT */
/* The shell waits while a command does, so Ctrl-C is looked for here. */
#include "xl/wait.h"

#include <stdio.h>

#include "build/domctl.h"
#include "dom0/terminal.h"
#include "pvguest/clock.h"
#include "xl/format.h"
#include "xl/record.h"

bool wait_step(void)
{
	fflush(stdout);
	record_wait(100 * NSEC_PER_MSEC);
	return terminal_interrupted();
}

/* Until the monitor has done what the configuration wants, so that the name is free again. */
static enum wait_result wait_for_monitor(domid_t domid)
{
	const struct record *r;

	while ((r = record_find(domid)) && r->monitored && r->state != RECORD_KEPT)
		if (wait_step())
			return WAIT_INTERRUPTED;
	return WAIT_SHUT_DOWN;
}

/* It is gone: was it shut down before? */
static enum wait_result gone(domid_t domid, const struct record *record, unsigned *reason)
{
	if (!record || record->ended != domid)
		return WAIT_DESTROYED;
	*reason = record->ended_reason;
	return wait_for_monitor(domid);
}

enum wait_result wait_for_end(domid_t domid, const struct record *record, unsigned *reason)
{
	struct xen_domctl_getdomaininfo info;

	for (;;) {
		if (domctl_info(domid, &info) || info.flags & XEN_DOMINF_dying)
			return gone(domid, record, reason);
		if (info.flags & XEN_DOMINF_shutdown) {
			*reason = format_shutdown_reason(&info);
			return wait_for_monitor(domid);
		}
		if (wait_step())
			return WAIT_INTERRUPTED;
	}
}
