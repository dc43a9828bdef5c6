// SPDX-License-Identifier: MIT
/*
 * The scheduler in any order of events on one to three CPUs: wake-ups, blocks, pauses, yields,
 * affinities, weights, caps, time that passes, and ways out to guests that come late. An event may
 * also come from another CPU in the middle of a switch, where a vCPU's registers are being saved.
 *
 * Always: no two CPUs run one vCPU, none is in two places, and a runnable one is in a queue, on a
 * CPU, or parked. Once all CPUs have gone out to their guests: no CPU idles while one waits that
 * may run there, and no domain had more than its cap. After some time without events nobody
 * waits for longer than others that had more have run.
 *
 * All histories of few steps are tried in two scopes: a wide one of two steps with all of that, and a
 * narrow one of five on two CPUs, where each event is one choice.
 */
#include "harness/harness.h"

#include "../../../hypervisor/domain/schedule.h"
#include "machine.h"

#define USED_DOMAINS 3
#define USED_VCPUS   2
#define WIDE_STEPS   2
#define NARROW_STEPS 5

/* What a domain had when its cap was set. */
static struct {
	unsigned cap;
	uint64_t since, had;
} capped[USED_DOMAINS];

static bool narrow;
static unsigned steps;		/* made */
static bool touched;		/* the first vCPU of domain 0 differs from the second by now */
static unsigned middles;	/* so many more events in the middle of this step's switches */

static struct vcpu *some_vcpu(void)
{
	unsigned i = choose(USED_DOMAINS + 1);

	return i < USED_DOMAINS ? &machine_vcpu[i][0] : &machine_vcpu[0][1];
}

/* ---- events ------------------------------------------------------------------------------- */

static void pause_or_unpause(struct vcpu *v)
{
	v->pause_count = !v->pause_count;
	if (v->pause_count)
		vcpu_sleep(v);
	else
		vcpu_recheck(v);
}

static void down_or_up(struct vcpu *v)
{
	if (__atomic_fetch_xor(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_recheck(v);
	else
		vcpu_sleep(v);
}

static void change_affinity(struct vcpu *v)
{
	cpumask_t cpus = { { 1 + choose((1U << machine_cpus) - 1) } };

	if (choose(2))
		assert_int_equal(sched_set_affinity(v, &cpus), 0);
	else
		v->sched.soft_affinity = cpus;
}

static uint64_t domain_had(const struct domain *d)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < d->max_vcpus; i++)
		sum += vcpu_cpu_time(d->vcpu[i]);
	return sum;
}

static void change_cap(struct domain *d)
{
	static const unsigned caps[] = { 30, 0, 100, 1 };
	unsigned cap = caps[choose(choosing_all() ? 2 : 4)];

	sched_set_cap(d, cap);
	capped[d->id].cap = cap;
	capped[d->id].since = machine_now;
	capped[d->id].had = domain_had(d);
}

static void block(void)
{
	if (!machine_current())
		return;
	machine_current()->info->evtchn_upcall_pending = 0;
	vcpu_block_enable_events();
}

static void yield(void)
{
	if (!machine_current())
		return;
	vcpu_yield();
}

/* What any CPU may do to any vCPU, at any time. */
static void change(struct vcpu *v)
{
	switch (choose(6)) {
	case 0:
		vcpu_wake(v);
		break;
	case 1:
		pause_or_unpause(v);
		break;
	case 2:
		change_affinity(v);
		break;
	case 3:
		change_cap(v->domain);
		break;
	case 4:
		down_or_up(v);
		break;
	default:
		sched_set_weight(v->domain, 64U << choose(3) * 3);
	}
}

/* In the middle of a switch another CPU does something, or goes out to its guest. */
static void in_the_middle(void)
{
	unsigned here = host_cpu.id, other;

	machine_in_switch = NULL;
	if (machine_cpus > 1 && middles && choose(choosing_all() ? 2 : 4) == 1) {
		middles--;
		other = (here + 1 + choose(machine_cpus - 1)) % machine_cpus;
		machine_on(other);
		if (choose(2))
			change(some_vcpu());
		else
			machine_exit();
		machine_on(here);
	}
	machine_in_switch = in_the_middle;
}

/* ---- what must hold ----------------------------------------------------------------------- */

