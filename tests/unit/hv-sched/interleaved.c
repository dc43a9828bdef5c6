// SPDX-License-Identifier: MIT
/*
 * CPUs that overtake one another anywhere: each CPU of a pretend machine is a coroutine, and
 * every lock, atomic access and look at the clock inside the scheduler, the timers, the
 * delivery of events and sched_op is a point where another CPU may go on instead. So what a
 * host that takes CPUs away for a while brings about once in a month, as a wake-up between the
 * two halves of another, comes once in some hundred histories.
 *
 * On the CPUs run guests that block, poll, yield, set timers, send events, stop their domains, and
 * pause, pin and cap one another. Who is paused and was waited for does not run. When they have calmed down and all timers have fired, nobody may be left
 * behind: blocked with an event pending, polling for a port that is pending, parked without a
 * cap, runnable and in no queue.
 */
#include "harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "interleaved.h"

#include "../../../hypervisor/domain/schedule.h"

#include <xen/sched.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/evtchn_fifo.h>
#include <hv/hypercall.h>
#include <hv/time.h>
#include <hv/usercopy.h>

#define CPUS	3
#define DOMAINS 2
#define VCPUS	2
#define MS	1000000ULL
#define STACK	(48 * 1024)	/* the sanitizer clears what it knows of it at each switch */
#define CALM_TURNS 200000

/* Ports of a domain, one of each for every vCPU. */
enum { PORT_TIMER = 1, PORT_EVENT = PORT_TIMER + VCPUS, PORT_KICK = PORT_EVENT + VCPUS,
       PORTS = PORT_KICK + VCPUS };

static struct cpu cpus[CPUS];
struct cpu *here = &cpus[0];
static struct machine_cpu {
	ucontext_t context;
	uint64_t armed;			/* what its timer is set for, 0: nothing */
	bool kicked;			/* an interrupt is on its way */
	bool idles;			/* it waits for an interrupt */
} machine[CPUS];
static ucontext_t outside;
static bool inside;			/* a CPU goes on, not the harness */
static unsigned nr_cpus;
static uint64_t now;

static struct domain domains[DOMAINS];
static struct vcpu vcpus[DOMAINS][VCPUS], idle[CPUS];
static struct vcpu *vcpus_of[DOMAINS][VCPUS];
static struct domain idle_domain = { .id = DOMID_IDLE };
static shared_info_t shared[DOMAINS];
static struct evtchn buckets[DOMAINS][EVTCHN_BUCKET];
static struct guest {
	bool polls;			/* until its kick comes */
	bool paused;			/* by another */
	unsigned upcalls;
} guests[DOMAINS][VCPUS];
static struct {
	bool stopped;			/* as by its watchdog: nobody waits */
	bool held;			/* by another, which has waited */
} holds[DOMAINS];
static struct timer ticker;		/* sets itself again and again, until somebody kills it */
static bool ticks, ticking;
static struct domain *stopping;		/* just now */
static bool controlled;			/* one control operation at a time, as with domctl */
static bool calm;			/* the guests do nothing new any more */
static bool in_step;			/* each CPU goes from one point to the next, and then the others do */

struct vcpu *idle_vcpu[MAX_CPUS];
struct domain *domain_list, *dom0;
spinlock_t domlist_lock;

/* ---- coroutines --------------------------------------------------------------------------- */

static void go_outside(void)
{
	unsigned me = here->id;

	inside = false;
	swapcontext(&machine[me].context, &outside);
	inside = true;
}

void point(void)
{
	if (inside && (in_step || !choose(6)))
		go_outside();
}

void arch_relax(void)
{
	assert_true(inside);
	go_outside();
}

void spin_lock(spinlock_t *l)
{
	point();
	while (l->held)
		arch_relax();
	l->held = 1;
}

void spin_unlock(spinlock_t *l)
{
	assert_true(l->held);
	l->held = 0;
	point();
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

/* ---- the machine -------------------------------------------------------------------------- */

uint64_t arch_now_ns(void)
{
	point();
	return now;
}

uint64_t arch_tsc_base(unsigned cpu)
{
	(void)cpu;
	return 0;
}

bool arch_tsc_is_stable(void)
{
	return true;
}

void arch_tsc_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 1U << 31;
	*shift = 1;
}

uint64_t arch_boot_wallclock(void)
{
	return 0;
}

void arch_timer_set(uint64_t deadline)
{
	machine[here->id].armed = deadline;
}

unsigned arch_nr_cpus(void)
{
	return nr_cpus;
}

void arch_kick_cpu(unsigned cpu)
{
	point();
	machine[cpu].kicked = true;
}

struct cpu *cpu_by_id(unsigned id)
{
	return &cpus[id];
}

void arch_switch(struct vcpu *prev, struct vcpu *next)
{
	assert_true(prev->running && next->running);
	point();
}

