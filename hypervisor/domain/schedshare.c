// SPDX-License-Identifier: MIT
/*
 * What the vCPUs of a domain have in common (hv/share.h): how many of them want a CPU,
 * and the cap. Domains of one vCPU without a cap, which are most, pass by here.
 *
 * Lock: the domain's share, inside the lock of a queue; nothing is taken inside it.
 */
#include "schedule.h"

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/watchdog.h>

#define LOOKS_APART (SHARE_PERIOD / 50)

/* The domain's lock is held. */
static void set_claim(struct vcpu *v, bool claims)
{
	struct share *s = &v->domain->sched.share;

	if (v->sched.claims == claims)
		return;
	v->sched.claims = claims;
	v->sched.claimed = s->period;
	if (claims)
		s->claims++;
	else
		s->claims--;
}

/* ---- the crowd ------------------------------------------------------------------------ */

/* v wakes: where the one of its domain that ran last stands, it goes on. Without that a domain
 * of many could send one after the other, each rested, and would seem to be asleep. */
static void go_on_from_last(struct cpu_sched *s, struct vcpu *v)
{
	const struct sched_domain *sd = &v->domain->sched;
	uint64_t level = READ_ONCE(cpu_sched[sd->last_cpu].queue.now);

	runq_floor(&s->queue, &v->sched.entity, (int64_t)(sd->last_vtime - level));
}

void sched_settle(struct cpu_sched *s, struct vcpu *v)
{
	struct sched_domain *sd = &v->domain->sched;

	if (likely(v->domain->max_vcpus == 1))
		return;
	spin_lock(&sd->lock);
	go_on_from_last(s, v);
	spin_unlock(&sd->lock);
}

void sched_join(struct cpu_sched *s, struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;

	v->sched.wanting = true;
	if (likely(v->domain->max_vcpus == 1))
		return;
	spin_lock(&sd->lock);
	share_join(&sd->share, now);
	v->sched.taken = MAX(v->sched.taken, sd->share.level);
	v->sched.entity.crowd = sd->share.crowd;
	if (!v->sched.entity.visitor)
		go_on_from_last(s, v);
	spin_unlock(&sd->lock);
}

void sched_leave(struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;

	if (unlikely(v->sched.claims))
		sched_grant_back(v, now);
	if (!v->sched.wanting)
		return;
	v->sched.wanting = false;
	if (likely(v->domain->max_vcpus == 1))
		return;
	spin_lock(&sd->lock);
	share_leave(&sd->share, now);
	spin_unlock(&sd->lock);
}

void sched_charge_shared(struct cpu_sched *s, struct vcpu *v, uint64_t ran, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;
	uint64_t before = v->sched.crowd_time;

	if (sched_is_capped(v))
		v->sched.grant -= (int64_t)ran;
	if (v->domain->max_vcpus == 1) {
		runq_charge(&s->queue, &v->sched.entity, ran);
		return;
	}
	spin_lock(&sd->lock);
	v->sched.crowd_time = share_crowd_time(&sd->share, now);
	v->sched.entity.crowd = MAX(sd->share.crowd, 1U);
	runq_charge(&s->queue, &v->sched.entity, v->sched.crowd_time - before);
	sd->last_vtime = v->sched.entity.vtime;
	sd->last_cpu = v->processor;
	spin_unlock(&sd->lock);
}

void sched_begin_shared(struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;

	spin_lock(&sd->lock);
	v->sched.crowd_time = share_crowd_time(&sd->share, now);
	spin_unlock(&sd->lock);
}

/* ---- the cap -------------------------------------------------------------------------- */

/* The domain's lock is held, for both. */
static void give_back(struct vcpu *v)
{
	if (v->sched.grant_ends)
		share_grant_over(&v->domain->sched.share, v->sched.grant_ends);
	v->sched.grant_ends = 0;
	share_give(&v->domain->sched.share, v->sched.grant);
	v->sched.taken -= (uint64_t)v->sched.grant;
	v->sched.grant = 0;
}

static void take(struct vcpu *v, uint64_t now)
{
	struct share *s = &v->domain->sched.share;

	v->sched.grant = share_take(s, v->id, now, v->runstate.state_entry_time);
	if (v->sched.grant > 0) {
		s->level = v->sched.taken;
		v->sched.grant_ends = now + (uint64_t)v->sched.grant;
		share_grant_begins(s, v->sched.grant_ends);
	}
	v->sched.taken += (uint64_t)v->sched.grant;
}

/* The domain looks at its vCPUs again then, or earlier; not so often that a guest whose vCPUs come
 * and go keeps a CPU busy with it. */
static void look_again(struct sched_domain *sd, uint64_t when)
{
	when = MAX(when, READ_ONCE(sd->looked) + LOOKS_APART);
	if (!timer_is_set(&sd->refill)) {
		timer_move(&sd->refill, this_cpu()->id);
		timer_set(&sd->refill, when);
	} else if (when < sd->refill.expires) {
		timer_set(&sd->refill, when);
	}
}

bool sched_may_run_capped(struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;
	uint64_t next;

	if (v->sched.grant <= 0) {
		sched_unpark(v);
		spin_lock(&sd->lock);
		give_back(v);
		take(v, now);
		set_claim(v, v->sched.grant > 0);
		next = share_next(&sd->share);
		spin_unlock(&sd->lock);
		look_again(sd, next);
	}
	if (v->sched.grant <= 0)
		sched_set_parked(v, true);
	return v->sched.grant > 0;
}

