// SPDX-License-Identifier: MIT
/*
 * Time as guests see it. vcpu_time_info and the wall clock are seqlocks in memory that
 * the guest can write to: they are only ever written here, and what is in them is not
 * trusted; the versions that we count are our own.
 *
 * The guest's timers: a single-shot timer fires whether its vCPU runs or not and wakes
 * it; a periodic timer ticks only while its vCPU runs, and makes up for one missed tick
 * when it comes back.
 */
#include <hv/time.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/mem.h>

#define NS_PER_SEC 1000000000ULL
/* The ABI gives every PV vCPU a tick of 100 Hz to begin with. */
#define PERIOD_AT_START 10000000ULL

/* Changes whenever what is said in guests' memory about time is out of date. */
static uint32_t time_generation = 1;
/* Since 1970 at system time 0. Set once by the clock chip, then by dom0. */
static uint64_t boot_sec;
static uint32_t boot_nsec;
static bool boot_time_known;

static void know_boot_time(void)
{
	if (likely(boot_time_known))
		return;
	boot_sec = arch_boot_wallclock();
	boot_time_known = true;
}

/* ---- vcpu_time_info ------------------------------------------------------------------- */

/* The version is odd while the contents change; readers try again. What stands there may be
 * the guest's nonsense; the next even number after it will do. */
static uint32_t version_begin(uint32_t *version)
{
	uint32_t odd = READ_ONCE(*version) | 1;

	WRITE_ONCE(*version, odd);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return odd;
}

static void version_end(uint32_t *version, uint32_t odd)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(*version, odd + 1);
}

static void write_time_area(struct vcpu *v, const vcpu_time_info_t *t)
{
	uint32_t version = t->version - 1;

	/* As the original: odd version, contents, even version. */
	guest_area_write(&v->time_area, offsetof(vcpu_time_info_t, version), &version,
			 sizeof(version));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	guest_area_write(&v->time_area, offsetof(vcpu_time_info_t, tsc_timestamp),
			 &t->tsc_timestamp,
			 sizeof(*t) - offsetof(vcpu_time_info_t, tsc_timestamp));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	guest_area_write(&v->time_area, offsetof(vcpu_time_info_t, version), &t->version,
			 sizeof(version));
}

void time_update_vcpu(struct vcpu *v)
{
	vcpu_time_info_t t, *to = &v->info->time;
	uint32_t odd;

	memset(&t, 0, sizeof(t));
	t.tsc_timestamp = arch_tsc_base(v->processor);
	arch_tsc_scale(&t.tsc_to_system_mul, &t.tsc_shift);
	t.flags = arch_tsc_is_stable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;

	odd = version_begin(&to->version);
	memcpy(&to->tsc_timestamp, &t.tsc_timestamp,
	       sizeof(t) - offsetof(vcpu_time_info_t, tsc_timestamp));
	version_end(&to->version, odd);
	t.version = odd + 1;
	if (guest_area_is_set(&v->time_area))
		write_time_area(v, &t);
}

/* ---- wall clock ----------------------------------------------------------------------- */

void time_update_wallclock(struct domain *d)
{
	shared_info_t *s = d->shared_info;
	uint64_t sec;
	uint32_t odd;

	if (!s)
		return;
	know_boot_time();
	sec = boot_sec + d->time_offset_s;
	odd = version_begin(&s->wc_version);
	s->wc_sec = (uint32_t)sec;
	s->wc_sec_hi = (uint32_t)(sec >> 32);
	s->wc_nsec = boot_nsec;
	version_end(&s->wc_version, odd);
}

int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
	uint64_t s = system_time / NS_PER_SEC, ns = system_time % NS_PER_SEC;

	if (nsec >= NS_PER_SEC || sec < s || (sec == s && nsec < ns))
		return -XEN_EINVAL;
	sec -= s;
	if (nsec < ns) {
		sec--;
		nsec += NS_PER_SEC;
	}
	spin_lock(&domlist_lock);
	boot_sec = sec;
	boot_nsec = nsec - ns;
	boot_time_known = true;
	__atomic_fetch_add(&time_generation, 1, __ATOMIC_RELEASE);
	for (struct domain *d = domain_list; d; d = d->next)
		time_update_wallclock(d);
	spin_unlock(&domlist_lock);
	return 0;
}

/* ---- run states ----------------------------------------------------------------------- */