/* ---- what the sources ask for besides ------------------------------------------------------ */

int copy_from_guest(void *dst, guest_va_t src, size_t len)
{
	memcpy(dst, (const void *)src.a, len);
	return 0;
}

void guest_area_write(struct guest_area *a, uint32_t offset, const void *src, uint32_t len)
{
	(void)a, (void)offset, (void)src, (void)len;
}

void guest_area_release(struct guest_area *a)
{
	(void)a;
}

void domain_shutdown(struct domain *d, unsigned code)
{
	(void)d, (void)code;
}

struct domain *domain_get(domid_t id)
{
	(void)id;
	return NULL;
}

void domain_put(struct domain *d)
{
	(void)d;
}

/* These domains have the 2-level ABI. */
void evtchn_fifo_set_pending(struct domain *d, unsigned port, struct evtchn *c)
{
	fail_msg("d%u: port %u of vCPU %u", d->id, port, c->vcpu);
}

void evtchn_fifo_clear_mask(struct domain *d, unsigned port, struct evtchn *c)
{
	evtchn_fifo_set_pending(d, port, c);
}

/* ---- guests ------------------------------------------------------------------------------- */

static struct guest *guest_of(const struct vcpu *v)
{
	return &guests[v->domain->id][v->id];
}

static bool take_port(struct vcpu *v, unsigned port)
{
	xen_ulong_t bit = 1UL << port;

	return __atomic_fetch_and(&v->domain->shared_info->evtchn_pending[0], ~bit,
				  __ATOMIC_SEQ_CST) & bit;
}

/* What a kernel does with an upcall. */
static void upcall(struct vcpu *v)
{
	v->info->evtchn_upcall_pending = 0;
	if (__atomic_exchange_n(&v->info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST)) {
		take_port(v, PORT_TIMER + v->id);
		take_port(v, PORT_EVENT + v->id);
	}
	guest_of(v)->upcalls++;
}

static struct vcpu *some_vcpu(void)
{
	unsigned n = choose(DOMAINS * VCPUS);

	return &vcpus[n / VCPUS][n % VCPUS];
}

static void send(struct vcpu *to, unsigned first_port)
{
	evtchn_send(to->domain, first_port + to->id);
}

/* As xen_poll_irq() of a lock: events masked, until the port is found pending. */
static void poll(struct vcpu *v)
{
	evtchn_port_t port = PORT_KICK + v->id;
	struct sched_poll p = { .nr_ports = 1 };

	if (take_port(v, PORT_KICK + v->id)) {
		guest_of(v)->polls = false;
		v->info->evtchn_upcall_mask = 0;
		return;
	}
	if (!guest_of(v)->polls)
		v->info->evtchn_upcall_mask = (uint8_t)choose(2);
	guest_of(v)->polls = true;
	p.timeout = calm || choose(2) ? 0 : now + choose(4) * MS;
	set_xen_guest_handle(p.ports, &port);
	assert_int_equal(do_sched_op(SCHEDOP_poll, (uint64_t)&p, 0, 0, 0), 0);
}

static void pause_or_unpause(struct vcpu *v, bool pause)
{
	guest_of(v)->paused = pause;
	if (pause)
		vcpu_pause(v);
	else
		vcpu_unpause(v);
}

static void hold_or_release(struct domain *d, bool hold)
{
	if (!hold) {
		holds[d->id].held = false;
		domain_unpause(d);
		return;
	}
	domain_pause(d);
	for (unsigned i = 0; i < VCPUS; i++)
		assert_false(d->vcpu[i]->running);
	holds[d->id].held = true;
}

static void resume(struct domain *d)
{
	holds[d->id].stopped = false;
	domain_unpause(d);
}

/* One domain goes on, so that somebody can resume the other. */
static void stop(struct domain *d)
{
	for (unsigned i = 0; i < DOMAINS; i++)
		if (holds[i].stopped || holds[i].held)
			return;
	holds[d->id].stopped = true;
	stopping = d;
	domain_pause_nowait(d);
	stopping = NULL;
}

static void tick(void *arg)
{
	(void)arg;
	assert_true(ticks);
	ticking = true;
	if (!calm)
		timer_set_here(&ticker, now + choose(2) * MS / 4);
	ticking = false;
}

/* Who kills a timer may forget all that its function needs. */
static void make_or_kill_ticker(void)
{
	if (ticks) {
		timer_kill(&ticker);
		ticks = false;
		return;
	}
	timer_init(&ticker, tick, NULL, here->id);
	ticks = true;
	timer_set(&ticker, now + MS / 4);
}