void sched_set_parked(struct vcpu *v, bool parked)
{
	struct sched_domain *sd = &v->domain->sched;

	v->sched.parked = parked;
	spin_lock(&sd->lock);
	if (parked)
		sd->share.parked++;
	else
		sd->share.parked--;
	spin_unlock(&sd->lock);
}

/* v asks for a claim; the domain's lock is held. when: it is to ask again. */
static enum runq_wait claim(struct vcpu *v, bool slept, uint64_t now, uint64_t *when)
{
	struct share *s = &v->domain->sched.share;

	if (s->passes && !slept) {
		s->passes = false;
	} else if (slept || !share_is_behind(s, now)) {
		if (share_is_busy(s))
			return RUNQ_MODEST;
		if (!slept && (*when = share_needs_more(s, now)))
			return RUNQ_LAST;
	}
	set_claim(v, true);
	return RUNQ_BY_TIME;
}

enum runq_wait sched_ask_claim(struct vcpu *v, bool slept, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;
	enum runq_wait wait;
	uint64_t when = 0;

	if (v->sched.claims)
		return RUNQ_BY_TIME;
	spin_lock(&sd->lock);
	wait = claim(v, slept, now, &when);
	when = MIN(when, share_next(&sd->share));
	spin_unlock(&sd->lock);
	if (wait == RUNQ_LAST)
		look_again(sd, when);
	return wait;
}

bool sched_passes_claim(struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;
	struct share *s = &sd->share;
	bool many, others;

	if (v->sched.grant > 0)
		return false;
	spin_lock(&sd->lock);
	many = s->claims > DIV_ROUND_UP(s->cap, 100);
	others = share_has_some(s, now) && v->sched.claimed != s->period && s->crowd > s->claims;
	v->sched.claimed = s->period;
	s->passes = others && !many;
	spin_unlock(&sd->lock);
	if (others && !many)
		look_again(sd, now);
	return others || many;
}

void sched_grant_back(struct vcpu *v, uint64_t now)
{
	struct sched_domain *sd = &v->domain->sched;
	bool others;

	spin_lock(&sd->lock);
	give_back(v);
	set_claim(v, false);
	/* Who waits without a claim may have one now. */
	others = sd->share.crowd > sd->share.parked + sd->share.claims + 1;
	spin_unlock(&sd->lock);
	if (others)
		look_again(sd, now);
}

/* Who parks v holds its queue's lock from the look at the cap on: it is seen here, or sees what
 * is there now. */
static void unpark(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);
	bool anew = v->sched.parked;

	sched_unpark(v);
	if (runq_is_queued(&v->sched.entity) && v->sched.entity.wait != RUNQ_BY_TIME &&
	    sched_has_claim(v, arch_now_ns())) {
		runq_remove(&s->queue, &v->sched.entity);
		anew = true;
	}
	sched_unlock(s);
	if (anew)
		vcpu_recheck(v);
}

/* The vCPU that has had least of the cap, of those that want more. */
static unsigned find_first(const struct domain *d)
{
	unsigned first = 0;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (v && READ_ONCE(v->sched.wanting) && READ_ONCE(v->sched.taken) < least) {
			least = v->sched.taken;
			first = i;
		}
	}
	return first;
}

/* The first has a claim that the last may not have. */
static void unpark_all(struct domain *d)
{
	unsigned first = find_first(d);

	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[(first + i) % d->max_vcpus];

		if (v)
			unpark(v);
	}
}

static void period_begins(void *arg)
{
	struct domain *d = arg;
	struct sched_domain *sd = &d->sched;
	uint64_t next;
	bool full;

	WRITE_ONCE(sd->looked, arch_now_ns());
	spin_lock(&sd->lock);
	full = share_is_full(&sd->share, sd->looked);
	next = share_next(&sd->share);
	spin_unlock(&sd->lock);
	if (!full)
		timer_set(&sd->refill, next);
	unpark_all(d);
}

/* What v, if it runs, had so far is counted as it was counted until now; its grant ends. */
static void end_grant(struct vcpu *v)
{
	struct cpu_sched *s = sched_lock(v);

	v->sched.taken = 0;
	if (v->sched.on_cpu) {
		sched_charge(s, v, arch_now_ns());
		v->sched.grant = 0;
		sched_want(v->processor);
	}
	spin_unlock(&s->lock);
}

void sched_set_cap(struct domain *d, unsigned cap)
{
	struct sched_domain *sd = &d->sched;

	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			end_grant(d->vcpu[i]);
	spin_lock(&sd->lock);
	share_set_cap(&sd->share, cap, arch_now_ns());
	spin_unlock(&sd->lock);
	timer_stop(&sd->refill);
	unpark_all(d);
}

/* ---- a domain's beginning and end ----------------------------------------------------- */

void sched_domain_init(struct domain *d)
{
	struct sched_domain *sd = &d->sched;

	spin_init(&sd->lock, "share");
	share_init(&sd->share, RUNQ_WEIGHT_DEFAULT);
	timer_init(&sd->refill, period_begins, d, 0);
	watchdog_init(d);
}

void sched_domain_destroy(struct domain *d)
{
	timer_kill(&d->sched.refill);
	watchdog_destroy(d);
}

unsigned sched_weight(const struct domain *d)
{
	return d->sched.share.weight;
}

unsigned sched_cap(const struct domain *d)
{
	return d->sched.share.cap;
}
