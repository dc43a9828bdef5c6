// SPDX-License-Identifier: MIT
/*
 * A domain's watchdogs: two timers that its guest must set again and again, or the
 * domain is shut down with SHUTDOWN_watchdog.
 */
#include <hv/watchdog.h>

#include <xen/sched.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/log.h>

#define NS_PER_SEC 1000000000ULL

_Static_assert(WATCHDOGS == ARRAY_SIZE(((struct domain *)0)->watchdog_timer), "hv/domain.h");

static void watchdog_fired(void *arg)
{
	struct domain *d = arg;

	log_guest("%pd: watchdog fired", d);
	domain_shutdown(d, SHUTDOWN_watchdog);
}

void watchdog_init(struct domain *d)
{
	d->watchdog_inuse = 0;
	for (unsigned i = 0; i < WATCHDOGS; i++)
		timer_init(&d->watchdog_timer[i], watchdog_fired, d, 0);
}

void watchdog_destroy(struct domain *d)
{
	for (unsigned i = 0; i < WATCHDOGS; i++)
		timer_kill(&d->watchdog_timer[i]);
}

/* The shutdown lock is held for the next two. */
static int allocate(struct domain *d, uint64_t deadline)
{
	for (unsigned i = 0; i < WATCHDOGS; i++) {
		if (d->watchdog_inuse & 1U << i)
			continue;
		d->watchdog_inuse |= 1U << i;
		timer_set(&d->watchdog_timer[i], deadline);
		return (int)i + 1;
	}
	return -XEN_ENOSPC;
}

static int change(struct domain *d, unsigned i, uint64_t deadline, bool stop)
{
	if (!(d->watchdog_inuse & 1U << i))
		return -XEN_EINVAL;
	if (stop) {
		timer_stop(&d->watchdog_timer[i]);
		d->watchdog_inuse &= ~(1U << i);
	} else {
		timer_set(&d->watchdog_timer[i], deadline);
	}
	return 0;
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t timeout_s)
{
	uint64_t deadline = arch_now_ns() + timeout_s * NS_PER_SEC;
	int rc;

	if (id > WATCHDOGS)
		return -XEN_EINVAL;
	spin_lock(&d->shutdown_lock);
	rc = id ? change(d, id - 1, deadline, !timeout_s) : allocate(d, deadline);
	spin_unlock(&d->shutdown_lock);
	return rc;
}
