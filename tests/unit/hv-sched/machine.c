// SPDX-License-Identifier: MIT
/* See machine.h. */
#include "machine.h"

#include <stdio.h>

#include <hv/log.h>

struct cpu host_cpu;
void (*machine_in_switch)(void);
unsigned machine_cpus, machine_arms, machine_switches, machine_shutdown_code;
uint64_t machine_now, machine_armed[CPUS], machine_late;
unsigned machine_timer_virqs[DOMAINS][VCPUS], machine_shutdowns[DOMAINS];
struct domain machine_domain[DOMAINS];
struct vcpu machine_vcpu[DOMAINS][VCPUS];

static struct cpu others[CPUS];		/* those that are not this one */
static struct vcpu idle[CPUS];
static unsigned in_switch;
static struct domain idle_domain = { .id = DOMID_IDLE };
static struct vcpu *vcpus_of[DOMAINS][VCPUS];
static shared_info_t shared[DOMAINS];

struct vcpu *idle_vcpu[CPUS];
struct domain *domain_list;
spinlock_t domlist_lock;

/* ---- what the scheduler asks of the machine ------------------------------------------- */

uint64_t arch_now_ns(void)
{
	return machine_now;
}

uint64_t arch_tsc_base(unsigned cpu)
{
	(void)cpu;
	return 1000;
}

bool arch_tsc_is_stable(void)
{
	return true;
}

void arch_tsc_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 0x80000000;
	*shift = 1;
}

uint64_t arch_boot_wallclock(void)
{
	return 1700000000;
}

void arch_timer_set(uint64_t deadline)
{
	if (deadline && machine_late)
		deadline += (uint64_t)rand() % machine_late;
	machine_armed[host_cpu.id] = deadline;
	machine_arms++;
}

unsigned arch_nr_cpus(void)
{
	return machine_cpus;
}

void arch_cpu_place(unsigned cpu, struct arch_cpu_place *place)
{
	*place = (struct arch_cpu_place){ .apic_id = 2 * cpu, .acpi_id = cpu, .core = cpu };
}

void arch_kick_cpu(unsigned cpu)
{
	assert_int_not_equal(cpu, host_cpu.id);
}

struct cpu *cpu_by_id(unsigned id)
{
	assert_in_range(id, 0, CPUS - 1);
	return id == host_cpu.id ? &host_cpu : &others[id];
}

void arch_switch(struct vcpu *prev, struct vcpu *next)
{
	assert_ptr_not_equal(prev, next);
	assert_true(prev->running);
	assert_true(next->running);
	machine_switches++;
	if (machine_in_switch) {
		in_switch++;
		machine_in_switch();
		in_switch--;
	}
}

/* ---- other parts ---------------------------------------------------------------------- */

void evtchn_send_vcpu_virq(struct vcpu *v, unsigned virq)
{
	if (virq == VIRQ_TIMER)
		machine_timer_virqs[v->domain->id][v->id]++;
	v->info->evtchn_upcall_pending = 1;
	vcpu_wake(v);
}

void vcpu_poll_end(struct vcpu *v)
{
	v->polling = false;
}

void domain_shutdown(struct domain *d, unsigned code)
{
	machine_shutdowns[d->id]++;
	machine_shutdown_code = code;
}

void guest_area_write(struct guest_area *a, uint32_t offset, const void *src, uint32_t len)
{
	memcpy(a->at[0] + offset, src, len);
}

void guest_area_release(struct guest_area *a)
{
	memset(a, 0, sizeof(*a));
}

/* ---- set-up --------------------------------------------------------------------------- */

static void make_idle(unsigned cpu)
{
	struct cpu *c = cpu_by_id(cpu);

	memset(&idle[cpu], 0, sizeof(idle[cpu]));
	idle[cpu].domain = &idle_domain;
	idle[cpu].processor = cpu;
	idle[cpu].running = true;
	idle_vcpu[cpu] = &idle[cpu];
	c->id = cpu;
	c->current = &idle[cpu];
	c->work = 0;
}

static void make_domain(unsigned n)
{
	struct domain *d = &machine_domain[n];

	memset(d, 0, sizeof(*d));
	memset(&shared[n], 0, sizeof(shared[n]));
	d->id = (domid_t)n;
	d->max_vcpus = VCPUS;
	d->vcpu = vcpus_of[n];
	d->shared_info = &shared[n];
	d->next = domain_list;
	domain_list = d;
	sched_domain_init(d);
	for (unsigned i = 0; i < VCPUS; i++) {
		struct vcpu *v = &machine_vcpu[n][i];

		memset(v, 0, sizeof(*v));
		v->domain = d;
		v->id = i;
		v->info = &shared[n].vcpu_info[i];
		v->initialised = true;
		v->pause_flags = VPF_DOWN;
		vcpus_of[n][i] = v;
		assert_int_equal(sched_vcpu_init(v), 0);
		time_set_periodic(v, 0);
		machine_timer_virqs[n][i] = 0;
	}
	machine_shutdowns[n] = 0;
}