void vcpu_runstate_change(struct vcpu *v, int new_state, uint64_t now)
{
	struct vcpu_runstate_info *r = &v->runstate;

	if (r->state == new_state)
		return;
	if (now > r->state_entry_time) {
		r->time[r->state] += now - r->state_entry_time;
		r->state_entry_time = now;
	}
	r->state = new_state;
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info r;

	vcpu_runstate_get((struct vcpu *)v, &r);
	return r.time[RUNSTATE_running];
}

void time_write_runstate(struct vcpu *v)
{
	const uint32_t entry = offsetof(struct vcpu_runstate_info, state_entry_time);
	struct vcpu_runstate_info r;
	uint64_t entered;
	bool flag = v->domain->mm.vm_assist & 1U << VMASST_TYPE_runstate_update_flag;

	if (!guest_area_is_set(&v->runstate_area))
		return;
	vcpu_runstate_copy(v, &r);
	entered = r.state_entry_time;
	if (flag) {
		r.state_entry_time |= XEN_RUNSTATE_UPDATE;
		guest_area_write(&v->runstate_area, entry, &r.state_entry_time, 8);
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	guest_area_write(&v->runstate_area, 0, &r, sizeof(r));
	if (flag) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		guest_area_write(&v->runstate_area, entry, &entered, 8);
	}
}

/* ---- the guest's timers --------------------------------------------------------------- */

static void singleshot_fired(void *arg)
{
	evtchn_send_vcpu_virq(arg, VIRQ_TIMER);
}

void time_set_singleshot(struct vcpu *v, uint64_t expires, uint64_t now)
{
	if (expires > now) {
		timer_set_here(&v->singleshot_timer, expires);
		return;
	}
	timer_stop(&v->singleshot_timer);
	evtchn_send_vcpu_virq(v, VIRQ_TIMER);
}

static void poll_timed_out(void *arg)
{
	struct vcpu *v = arg;

	if (v->polling)
		vcpu_wake(v);
}

/* A tick is due, or the vCPU came to a CPU: sends it, and sets the timer for the next. */
static void periodic_work(struct vcpu *v)
{
	uint64_t now = arch_now_ns(), period = READ_ONCE(v->periodic_period);
	uint64_t since;

	if (!period)
		return;
	since = now - v->periodic_last;
	if (since >= period) {
		evtchn_send_vcpu_virq(v, VIRQ_TIMER);
		v->periodic_last = now - since % period;
	}
	timer_set_here(&v->periodic_timer, v->periodic_last + period);
}

static void periodic_fired(void *arg)
{
	periodic_work(arg);
}

void time_set_periodic(struct vcpu *v, uint64_t period)
{
	timer_stop(&v->periodic_timer);
	v->periodic_period = period;
	v->periodic_last = arch_now_ns();
	if (period && v->running)
		timer_set(&v->periodic_timer, v->periodic_last + period);
}

void time_vcpu_init(struct vcpu *v)
{
	timer_init(&v->singleshot_timer, singleshot_fired, v, v->processor);
	timer_init(&v->periodic_timer, periodic_fired, v, v->processor);
	timer_init(&v->poll_timer, poll_timed_out, v, v->processor);
	guest_area_init(&v->runstate_area);
	guest_area_init(&v->time_area);
	v->periodic_period = PERIOD_AT_START;
	memset(&v->runstate, 0, sizeof(v->runstate));
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = arch_now_ns();
}

void time_vcpu_destroy(struct vcpu *v)
{
	v->periodic_period = 0;
	timer_kill(&v->singleshot_timer);
	timer_kill(&v->periodic_timer);
	timer_kill(&v->poll_timer);
	guest_area_release(&v->runstate_area);
	guest_area_release(&v->time_area);
}

/* ---- coming and going ----------------------------------------------------------------- */

void time_vcpu_leaves(struct vcpu *v)
{
	if (unlikely(v->periodic_period))
		timer_stop(&v->periodic_timer);
	time_write_runstate(v);
}

void time_vcpu_arrives(struct vcpu *v)
{
	/* Also the first time, for the toolstack clears shared_info while it builds the domain. */
	if (unlikely(v->time_generation != READ_ONCE(time_generation)) ||
	    unlikely(!arch_tsc_is_stable())) {
		v->time_generation = time_generation;
		if (!v->id)
			time_update_wallclock(v->domain);
		time_update_vcpu(v);
	}
	time_write_runstate(v);
	if (unlikely(v->periodic_period))
		periodic_work(v);
}
