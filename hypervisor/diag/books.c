/* SPDX-License-Identifier: MIT */
/* See hv/books.h. Each module checks its own; here they are all asked. */
#include <hv/books.h>

#include <hv/alloc.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/timer.h>

static unsigned wrong(const struct domain *d, const char *what)
{
	if (!what)
		return 0;
	log_err("%pd: %s", d, what);
	return 1;
}

static unsigned check_domain(struct domain *d)
{
	unsigned n;

	spin_lock(&d->evtchn.lock);
	n = wrong(d, evtchn_core_check(&d->evtchn));
	spin_unlock(&d->evtchn.lock);
	spin_lock(&d->grants.lock);
	n += wrong(d, grant_core_check(&d->grants));
	spin_unlock(&d->grants.lock);
	spin_lock(&d->grants.map_lock);
	n += wrong(d, maptrack_check(&d->grants));
	spin_unlock(&d->grants.map_lock);
	return n;
}

unsigned books_check(void)
{
	const char *heap = alloc_check();
	unsigned n = mm_check() + sched_check() + timer_check();

	if (heap) {
		log_err("heap: %s", heap);
		n++;
	}
	for (struct domain *d = domain_list; d; d = d->next)
		n += check_domain(d);
	return n;
}
