/* SPDX-License-Identifier: MIT */
/*
 * Spin locks. The hypervisor runs with interrupts off from entry to exit (only
 * the idle loop opens them), so there are no interrupt-saving variants. Order:
 * docs/locking.md. Two of a kind: lower domain id first.
 */
#pragma once

#include <hv/check.h>

typedef struct {
	volatile uint32_t held;
	const char *name;
} spinlock_t;

#define SPINLOCK(nm) { .held = 0, .name = (nm) }

static inline void spin_init(spinlock_t *l, const char *name)
{
	l->held = 0;
	l->name = name;
}

/** What a CPU does while it waits for a lock: answers TLB shoot-downs (hv/arch.h). */
void arch_relax(void);

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

static inline bool spin_is_locked(const spinlock_t *l)
{
	return l->held;
}
