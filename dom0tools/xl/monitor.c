/* SPDX-License-Identifier: MIT */
/*
 * xenstore's @releaseDomain says that some domain has shut down or died; which,
 * the hypervisor tells. Each end is dealt with in a thread of its own, since a
 * restart takes time. What was done is written to the domain's log.
 */
#include "xl/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xen/sched.h>

#include "build/domctl.h"
#include "dom0/xl.h"
#include "pvguest/clock.h"
#include "pvguest/thread.h"
#include "xl/create.h"
#include "xl/format.h"
#include "xl/log.h"
#include "xl/names.h"
#include "xl/store.h"

#define SHORT_LIFE	(2 * NSEC_PER_SEC)	/* who dies sooner is restarted slowly */

static enum domconf_action action_for(const struct domconf *conf, unsigned reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		return conf->on_poweroff;
	case SHUTDOWN_reboot:
		return conf->on_reboot;
	case SHUTDOWN_suspend:
		return ACTION_PRESERVE;
	case SHUTDOWN_crash:
		return conf->on_crash;
	case SHUTDOWN_watchdog:
		return conf->on_watchdog;
	case SHUTDOWN_soft_reset:
		return conf->on_soft_reset;
	default:
		return ACTION_DESTROY;
	}
}

/* Reads the actions that are not there as those that come closest. */
static enum domconf_action possible_action(const struct record *r, enum domconf_action action)
{
	switch (action) {
	case ACTION_COREDUMP_DESTROY:
		log_write(r->conf.name, "Core dumps are not implemented: destroying without one");
		return ACTION_DESTROY;
	case ACTION_COREDUMP_RESTART:
		log_write(r->conf.name, "Core dumps are not implemented: restarting without one");
		return ACTION_RESTART;
	case ACTION_SOFT_RESET:
		log_write(r->conf.name, "Soft reset is not implemented: destroying");
		return ACTION_DESTROY;
	default:
		return action;
	}
}

static void start_again(struct record *r, uint64_t lived)
{
	struct build_error err;

	if (lived < SHORT_LIFE)
		thread_sleep(NSEC_PER_SEC);
	if (r->cancelled) {
		log_write(r->conf.name, "Destroyed by the user: not restarted");
		record_forget(r);
		return;
	}
	if (!domain_recreate(r, &err)) {
		log_write(r->conf.name, "Restart failed: %s", err.text);
		record_forget(r);
		return;
	}
	record_set_state(r, RECORD_RUNNING);
	domctl_unpause(r->domid);
	log_write(r->conf.name, "Restarted as domain %u", r->domid);
}

static void restart(struct record *r)
{
	uint64_t lived = clock_monotonic_ns() - r->created_ns;
	domid_t old = r->domid;
	int err = domain_destroy(old, true);

	if (r->forgotten)
		return;
	if (err) {
		log_write(r->conf.name, "Destroying domain %u failed with error %d: not restarted",
			  old, err);
		record_set_state(r, RECORD_KEPT);
		return;
	}
	r->domid = DOMID_INVALID;
	start_again(r, lived);
}

/*
 * The old one stays under another name; the new one has a uuid of its own. Who
 * dies at once would fill the machine with its dead.
 */
