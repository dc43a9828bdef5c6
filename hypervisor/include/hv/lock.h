/* SPDX-License-Identifier: MIT */
/*
 * Spin locks. The hypervisor runs with interrupts off from entry to exit (only
 * the idle loop opens them), so there are no interrupt-saving variants. Order:
 * docs/locking.md and hv/lockorder.def. Two of a kind: the lower number first.
 *
 * In the checked build (build/cloison-checked) these are functions that watch the
 * order and locks that are never let go: hypervisor/diag/checked/lockcheck.c.
 */
#pragma once

#include <hv/check.h>

typedef struct {
	volatile uint32_t held;
	uint16_t class;			/* the checker's: its row in lockorder.def + 1, 0: not looked up */
	uint16_t number;		/* among locks of a kind: the domain's or CPU's; they nest upwards */
	const char *name;
} spinlock_t;

#define SPINLOCK(nm) { .held = 0, .name = (nm) }

static inline void spin_init(spinlock_t *l, const char *name)
{
	l->held = 0;
	l->class = 0;
	l->number = 0;
	l->name = name;
}

/** For kinds of which two are held together (lockorder.def): which comes first. */
static inline void spin_init_numbered(spinlock_t *l, const char *name, unsigned number)
{
	spin_init(l, name);
	l->number = (uint16_t)number;
}

/** What a CPU does while it waits for a lock: answers TLB shoot-downs (hv/arch.h). */
#ifdef CLOISON_HOST_TEST
void arch_relax(void);
#else
#include <arch/relax.h>
#endif

#ifdef CLOISON_CHECKED

void spin_lock(spinlock_t *l);
bool spin_trylock(spinlock_t *l);
void spin_unlock(spinlock_t *l);
/** Panics when this CPU holds a lock: where it goes back to a guest, or idles. */
void spin_check_none_held(void);

#else

static inline void spin_lock(spinlock_t *l)
{
	while (unlikely(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)))
		while (l->held)
			arch_relax();
}

static inline bool spin_trylock(spinlock_t *l)
{
	return !__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static inline void spin_check_none_held(void)
{
}

#endif

static inline bool spin_is_locked(const spinlock_t *l)
{
	return l->held;
}