static void control(struct vcpu *me)
{
	static const unsigned caps[] = { 0, 1, 30 };
	struct vcpu *v = some_vcpu();
	cpumask_t some_cpus;

	if (controlled)
		return;
	controlled = true;
	switch (v->domain == stopping ? 4 : ticking ? 6 : choose(7)) {
	case 6:
		make_or_kill_ticker();
		break;
	case 4:
		if (v->domain != me->domain)
			hold_or_release(v->domain, !holds[v->domain->id].held);
		break;
	case 5:
		if (holds[v->domain->id].stopped)
			resume(v->domain);
		break;
	case 0:
		if (v != me)
			pause_or_unpause(v, !guest_of(v)->paused);
		break;
	case 1:
		some_cpus.word[0] = 1 + choose((1U << nr_cpus) - 1);
		assert_int_equal(sched_set_affinity(v, &some_cpus), 0);
		break;
	case 2:
		sched_set_cap(v->domain, caps[choose(3)]);
		break;
	default:
		sched_set_weight(v->domain, 64U << choose(3));
	}
	controlled = false;
}

static void set_timer(struct vcpu *v)
{
	timer_set_here(&v->singleshot_timer, now + choose(4) * MS);
}

/* One thing that the guest of a CPU does; most of them are hypercalls. */
static void guest_acts(struct vcpu *v)
{
	assert_false(holds[v->domain->id].held);
	if (guest_of(v)->polls) {
		poll(v);
		return;
	}
	switch (calm ? 0 : stopping || ticking ? 6 : choose(12)) {
	case 0:
		vcpu_block_enable_events();
		break;
	case 1:
		set_timer(v);
		break;
	case 2:
		poll(v);
		break;
	case 3:
		send(some_vcpu(), PORT_EVENT);
		break;
	case 4:
		send(some_vcpu(), PORT_KICK);
		break;
	case 5:
		vcpu_yield();
		break;
	case 6:
		control(v);
		break;
	case 7:
		stop(&domains[choose(DOMAINS)]);
		break;
	default:
		break;
	}
}

/* ---- a CPU -------------------------------------------------------------------------------- */

static void way_out(struct cpu *c)
{
	for (;;) {
		uint32_t work = __atomic_exchange_n(&c->work, 0, __ATOMIC_ACQ_REL);

		if (work & CPU_WORK_TIMER)
			timer_run_expired();
		if (work & CPU_WORK_RESCHED)
			schedule();
		if (!c->work)
			return;
	}
}

static bool interrupted(struct cpu *c)
{
	struct machine_cpu *m = &machine[c->id];
	bool timer = m->armed && m->armed <= now, kicked = m->kicked;

	if (timer) {
		m->armed = 0;
		cpu_raise(c, CPU_WORK_TIMER);
	}
	m->kicked = false;
	return timer || kicked;
}

/* When all is calm, pauses end, as if an interrupt had come here. True when there was one. */
static bool unpause_one(void)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		if (!holds[i].held && !holds[i].stopped)
			continue;
		if (holds[i].held)
			hold_or_release(&domains[i], false);
		else
			resume(&domains[i]);
		machine[here->id].kicked = true;
		return true;
	}
	for (unsigned i = 0; i < DOMAINS * VCPUS; i++) {
		struct vcpu *v = &vcpus[i / VCPUS][i % VCPUS];

		if (!guest_of(v)->paused)
			continue;
		pause_or_unpause(v, false);
		machine[here->id].kicked = true;
		return true;
	}
	return false;
}

static void cpu_main(void)
{
	struct cpu *c = here;

	inside = true;
	for (;;) {
		struct vcpu *v;

		way_out(c);
		v = c->current;
		if (v != idle_vcpu[c->id]) {
			if (v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask)
				upcall(v);
			do
				point();
			while (!interrupted(c) && !calm && choose(3));
			guest_acts(v);
			continue;
		}
		while (!interrupted(c)) {
			machine[c->id].idles = true;
			go_outside();
			machine[c->id].idles = false;
		}
	}
}

/* ---- the harness -------------------------------------------------------------------------- */

static void make_vcpu(struct domain *d, unsigned id)
{
	struct vcpu *v = &vcpus[d->id][id];

	*v = (struct vcpu){ .domain = d, .id = id, .info = &shared[d->id].vcpu_info[id],
			    .initialised = true };
	vcpus_of[d->id][id] = v;
	assert_int_equal(sched_vcpu_init(v), 0);
	v->periodic_period = 0;
	evtchn_core_take_virq(&d->evtchn, PORT_TIMER + id, VIRQ_TIMER, id);
	v->virq_port[VIRQ_TIMER] = PORT_TIMER + id;
	evtchn_core_take_ipi(&d->evtchn, PORT_EVENT + id, id);
	evtchn_core_take_ipi(&d->evtchn, PORT_KICK + id, id);
	d->shared_info->evtchn_mask[0] |= 1UL << (PORT_KICK + id);
}

