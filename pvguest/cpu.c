// SPDX-License-Identifier: MIT
/* Virtual processors: starting, stopping, and which one asks. See pvguest/cpu.h. */
#include <pvguest/cpu.h>

#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>
#include <pvguest/threadhost.h>

#include <xen/vcpu.h>

#define STACK_BYTES	(64 * 1024)
#define WAIT_NS		(100 * NSEC_PER_USEC)

static struct pv_cpu first = { .self = &first, .state = PV_CPU_RUNNING };
static struct pv_cpu *cpus[PV_CPUS_MAX] = { &first };

struct vcpu_info *pv_vcpu_info(void)
{
	return pv_this_cpu()->info;
}

struct pv_cpu *pv_cpu_of(unsigned int cpu)
{
	return cpu < PV_CPUS_MAX ? __atomic_load_n(&cpus[cpu], __ATOMIC_ACQUIRE) : NULL;
}

unsigned int pv_cpu_count(void)
{
	unsigned int n = 1;

	while (n < PV_CPUS_MAX && hypercall_vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
		n++;
	return n;
}

bool pv_cpu_is_running(unsigned int cpu)
{
	struct pv_cpu *c = pv_cpu_of(cpu);

	return c && __atomic_load_n(&c->state, __ATOMIC_SEQ_CST) != PV_CPU_STOPPED;
}

unsigned int pv_cpu_running(void)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < PV_CPUS_MAX; cpu++)
		n += pv_cpu_is_running(cpu);
	return n;
}

/* The shared page has room for the first few only; the others' is in their own page. */
static int info_find(struct pv_cpu *c)
{
	struct vcpu_register_vcpu_info reg;

	if (c->id < XEN_LEGACY_MAX_VCPUS) {
		c->info = &pv_shared_info->vcpu_info[c->id];
		return 0;
	}
	c->info = (struct vcpu_info *)((char *)c + PAGE_SIZE - sizeof(struct vcpu_info));
	reg = (struct vcpu_register_vcpu_info){
		.mfn = virt_to_mfn(c),
		.offset = PAGE_SIZE - sizeof(struct vcpu_info),
	};
	return hypercall_vcpu_op(VCPUOP_register_vcpu_info, c->id, &reg);
}

static int context_set(const struct pv_cpu *c)
{
	struct vcpu_guest_context *context = page_alloc_zero(1);
	int rc;

	_Static_assert(sizeof(*context) <= 2 * PAGE_SIZE, "order 1");
	if (!context)
		return -XEN_ENOMEM;
	arch_cpu_context(context, c);
	rc = hypercall_vcpu_op(VCPUOP_initialise, c->id, context);
	page_free(context, 1);
	return rc;
}

/* A CPU that the hypervisor knows nothing of yet. Its page stays with it for ever. */
static int cpu_make(unsigned int cpu)
{
	size_t bytes = STACK_BYTES;
	struct pv_cpu *c;
	void *stack;
	int rc;

	c = page_alloc_zero(0);
	if (!c)
		return -XEN_ENOMEM;
	stack = thread_stack_alloc(&bytes);
	rc = stack ? 0 : -XEN_ENOMEM;
	c->self = c;
	c->id = cpu;
	c->stack_top = (char *)stack + bytes;
	if (!rc)
		rc = info_find(c);
	if (!rc)
		rc = context_set(c);
	if (!rc)
		rc = pv_cpu_ports(c);
	if (!rc) {
		rc = event_cpu_init(c);
		if (rc)
			pv_cpu_close_ports(c);
	}
	if (!rc) {
		c->info->evtchn_upcall_mask = 1;
		hypercall_vcpu_op(VCPUOP_stop_periodic_timer, cpu, NULL);
		__atomic_store_n(&cpus[cpu], c, __ATOMIC_RELEASE);
		return 0;
	}
	if (stack)
		thread_stack_free(stack, bytes);
	/* A page that the hypervisor writes to is lost. */
	if (cpu < XEN_LEGACY_MAX_VCPUS)
		page_free(c, 0);
	return rc;
}

/* The CPU says that it has stopped a moment before it has: what would come too early is lost. */
static void wait_until_down(unsigned int cpu)
{
	while (hypercall_vcpu_op(VCPUOP_is_up, cpu, NULL) == 1)
		hypercall_sched_op(SCHEDOP_yield, NULL);
}

bool pv_cpus_started(void)
{
	return first.kick_port;
}

int pv_cpu_start(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct pv_cpu *c;
	int rc = 0;

	if (cpu >= PV_CPUS_MAX || hypercall_vcpu_op(VCPUOP_is_up, cpu, NULL) < 0)
		return -XEN_ENOENT;
	if (pv_cpu_is_running(cpu))
		return -XEN_EEXIST;
	if (!first.kick_port)
		rc = pv_cpu_ports(&first);
	if (!rc && !pv_cpu_of(cpu))
		rc = cpu_make(cpu);
	if (rc)
		return rc;
	wait_until_down(cpu);
	c = pv_cpu_of(cpu);
	c->fn = fn;
	c->arg = arg;
	memory_share();
	__atomic_store_n(&c->state, PV_CPU_STARTING, __ATOMIC_RELEASE);
	rc = hypercall_vcpu_op(VCPUOP_up, cpu, NULL);
	if (rc)
		__atomic_store_n(&c->state, PV_CPU_STOPPED, __ATOMIC_RELEASE);
	return rc;
}

void pv_cpu_main(struct pv_cpu *c)
{
	for (;;) {
		if (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == PV_CPU_STARTING) {
			__atomic_store_n(&c->state, PV_CPU_RUNNING, __ATOMIC_RELEASE);
			c->fn(c->arg);
		}
		__atomic_store_n(&c->state, PV_CPU_STOPPED, __ATOMIC_SEQ_CST);
		/* Who has asked before it saw that gets its answer. */
		pv_cpu_run_calls();
		hypercall_vcpu_op(VCPUOP_down, c->id, NULL);
	}
}

void pv_cpu_stop(void)
{
	struct pv_cpu *c = pv_this_cpu();

	if (!c->id)
		pv_panic("pv_cpu_stop: CPU 0 ends by exit()");
	arch_cpu_begin(c);
}

bool pv_cpu_wait(unsigned int cpu, uint64_t deadline_ns)
{
	while (pv_cpu_is_running(cpu)) {
		if (deadline_ns && clock_monotonic_ns() >= deadline_ns)
			return false;
		thread_sleep(WAIT_NS);
	}
	return true;
}

void pv_cpu_idle(uint64_t deadline_ns)
{
	uint64_t timer = timer_next();
	bool any;

	any = event_poll();
	any |= timer_poll();
	if (any)
		return;
	if (!deadline_ns || (timer && timer < deadline_ns))
		deadline_ns = timer;
	event_block(deadline_ns);
	event_poll();
	timer_poll();
}

void pv_cpu_init(struct vcpu_info *shared)
{
	first.info = shared;
	arch_cpu_init(&first);
}
