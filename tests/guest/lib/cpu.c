// SPDX-License-Identifier: MIT
/* See cpu.h. Which vCPU runs is found by the stack that it runs on. */
#include "cpu.h"

#define STACK (8 * PAGE)
#define TURNS 2000		/* of spinning before a yield */

static struct {
	uint64_t (*volatile fn)(uint64_t);
	volatile uint64_t arg, result;
	char *stack;
	bool initialised;
} job[TEST_CPUS];

static vcpu_guest_context_t context;

unsigned cpu_count(void)
{
	unsigned n = 1;

	while (n < TEST_CPUS && HC(vcpu_op, VCPUOP_is_up, n, 0) >= 0)
		n++;
	return n;
}

unsigned cpu_self(void)
{
	char here;

	for (unsigned i = 1; i < TEST_CPUS; i++)
		if (job[i].stack && &here >= job[i].stack && &here < job[i].stack + STACK)
			return i;
	return 0;
}

void cpu_relax(void)
{
	static volatile unsigned turns[TEST_CPUS];
	unsigned self = cpu_self();

	__asm__ volatile("pause");
	turns[self] = turns[self] + 1;
	if (turns[self] % TURNS == 0)
		HC(sched_op, SCHEDOP_yield, 0);
}

/* It comes back when somebody brings the vCPU up again, who may have a function for it at once. */
static uint64_t go_down(uint64_t self)
{
	job[self].fn = NULL;
	HC(vcpu_op, VCPUOP_down, self, 0);
	return 0;
}

static void wait_for_jobs(void)
{
	unsigned self = cpu_self();

	for (;;) {
		while (!job[self].fn)
			cpu_relax();
		uint64_t (*fn)(uint64_t) = job[self].fn;
		uint64_t result = fn(job[self].arg);

		if (fn == go_down)
			continue;
		job[self].result = result;
		__atomic_store_n(&job[self].fn, NULL, __ATOMIC_RELEASE);
	}
}

static void *stack_of(unsigned id)
{
	if (!job[id].stack) {
		job[id].stack = page_alloc();
		for (unsigned i = 1; i < STACK / PAGE; i++)
			page_alloc();		/* pages follow each other */
	}
	return job[id].stack;
}

vcpu_guest_context_t *cpu_context(unsigned id, void (*fn)(void))
{
	static const vcpu_guest_context_t none;
	vcpu_guest_context_t *c = &context;

	*c = none;
	c->flags = VGCF_in_kernel;
	c->user_regs.rip = (uint64_t)fn;
	c->user_regs.rsp = (uint64_t)stack_of(id) + STACK - 8;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.ds = FLAT_KERNEL_DS;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = (uint64_t)stack_of(id) + STACK;
	c->event_callback_eip = (uint64_t)event_entry;
	c->failsafe_callback_eip = (uint64_t)failsafe_entry;
	c->syscall_callback_eip = (uint64_t)syscall_entry;
	c->ctrlreg[3] = va_mfn((void *)start_info->pt_base) << 12;
	for (unsigned i = 0; i < 256; i++)
		c->trap_ctxt[i] = (trap_info_t){ .vector = (uint8_t)i, .cs = FLAT_KERNEL_CS,
						 .address = (uint64_t)trap_stubs + 32 * i };
	return c;
}

long cpu_start(unsigned id)
{
	long rc = 0;

	shared_info->vcpu_info[id].evtchn_upcall_mask = 1;
	job[id].fn = NULL;
	if (!job[id].initialised)
		rc = HC(vcpu_op, VCPUOP_initialise, id, cpu_context(id, wait_for_jobs));
	if (rc)
		return rc;
	job[id].initialised = true;
	return HC(vcpu_op, VCPUOP_up, id, 0);
}

void cpu_go(unsigned id, uint64_t (*fn)(uint64_t), uint64_t arg)
{
	job[id].arg = arg;
	__atomic_store_n(&job[id].fn, fn, __ATOMIC_RELEASE);
}

uint64_t cpu_wait(unsigned id)
{
	while (__atomic_load_n(&job[id].fn, __ATOMIC_ACQUIRE))
		cpu_relax();
	return job[id].result;
}

uint64_t cpu_run(unsigned id, uint64_t (*fn)(uint64_t), uint64_t arg)
{
	cpu_go(id, fn, arg);
	return cpu_wait(id);
}

void cpu_stop(unsigned id)
{
	cpu_go(id, go_down, id);
	while (HC(vcpu_op, VCPUOP_is_up, id, 0) == 1)
		HC(sched_op, SCHEDOP_yield, 0);
}
