// SPDX-License-Identifier: MIT
/*
 * The spin locks of the checked build: each CPU knows what it holds and from where, a lock that is
 * taken against the order of hv/lockorder.def ends in a panic with both names, and so does one that
 * another CPU does not let go. After the first fault nothing more is checked: the panic needs the log.
 */
#include <hv/lockorder.h>

#include <hv/cpu.h>
#include <hv/sched.h>
#include <hv/symbols.h>

/* Of arch_relax(): seconds, even where all CPUs of the machine take turns on one. */
#define STUCK_SPINS (1U << 25)

static struct locks_held held[MAX_CPUS];
static volatile bool off;

struct place {
	const char *name;
	uint64_t offset;
};

static struct place place_of(uint64_t address)
{
	struct place p = { .name = NULL };
	uint64_t size;

	p.name = symbol_find(address - 1, &p.offset, &size);
	if (!p.name)
		p = (struct place){ "address ", address };
	return p;
}

static struct locks_held *mine(void)
{
	unsigned cpu = this_cpu()->id;

	CHECK(cpu < MAX_CPUS);
	return &held[cpu];
}

static void __noreturn refuse(enum lock_fault fault, const spinlock_t *l, uint64_t place,
			      const struct lock_record *against)
{
	static const char *const why[] = {
		[LOCK_UNKNOWN] = "is not in the order of locks",
		[LOCK_TOO_MANY] = "is one more than a CPU can hold",
		[LOCK_NOT_HELD] = "is let go but not held",
		[LOCK_TWICE] = "is taken twice",
		[LOCK_ORDER] = "is taken against the order",
	};
	struct place p = place_of(place), q;

	off = true;
	if (!against)
		panic("lock %s (%u) at %s+%#lx %s", l->name ? l->name : "?", l->number, p.name,
		      p.offset, why[fault]);
	q = place_of(against->place);
	panic("lock %s (%u) at %s+%#lx %s: %s (%u) is held since %s+%#lx", l->name, l->number, p.name,
	      p.offset, why[fault], against->lock->name, against->lock->number, q.name, q.offset);
}

/* Who holds it is read without care: it does not move any more. */
static void __noreturn stuck(const spinlock_t *l, uint64_t place)
{
	struct place p = place_of(place), q;

	off = true;
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct lock_record *r = lockorder_find(&held[cpu], l);

		if (!r)
			continue;
		q = place_of(r->place);
		panic("lock %s (%u) is stuck: CPU %u waits at %s+%#lx, CPU %u holds it since %s+%#lx",
		      l->name, l->number, this_cpu()->id, p.name, p.offset, cpu, q.name, q.offset);
	}
	panic("lock %s (%u) is stuck: CPU %u waits at %s+%#lx, no CPU holds it", l->name, l->number,
	      this_cpu()->id, p.name, p.offset);
}

static void got(spinlock_t *l, uint64_t place)
{
	enum lock_fault fault = lockorder_got(mine(), l, place);

	if (fault)
		refuse(fault, l, place, NULL);
}

void spin_lock(spinlock_t *l)
{
	uint64_t place = (uint64_t)__builtin_return_address(0);
	const struct lock_record *against = NULL;
	enum lock_fault fault = off ? LOCK_FINE : lockorder_check(mine(), l, &against);
	unsigned spins = 0;

	if (fault)
		refuse(fault, l, place, against);
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)) {
		while (l->held) {
			arch_relax();
			if (++spins == STUCK_SPINS && !off)
				stuck(l, place);
		}
	}
	if (!off)
		got(l, place);
}

/* Nobody waits, so the order does not matter; for what is taken after it, it counts as held. */
bool spin_trylock(spinlock_t *l)
{
	const struct lock_record *against;

	if (!off && lockorder_check(mine(), l, &against) == LOCK_UNKNOWN)
		refuse(LOCK_UNKNOWN, l, (uint64_t)__builtin_return_address(0), NULL);
	if (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		return false;
	if (!off)
		got(l, (uint64_t)__builtin_return_address(0));
	return true;
}

void spin_unlock(spinlock_t *l)
{
	enum lock_fault fault = off ? LOCK_FINE : lockorder_put(mine(), l);

	if (fault)
		refuse(fault, l, (uint64_t)__builtin_return_address(0), NULL);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

void spin_check_none_held(void)
{
	const struct locks_held *h = mine();

	if (off || !h->n)
		return;
	off = true;
	panic("CPU %u leaves the hypervisor with lock %s (%u) held", this_cpu()->id,
	      h->at[h->n - 1].lock->name, h->at[h->n - 1].lock->number);
}