static void check_vcpu(const struct vcpu *v)
{
	const struct sched_vcpu *s = &v->sched;
	bool queued = runq_is_queued(&s->entity);
	unsigned runs_on = 0;

	for (unsigned c = 0; c < machine_cpus; c++)
		runs_on += cpu_by_id(c)->current == v;
	assert_in_range(runs_on, 0, 1);
	assert_int_equal(s->on_cpu, runs_on);
	assert_int_equal(v->running, runs_on);
	assert_in_range(queued + s->on_cpu + s->parked, 0, 1);
	assert_int_equal(s->wanting, queued || s->on_cpu || s->parked);
	if (s->on_cpu)
		assert_ptr_equal(cpu_by_id(v->processor)->current, v);
	else
		assert_int_equal(vcpu_runnable(v), queued || s->parked);
	if (queued)
		assert_true(cpumask_has(&s->hard_affinity, v->processor));
	if (s->parked)
		assert_true(sched_cap(v->domain));
	assert_int_equal(v->runstate.state == RUNSTATE_running, s->on_cpu);
	assert_int_equal(v->runstate.state == RUNSTATE_runnable, queued || s->parked);
}

static void check_domain(const struct domain *d)
{
	unsigned wanting = 0, parked = 0, claims = 0, grants = 0;
	uint64_t ends = 0;

	for (unsigned i = 0; i < d->max_vcpus; i++) {
		check_vcpu(d->vcpu[i]);
		wanting += d->vcpu[i]->sched.wanting;
		parked += d->vcpu[i]->sched.parked;
		claims += d->vcpu[i]->sched.claims;
		grants += d->vcpu[i]->sched.grant_ends != 0;
		ends += d->vcpu[i]->sched.grant_ends;
	}
	if (d->max_vcpus > 1)
		assert_int_equal(d->sched.share.crowd, wanting);
	assert_int_equal(d->sched.share.parked, parked);
	assert_int_equal(d->sched.share.claims, claims);
	assert_int_equal(d->sched.share.out, grants);
	assert_int_equal(d->sched.share.ends, ends);
}

static void check_places(void)
{
	for (unsigned d = 0; d < USED_DOMAINS; d++)
		check_domain(&machine_domain[d]);
	assert_int_equal(sched_check(), 0);
}

static void check_caps(void)
{
	for (unsigned d = 0; d < USED_DOMAINS; d++) {
		uint64_t had = domain_had(&machine_domain[d]) - capped[d].had;
		uint64_t due = (machine_now - capped[d].since) / 100 * capped[d].cap;

		/* A period's time at once, and those that it could not use, of fifteen before. */
		if (capped[d].cap)
			assert_true(had <= due + 16 * SHARE_PERIOD / 100 * capped[d].cap + MS);
	}
}

/* No CPU idles while one waits that may run there. */
static void check_nobody_is_forgotten(void)
{
	for (unsigned c = 0; c < machine_cpus; c++) {
		if (!vcpu_is_idle(cpu_by_id(c)->current))
			continue;
		for (unsigned d = 0; d < USED_DOMAINS; d++)
			for (unsigned i = 0; i < machine_domain[d].max_vcpus; i++) {
				const struct vcpu *v = machine_domain[d].vcpu[i];

				assert_false(runq_is_queued(&v->sched.entity) &&
					     cpumask_has(&v->sched.hard_affinity, c));
			}
	}
}

static uint64_t slice_of(const struct vcpu *v)
{
	return RUNQ_SLICE * RUNQ_WEIGHT_DEFAULT / v->sched.entity.weight * USED_VCPUS;
}

/* w waits and may run where r runs: r has not had much more, but for what it runs now. */
static void check_in_step(const struct vcpu *w, const struct vcpu *r)
{
	uint64_t most = 2 * slice_of(w) + 2 * slice_of(r) + 2 * RUNQ_SLICE;

	if (runq_is_queued(&w->sched.entity) &&
	    cpumask_has(&w->sched.hard_affinity, r->processor) &&
	    cpumask_has(&w->sched.soft_affinity, r->processor) &&
	    (!sched_is_capped(w) || w->sched.claims))
		assert_true((int64_t)(r->sched.entity.vtime - w->sched.entity.vtime) <=
			    (int64_t)most);
}

static void check_steps(void)
{
	for (unsigned c = 0; c < machine_cpus; c++) {
		const struct vcpu *r = cpu_by_id(c)->current;

		if (vcpu_is_idle(r))
			continue;
		for (unsigned d = 0; d < USED_DOMAINS; d++)
			for (unsigned i = 0; i < machine_domain[d].max_vcpus; i++)
				check_in_step(machine_domain[d].vcpu[i], r);
	}
}

