// SPDX-License-Identifier: MIT
/* See pvguest/memlock.h. */
#include <pvguest/memlock.h>

#include <stdint.h>

#include <pvguest/cpu.h>
#include <pvguest/spinlock.h>

#define NOBODY UINT32_MAX

static struct spinlock lock;
static uint32_t holder = NOBODY;	/* a CPU's number; atomic, written by the holder alone */
static unsigned int depth;		/* the holder's */
static bool shared;			/* set for good before a second CPU runs */

void memory_share(void)
{
	shared = true;
}

static __attribute__((noinline)) void lock_against_cpus(void)
{
	unsigned int me = pv_cpu_id();

	if (__atomic_load_n(&holder, __ATOMIC_RELAXED) != me) {
		spinlock_lock(&lock);
		__atomic_store_n(&holder, me, __ATOMIC_RELAXED);
	}
	depth++;
}

void memory_lock(void)
{
	if (shared)
		lock_against_cpus();
}

void memory_unlock(void)
{
	if (!shared || --depth)
		return;
	__atomic_store_n(&holder, NOBODY, __ATOMIC_RELAXED);
	spinlock_unlock(&lock);
}
