/* SPDX-License-Identifier: MIT */
/*
 * Locks between CPUs, first come first served. Who has spun for a while sleeps in the hypervisor until the
 * holder lets go and kicks it: the holder may not be running. Between threads of one CPU no lock is needed
 * (pvguest/thread.h), and a thread must not wait while it holds one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Zero-initialised is unlocked. */
struct spinlock {
	uint16_t owner;		/* the ticket whose turn it is */
	uint16_t next;		/* the ticket for who comes next */
	uint32_t sleepers;	/* who sleeps in the hypervisor for it, or is about to */
};

void spinlock_lock(struct spinlock *l);
bool spinlock_trylock(struct spinlock *l);
void spinlock_unlock(struct spinlock *l);
