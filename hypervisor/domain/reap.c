// SPDX-License-Identifier: MIT
/*
 * A dead domain lives on as long as somebody maps a frame of it. When the last one comes back the
 * CPU stands deep in locks that domain_put() may not be called under, so the domain
 * waits here until the CPU is on its way out.
 */
#include "reap.h"

#include <hv/cpu.h>
#include <hv/domain.h>

static struct domain *waiting;	/* linked by mm.reap_next; exchanged as a whole */

void reap_later(struct domain *d)
{
	d->mm.reap_next = __atomic_load_n(&waiting, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&waiting, &d->mm.reap_next, d, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	cpu_raise(this_cpu(), CPU_WORK_TASK);
}

void mm_reap(void)
{
	struct domain *d = __atomic_exchange_n(&waiting, NULL, __ATOMIC_ACQUIRE);

	while (d) {
		struct domain *next = d->mm.reap_next;

		domain_put(d);
		d = next;
	}
}
