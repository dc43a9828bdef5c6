// SPDX-License-Identifier: MIT
/*
 * Ticket locks. Who sleeps says first which ticket of which lock it waits for and counts itself; who
 * lets go hands the turn on first and looks for sleepers then. So one of the two sees the other.
 */
#include <pvguest/spinlock.h>

#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#include <xen/sched.h>

#define SPINS 1024	/* turns of pause: about as long as a sleep and a kick cost */

static struct {
	struct spinlock *lock;	/* atomic; set last, cleared first */
	uint16_t ticket;
} waiting[PV_CPUS_MAX];

static bool my_turn(const struct spinlock *l, uint16_t ticket)
{
	return __atomic_load_n(&l->owner, __ATOMIC_SEQ_CST) == ticket;
}

/* A kick that comes before the poll makes the poll return; one too many does no harm. */
static void sleep_for_turn(struct spinlock *l, uint16_t ticket)
{
	struct pv_cpu *c = pv_this_cpu();
	evtchn_port_t port = c->kick_port;
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &port);
	waiting[c->id].ticket = ticket;
	__atomic_store_n(&waiting[c->id].lock, l, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&l->sleepers, 1, __ATOMIC_SEQ_CST);
	while (!my_turn(l, ticket)) {
		hypercall_sched_op(SCHEDOP_poll, &poll);
		event_test_and_clear(port);
	}
	__atomic_store_n(&waiting[c->id].lock, NULL, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&l->sleepers, 1, __ATOMIC_SEQ_CST);
}

static __attribute__((noinline)) void wait_for_turn(struct spinlock *l, uint16_t ticket)
{
	for (unsigned int i = 0; i < SPINS; i++) {
		__builtin_ia32_pause();
		if (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) == ticket)
			return;
	}
	sleep_for_turn(l, ticket);
}

void spinlock_lock(struct spinlock *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		wait_for_turn(l, ticket);
}

bool spinlock_trylock(struct spinlock *l)
{
	uint16_t owner = __atomic_load_n(&l->owner, __ATOMIC_RELAXED), free = owner;

	return __atomic_compare_exchange_n(&l->next, &free, (uint16_t)(owner + 1), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void kick(const struct spinlock *l, uint16_t ticket)
{
	for (unsigned int cpu = 0; cpu < PV_CPUS_MAX; cpu++) {
		if (__atomic_load_n(&waiting[cpu].lock, __ATOMIC_SEQ_CST) != l ||
		    waiting[cpu].ticket != ticket)
			continue;
		event_notify(pv_cpu_of(cpu)->kick_port);
		return;
	}
}

void spinlock_unlock(struct spinlock *l)
{
	uint16_t turn = (uint16_t)(__atomic_load_n(&l->owner, __ATOMIC_RELAXED) + 1);

	__atomic_store_n(&l->owner, turn, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&l->sleepers, __ATOMIC_SEQ_CST))
		kick(l, turn);
}
