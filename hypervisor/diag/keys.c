/* SPDX-License-Identifier: MIT */
/* See hv/keys.h. Each key prints what it shows and changes nothing, but R. */
#include <hv/keys.h>

#include <hv/arch.h>
#include <hv/books.h>
#include <hv/cpu.h>
#include <hv/diag.h>
#include <hv/domain.h>
#include <hv/domctl.h>
#include <hv/hold.h>
#include <hv/log.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/timer.h>
#include <hv/types.h>

struct key {
	char key;
	const char *what;
	void (*run)(void);
};

static void show_help(void);

static void show_vcpu(const struct vcpu *v)
{
	log_printf("(XEN)     %pv: CPU%u [has=%c] poll=%u upcall_pend=%02x upcall_mask=%02x "
		   "pause_flags=%x pause_count=%u time=%lu.%03lus rip=%016lx\n",
		   v, v->processor, v->running ? 'T' : 'F', v->polling ? v->poll_port : 0,
		   v->info->evtchn_upcall_pending, v->info->evtchn_upcall_mask, v->pause_flags,
		   v->pause_count, (unsigned long)(vcpu_cpu_time(v) / 1000000000),
		   (unsigned long)(vcpu_cpu_time(v) / 1000000 % 1000),
		   (unsigned long)(v == current_vcpu() ? guest_regs()->rip : v->regs.rip));
}

/* Each is held while it is shown: others may end it. */
static void for_each_domain(void (*show)(struct domain *d))
{
	struct domain *d;

	for (unsigned from = 0; (d = domain_get_from((domid_t)from)); from = d->id + 1u) {
		show(d);
		domain_put(d);
	}
}

static void show_domain(struct domain *d)
{
	log_printf("(XEN) General information for domain %u:\n", d->id);
	log_printf("(XEN)     refcnt=%u dying=%u pause_count=%u\n", d->refs,
		   d->life.state >= LIFE_DYING, d->pause_count);
	log_printf("(XEN)     nr_pages=%u max_pages=%u vm_assist=%08lx\n", d->mm.tot_pages,
		   d->mm.max_pages, (unsigned long)d->mm.vm_assist);
	log_printf("(XEN) VCPU information and callbacks for domain %u:\n", d->id);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i] && d->shared_info)
			show_vcpu(d->vcpu[i]);
}

static void show_domains(void)
{
	log_printf("(XEN) 'q' pressed -> dumping domain info (now = %lu)\n",
		   (unsigned long)arch_now_ns());
	for_each_domain(show_domain);
}

static void show_events(void)
{
	for_each_domain(evtchn_dump);
}

static void show_grants(void)
{
	for_each_domain(grant_dump);
}

static void show_memory(void)
{
	unsigned wrong;

	log_printf("(XEN) Physical memory information:\n");
	log_printf("(XEN)     total: %lukB, free: %lukB\n", (unsigned long)mm_total_frames() * 4,
		   (unsigned long)mm_free_frames() * 4);
	if (!cpus_hold()) {
		log_printf("(XEN)     another CPU is at it\n");
		return;
	}
	wrong = books_check();
	cpus_release();
	log_printf("(XEN)     whole-state check: %u problems\n", wrong);
}

struct cpu_state {
	domid_t domain;
	uint32_t vcpu;
	struct cpu_user_regs regs;
};

/* On the CPU itself: from a guest or on its way back to one, its registers are saved. */
static void read_state(void *arg)
{
	const struct vcpu *v = current_vcpu();

	*(struct cpu_state *)arg = (struct cpu_state){ v->domain->id, v->id, *guest_regs() };
}

static void show_registers(void)
{
	for (unsigned cpu = 0; cpu < arch_nr_cpus(); cpu++) {
		cpumask_t only = cpumask_of(cpu);
		struct cpu_state s;

		arch_call_cpus(&only, read_state, &s);
		if (s.domain == DOMID_IDLE) {
			log_printf("(XEN) *** Dumping CPU%u guest state: idle ***\n", cpu);
			continue;
		}
		log_printf("(XEN) *** Dumping CPU%u guest state (d%uv%u): ***\n", cpu,
			   s.domain, s.vcpu);
		diag_registers(&s.regs);
	}
}

static void show_queues(void)
{
	sched_dump();
	timer_dump();
}

static void reboot(void)
{
	log_printf("(XEN) 'R' pressed -> rebooting machine\n");
	arch_machine_reboot();
}

static const struct key keys[] = {
	{ 'R', "reboot machine", reboot },
	{ 'd', "dump registers", show_registers },
	{ 'e', "dump evtchn info", show_events },
	{ 'g', "print grant table usage", show_grants },
	{ 'h', "show this message", show_help },
	{ 'm', "memory info", show_memory },
	{ 'q', "dump domain (and guest debug) info", show_domains },
	{ 'r', "dump run queues", show_queues },
};

static void show_help(void)
{
	log_printf("(XEN) 'h' pressed -> showing installed handlers\n");
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		log_printf("(XEN)  key '%c' (ascii '%02x') => %s\n", keys[i].key, keys[i].key,
			   keys[i].what);
}

void debug_key(char key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key)
			keys[i].run();
}
