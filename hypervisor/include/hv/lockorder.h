/* SPDX-License-Identifier: MIT */
/*
 * Which locks a CPU holds, and whether one more may be taken: the decisions of the lock-order
 * checker. Pure; hypervisor/diag/checked/lockcheck.c asks before each lock in the checked build.
 */
#pragma once

#include <hv/lock.h>

#define LOCKS_HELD_MAX 16	/* by one CPU at a time; the order has fewer steps */

struct lock_record {
	const spinlock_t *lock;
	uint64_t place;		/* the address that the call of spin_lock() returns to */
};

struct locks_held {
	struct lock_record at[LOCKS_HELD_MAX];
	unsigned n;
};

enum lock_fault {
	LOCK_FINE,
	LOCK_UNKNOWN,		/* its name is not in lockorder.def */
	LOCK_TWICE,		/* this CPU holds it: it would wait for itself */
	LOCK_ORDER,		/* something is held that comes after it */
	LOCK_TOO_MANY,
	LOCK_NOT_HELD,		/* let go by a CPU that has not taken it */
};

/** Whether l may be waited for. On LOCK_TWICE and LOCK_ORDER *against is what is held already. */
enum lock_fault lockorder_check(const struct locks_held *h, spinlock_t *l,
				const struct lock_record **against);
/** l was got: LOCK_FINE, or LOCK_TOO_MANY. */
enum lock_fault lockorder_got(struct locks_held *h, const spinlock_t *l, uint64_t place);
/** l is let go, in any order: LOCK_FINE, or LOCK_NOT_HELD. */
enum lock_fault lockorder_put(struct locks_held *h, const spinlock_t *l);
/** The record of a lock that is held; NULL when it is not. */
const struct lock_record *lockorder_find(const struct locks_held *h, const spinlock_t *l);