static void rename_restart(struct record *r)
{
	struct domconf conf;
	struct build_error err;
	struct record *fresh;
	char name[DOMCONF_MAX_NAME + 24], stamp[24], *copy;
	time_t now = clock_wall_ns() / NSEC_PER_SEC;
	struct tm tm;

	strftime(stamp, sizeof(stamp), "-%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(name, sizeof(name), "%s%s", r->conf.name, stamp);
	record_set_state(r, RECORD_KEPT);
	if (clock_monotonic_ns() - r->created_ns < SHORT_LIFE) {
		log_write(r->conf.name, "Ended too soon after its start: kept, not restarted");
		return;
	}
	copy = strdup(name);
	if (!copy || !domconf_copy(&conf, &r->conf)) {
		log_write(r->conf.name, "Not restarted: dom0 has not enough memory");
		free(copy);
		return;
	}
	conf.has_uuid = false;
	store_rename_domain(xl_store(), r->domid, r->conf.uuid, name);
	free(r->conf.name);
	r->conf.name = copy;
	fresh = domain_create(&conf, &err);
	if (!fresh) {
		log_write(r->conf.name, "Restart failed: %s", err.text);
		return;
	}
	fresh->monitored = true;
	record_set_state(fresh, RECORD_RUNNING);
	domctl_unpause(fresh->domid);
}

static void end_by_destroying(struct record *r)
{
	domid_t domid = r->domid;

	if (!domain_destroy(domid, false) || r->forgotten)
		return;
	log_write(r->conf.name, "Domain %u cannot be destroyed", domid);
	record_set_state(r, RECORD_KEPT);
}

static void deal_with_reason(struct record *r, unsigned reason)
{
	enum domconf_action action = action_for(&r->conf, reason);

	r->ended = r->domid;
	r->ended_reason = reason;
	log_write(r->conf.name, "Domain %u has shut down, reason code %u (%s)", r->domid, reason,
		  format_reason_name(reason));
	log_write(r->conf.name, "Action for shutdown reason code %u is %s", reason,
		  domconf_action_name(action));
	switch (possible_action(r, action)) {
	case ACTION_RESTART:
		restart(r);
		break;
	case ACTION_RENAME_RESTART:
		rename_restart(r);
		break;
	case ACTION_PRESERVE:
		record_set_state(r, RECORD_KEPT);
		break;
	default:
		end_by_destroying(r);
		break;
	}
}

/* A thread: the end of one domain, whose record is RECORD_ENDING and held. */
static void deal_with_end(void *arg)
{
	struct record *r = arg;
	struct xen_domctl_getdomaininfo info;

	if (!r->forgotten) {
		if (domctl_info(r->domid, &info))
			end_by_destroying(r);
		else
			deal_with_reason(r, format_shutdown_reason(&info));
	}
	record_drop(r);
}

void monitor_check(struct record *r)
{
	struct xen_domctl_getdomaininfo info;
	struct thread *t;

	if (r->state != RECORD_RUNNING || !r->monitored)
		return;
	if (!domctl_info(r->domid, &info) && !(info.flags & XEN_DOMINF_shutdown))
		return;
	record_set_state(r, RECORD_ENDING);
	record_hold(r);
	t = thread_create("xl-end", deal_with_end, r);
	if (t)
		thread_detach(t);
	else
		deal_with_end(r);
}

/* Whatever a check does may change the list, so each begins at its start. */
static void check_all(void)
{
	unsigned long done = 0;

	for (;;) {
		struct record *next = NULL;

		for (struct record *r = record_first(); r; r = r->next)
			if (r->serial > done && (!next || r->serial < next->serial))
				next = r;
		if (!next)
			return;
		done = next->serial;
		monitor_check(next);
	}
}

/* The event says of which domain it is, unless several have come together. */
static void check_event(const char *path)
{
	const char *id = strchr(path, '/');
	struct record *r;

	if (!id) {
		check_all();
		return;
	}
	r = record_find(strtoul(id + 1, NULL, 10));
	if (r)
		monitor_check(r);
}

static void monitor(void *unused)
{
	struct xs_handle *h = xs_open(0);
	char **event;

	(void)unused;
	if (!h || !xs_watch_depth(h, "@releaseDomain", "xl", 1)) {
		fprintf(stderr, "xl: the end of domains cannot be watched: %s\n", strerror(errno));
		return;
	}
	while ((event = xs_read_watch(h, NULL))) {
		check_event(event[XS_WATCH_PATH]);
		free(event);
	}
	fprintf(stderr, "xl: the end of domains is not watched any more: %s\n", strerror(errno));
}

void xl_monitor_start(void)
{
	struct thread *t = thread_create("xl-monitor", monitor, NULL);

	if (t)
		thread_detach(t);
	else
		fprintf(stderr, "xl: the domain monitor cannot start: %s\n", strerror(errno));
}