static void make_domain(unsigned n)
{
	struct domain *d = &domains[n];

	memset(&shared[n], 0, sizeof(shared[n]));
	memset(buckets[n], 0, sizeof(buckets[n]));
	*d = (struct domain){ .id = (domid_t)n, .max_vcpus = VCPUS, .vcpu = vcpus_of[n],
			      .shared_info = &shared[n], .next = domain_list };
	domain_list = d;
	evtchn_core_init(&d->evtchn, (domid_t)n);
	evtchn_core_add(&d->evtchn, 1, buckets[n]);
	sched_domain_init(d);
	for (unsigned i = 0; i < VCPUS; i++)
		make_vcpu(d, i);
}

static void make_cpu(unsigned id)
{
	static char stacks[CPUS][STACK];
	ucontext_t *u = &machine[id].context;

	idle[id] = (struct vcpu){ .domain = &idle_domain, .processor = id, .running = true };
	idle[id].sched.on_cpu = true;
	idle_vcpu[id] = &idle[id];
	cpus[id] = (struct cpu){ .current = &idle[id], .id = id, .work = CPU_WORK_RESCHED };
	machine[id] = (struct machine_cpu){ .armed = 0 };
	getcontext(u);
	u->uc_stack.ss_sp = stacks[id];
	u->uc_stack.ss_size = STACK;
	makecontext(u, cpu_main, 0);
}

static void start(void)
{
	now += 1000 * MS;
	domain_list = NULL;
	controlled = calm = in_step = inside = false;
	memset(guests, 0, sizeof(guests));
	memset(holds, 0, sizeof(holds));
	nr_cpus = 2 + choose(CPUS - 1);
	sched_init();
	for (unsigned i = 0; i < nr_cpus; i++)
		make_cpu(i);
	here = &cpus[0];
	for (unsigned n = 0; n < DOMAINS; n++)
		make_domain(n);
	for (unsigned i = 0; i < DOMAINS * VCPUS; i++)
		vcpu_recheck(&vcpus[i / VCPUS][i % VCPUS]);
}

static void go(unsigned cpu)
{
	here = &cpus[cpu];
	swapcontext(&outside, &machine[cpu].context);
}

/* Once a cap is gone, nobody waits for its next period. */
static void check_parked(void)
{
	for (unsigned i = 0; i < DOMAINS * VCPUS && !controlled; i++)
		assert_false(vcpus_of[i / VCPUS][i % VCPUS]->sched.parked && !sched_cap(&domains[i / VCPUS]));
}

static void step(void)
{
	static unsigned held;	/* the CPU that is held up, somewhere in the middle, while others come far */
	unsigned cpu = choose(nr_cpus);

	if (!choose(40))
		held = choose(nr_cpus + 1);
	if (cpu != held)
		go(cpu);
	if (!choose(4))
		now += choose(4) * (MS / 20);
	check_parked();
}

/* Nothing to do on any CPU: the clock goes on to the next timer, if there is one. */
static bool skip_time(void)
{
	uint64_t next = 0;

	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct machine_cpu *m = &machine[i];

		if (!m->idles || m->kicked)
			return true;
		if (m->armed && (!next || m->armed < next))
			next = m->armed;
	}
	if (next > now)
		now = next;
	return next;
}

static void check_vcpu(struct vcpu *v)
{
	const vcpu_info_t *info = v->info;
	bool port_pending = v->domain->shared_info->evtchn_pending[0] >> (PORT_KICK + v->id) & 1;

	assert_false(v->running || v->sched.on_cpu || v->sched.parked);
	assert_false(runq_is_queued(&v->sched.entity));
	assert_false(vcpu_runnable(v));
	assert_false(timer_is_set(&v->singleshot_timer) || timer_is_set(&v->poll_timer));
	assert_false(info->evtchn_upcall_pending && !info->evtchn_upcall_mask);
	assert_false(guest_of(v)->polls && port_pending);
	assert_false(guest_of(v)->polls && !v->polling);
}

/* All guests are told to sleep: they do, and who was sent something has had it before, even where the CPUs
 * keep step with one another: none may for ever take from the next what that one is about to run. */
static void end(void)
{
	unsigned turns = 0;

	calm = true;
	in_step = choose(2);
	do {
		for (unsigned i = 0; i < nr_cpus; i++)
			go(i);
		now += MS / 1000;	/* so little that a change of vCPUs does not eat a small grant */
		assert_true(turns++ < CALM_TURNS);
	} while (skip_time() || unpause_one());
	for (unsigned i = 0; i < DOMAINS * VCPUS; i++)
		check_vcpu(&vcpus[i / VCPUS][i % VCPUS]);
	assert_int_equal(sched_check(), 0);
}

const struct harness harness = {
	.name = "CPUs that overtake one another anywhere",
	.start = start, .step = step, .end = end,
	.chances = 5000, .chance_steps = 4000,
};
