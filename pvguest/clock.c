// SPDX-License-Identifier: MIT
/*
 * Time from the hypervisor's vcpu_time_info and the TSC, and one-shot timers kept in a
 * list by deadline, one list a CPU: guests have a handful.
 */
#include <pvguest/clock.h>

#include <stddef.h>

#include <pvguest/arch.h>
#include <pvguest/cpu.h>
#include <pvguest/start.h>

static struct timer *pending[PV_CPUS_MAX];
static uint64_t started;
static uint64_t latest;			/* what any CPU has seen; atomic */

/* Reads until no update came between; the hypervisor makes the version odd while it writes. */
static uint64_t clock_read(const volatile struct vcpu_time_info *t)
{
	uint32_t version;
	uint64_t ns;

	do {
		uint64_t delta;

		version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
		delta = arch_tsc() - t->tsc_timestamp;
		/* Another processor's counter may be a little behind the one that wrote. But a domain's own
		 * counter began later than the machine's: then the time stamp is below 0, and wraps. */
		if ((int64_t)delta < 0)
			delta = 0;
		if (t->tsc_shift < 0)
			delta >>= -t->tsc_shift & 63;
		else
			delta <<= t->tsc_shift & 63;
		ns = t->system_time +
		     (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&t->version, __ATOMIC_RELAXED));
	return ns;
}

uint64_t clock_monotonic_ns(void)
{
	uint64_t now = clock_read(&pv_vcpu_info()->time);
	uint64_t seen = __atomic_load_n(&latest, __ATOMIC_RELAXED);

	while (now > seen)
		if (__atomic_compare_exchange_n(&latest, &seen, now, true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return now;
	return seen;
}

uint64_t clock_wall_ns(void)
{
	const volatile struct shared_info *s = pv_shared_info;
	uint32_t version;
	uint64_t base;

	do {
		version = __atomic_load_n(&s->wc_version, __ATOMIC_ACQUIRE);
		base = (((uint64_t)s->wc_sec_hi << 32) + s->wc_sec) * NSEC_PER_SEC + s->wc_nsec;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&s->wc_version, __ATOMIC_RELAXED));
	return base + clock_monotonic_ns();
}

uint64_t clock_start_ns(void)
{
	return started;
}

void timer_set(struct timer *t, uint64_t deadline_ns, void (*fn)(struct timer *, void *),
	       void *ctx)
{
	struct timer **link = &pending[pv_cpu_id()];

	timer_cancel(t);
	*t = (struct timer){ .deadline = deadline_ns, .fn = fn, .ctx = ctx, .pending = true };
	while (*link && (*link)->deadline <= deadline_ns)
		link = &(*link)->next;
	t->next = *link;
	*link = t;
}

void timer_cancel(struct timer *t)
{
	struct timer **link = &pending[pv_cpu_id()];

	if (!t->pending)
		return;
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	t->pending = false;
}

bool timer_poll(void)
{
	struct timer **mine = &pending[pv_cpu_id()];
	bool any = false;
	uint64_t now;

	if (!*mine)
		return false;
	now = clock_monotonic_ns();
	while (*mine && (*mine)->deadline <= now) {
		struct timer *t = *mine;

		*mine = t->next;
		t->pending = false;
		t->fn(t, t->ctx);
		any = true;
	}
	return any;
}

uint64_t timer_next(void)
{
	const struct timer *t = pending[pv_cpu_id()];

	/* 0 means "none", so a deadline of 0 is told as 1: past either way. */
	return t ? t->deadline ? t->deadline : 1 : 0;
}

void clock_init(void)
{
	started = clock_monotonic_ns();
}