/* ---- the harness -------------------------------------------------------------------------- */

static void start(void)
{
	machine_in_switch = NULL;
	machine_start(NULL);
	memset(capped, 0, sizeof(capped));
	steps = 0;
	touched = false;
	narrow = choosing_all() && choose(2);
	machine_start_cpus(narrow ? 2 : 1 + choose(3));
	machine_domain[0].max_vcpus = USED_VCPUS;
	for (unsigned d = 1; d < DOMAINS; d++)
		machine_domain[d].max_vcpus = d < USED_DOMAINS;
	for (unsigned d = 0; d < USED_DOMAINS; d++)
		for (unsigned i = 0; i < machine_domain[d].max_vcpus; i++)
			machine_up(&machine_vcpu[d][i]);
	machine_run(choosing_all() ? 0 : choose(2) * 25 * MS);
	if (!narrow)
		machine_in_switch = in_the_middle;
}

/* Time passes on all CPUs, and their guests go on. */
static void time_passes(void)
{
	static const uint64_t times[] = { 0, 3 * MS, 100 * MS };
	uint64_t time = times[choose(3)];

	machine_in_switch = NULL;
	machine_run(time);
	machine_in_switch = in_the_middle;
	check_nobody_is_forgotten();
	check_caps();
	if (time >= 100 * MS)
		check_steps();
}

/* ---- the narrow scope --------------------------------------------------------------------- */

static void wake_or_pause(struct vcpu *v)
{
	if (v->pause_flags & VPF_BLOCKED)
		vcpu_wake(v);
	else
		pause_or_unpause(v);
}

static void next_affinity(struct vcpu *v)
{
	cpumask_t cpus = { { v->sched.hard_affinity.word[0] % 3 + 1 } };

	assert_int_equal(sched_set_affinity(v, &cpus), 0);
}

static void cap_or_none(struct domain *d)
{
	sched_set_cap(d, sched_cap(d) ? 0 : 30);
	capped[d->id].cap = sched_cap(d);
	capped[d->id].since = machine_now;
	capped[d->id].had = domain_had(d);
}

static void on_some_cpu(void (*act)(void))
{
	machine_on(choose(2));
	act();
}

/* As long as the vCPUs of domain 0 are alike, only the first of them is chosen. */
static struct vcpu *some_vcpu_unlike(void)
{
	unsigned i = choose(touched ? 3 : 2);

	touched |= i == 1;
	return i ? &machine_vcpu[0][i - 1] : &machine_vcpu[1][0];
}

static void narrow_step(void)
{
	machine_on(0);
	switch (choose(7)) {
	case 0:
		machine_run(3 * MS);
		check_nobody_is_forgotten();
		check_caps();
		break;
	case 1:
		on_some_cpu(machine_exit);
		break;
	case 2:
		on_some_cpu(block);
		break;
	case 3:
		on_some_cpu(yield);
		break;
	case 4:
		wake_or_pause(some_vcpu_unlike());
		break;
	case 5:
		next_affinity(some_vcpu_unlike());
		break;
	default:
		cap_or_none(&machine_domain[0]);
	}
	check_places();
}

/* ---- the wide one, and long histories ------------------------------------------------------ */

static void step(void)
{
	if (narrow)
		return narrow_step();
	if (choosing_all() && steps++ >= WIDE_STEPS)
		return;
	middles = choosing_all() ? 1 : 3;
	machine_on(choose(machine_cpus));
	switch (choose(5)) {
	case 0:
		time_passes();
		break;
	case 1:
		block();
		break;
	case 2:
		yield();
		break;
	case 3:
		machine_exit();
		break;
	default:
		change(some_vcpu());
	}
	check_places();
}

static void end(void)
{
	machine_in_switch = NULL;
	machine_run((narrow ? 30 : 200) * MS);
	check_places();
	check_nobody_is_forgotten();
	check_caps();
	for (unsigned d = 0; d < DOMAINS; d++)
		machine_domain[d].max_vcpus = VCPUS;
}

const struct harness harness = {
	.name = "the scheduler in any order of events",
	.start = start, .step = step, .end = end,
	.steps = NARROW_STEPS, .at_least = 400000,
	.chances = 1000, .chance_steps = 60,
};