/* Timers of a former test are still queued: they are let go where they lie. */
static void forget_timers(void)
{
	for (unsigned n = 0; n < DOMAINS; n++) {
		if (!vcpus_of[n][0])
			continue;
		sched_domain_destroy(&machine_domain[n]);
		for (unsigned i = 0; i < VCPUS; i++)
			time_vcpu_destroy(&machine_vcpu[n][i]);
	}
}

int machine_start(void **state)
{
	(void)state;
	machine_on(0);
	forget_timers();
	machine_now += 1000 * MS;
	for (unsigned c = 0; c < CPUS; c++) {
		/* Whatever is left in the queue is an old slice: it finds nothing. */
		machine_on(c);
		timer_run_expired();
		make_idle(c);
		machine_armed[c] = 0;
	}
	machine_on(0);
	machine_cpus = 1;
	sched_init();
	sched_set_ratelimit(0);
	domain_list = NULL;
	for (unsigned n = DOMAINS; n-- > 0;)
		make_domain(n);
	machine_arms = machine_switches = 0;
	machine_late = 0;
	return 0;
}

void machine_on(unsigned cpu)
{
	if (cpu == host_cpu.id)
		return;
	others[host_cpu.id] = host_cpu;
	host_cpu = others[cpu];
	host_cpu.id = cpu;
}

/* ---- running it ----------------------------------------------------------------------- */

void machine_exit(void)
{
	while (host_cpu.work) {
		uint32_t work = __atomic_exchange_n(&host_cpu.work, 0, __ATOMIC_ACQ_REL);

		if (work & CPU_WORK_TIMER)
			timer_run_expired();
		if (work & CPU_WORK_RESCHED)
			schedule();
	}
	if (!in_switch)
		machine_check();
}

static void exit_all(void)
{
	unsigned here = host_cpu.id, rounds = 0;
	bool more;

	do {
		more = false;
		for (unsigned c = 0; c < machine_cpus; c++) {
			machine_on(c);
			more |= host_cpu.work != 0;
			machine_exit();
		}
		assert_true(rounds++ < 20);	/* CPUs that keep one another busy */
	} while (more);
	machine_on(here);
}

/* The CPU whose timer fires first, up to that time; CPUS: none. */
static unsigned next_timer(uint64_t until)
{
	unsigned first = CPUS;

	for (unsigned c = 0; c < machine_cpus; c++)
		if (machine_armed[c] && machine_armed[c] <= until &&
		    (first == CPUS || machine_armed[c] < machine_armed[first]))
			first = c;
	return first;
}

void machine_run(uint64_t ns)
{
	uint64_t until = machine_now + ns;
	unsigned here = host_cpu.id, c;

	exit_all();
	while ((c = next_timer(until)) != CPUS) {
		if (machine_armed[c] > machine_now)
			machine_now = machine_armed[c];
		machine_armed[c] = 0;
		machine_on(c);
		cpu_raise(&host_cpu, CPU_WORK_TIMER);
		exit_all();
	}
	machine_now = until;
	machine_on(here);
}

void machine_start_cpus(unsigned n)
{
	machine_cpus = n;
	for (unsigned c = n; c-- > 0;) {
		machine_on(c);
		schedule();
	}
}

void machine_up(struct vcpu *v)
{
	v->pause_flags &= ~(uint32_t)VPF_DOWN;
	vcpu_recheck(v);
}

void machine_block(void)
{
	host_cpu.current->info->evtchn_upcall_pending = 0;
	vcpu_block_enable_events();
	machine_exit();
}

int machine_pin(struct vcpu *v, uint64_t cpus)
{
	cpumask_t m = { { cpus } };

	return sched_set_affinity(v, &m);
}

struct vcpu *machine_current(void)
{
	return host_cpu.current == idle_vcpu[host_cpu.id] ? NULL : host_cpu.current;
}

static bool is_current_somewhere(const struct vcpu *v)
{
	for (unsigned c = 0; c < machine_cpus; c++)
		if (cpu_by_id(c)->current == v)
			return true;
	return false;
}

void machine_check(void)
{
	for (unsigned n = 0; n < DOMAINS; n++)
		for (unsigned i = 0; i < machine_domain[n].max_vcpus; i++) {
			struct vcpu *v = &machine_vcpu[n][i];
			bool queued = runq_is_queued(&v->sched.entity);

			assert_int_equal(v->sched.on_cpu, is_current_somewhere(v));
			assert_int_equal(v->running, v->sched.on_cpu);
			assert_false(queued && v->sched.on_cpu);
			if (queued)
				assert_true(vcpu_runnable(v));
			else if (vcpu_runnable(v))
				assert_true(v->sched.on_cpu || v->sched.parked);
			assert_int_equal(v->runstate.state == RUNSTATE_running, v->sched.on_cpu);
			assert_int_equal(v->runstate.state == RUNSTATE_runnable,
					 queued || (v->sched.parked && !v->sched.on_cpu));
		}
}
