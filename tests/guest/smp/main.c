// SPDX-License-Identifier: MIT
/*
 * A second vCPU: initialised, brought up, met by IPIs and polls, taken down and up again. Runs in a
 * domain with vcpus=2 (dom0 with dom0_max_vcpus=2); with one vCPU it says so and ends.
 */
#include "../lib/registers.h"
#include "../lib/cpu.h"
#include "../lib/port.h"

#include <xen/xen.h>

const char test_name[] = "smp";

static volatile uint64_t other_runs, other_stop, other_changed;
static volatile uint32_t ping_port, pong_port;
static vcpu_guest_context_t context;
static char other_stack[8192] __attribute__((aligned(16)));
static struct vcpu_runstate_info runstate;

static long vcpu_op(unsigned cmd, unsigned id, void *arg)
{
	return HC(vcpu_op, cmd, id, arg);
}

/* What vCPU 1 does: counts, answers each ping with a pong, and goes down when told. */
static void __attribute__((noreturn)) other_main(void)
{
	other_runs++;
	port_send(pong_port);
	for (;;) {
		port_wait(ping_port);
		if (other_stop)
			HC(vcpu_op, VCPUOP_down, 1, 0);
		other_runs++;
		other_changed += registers_changed(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, other_runs);
		port_send(pong_port);
	}
}

static void fill_context(void)
{
	context.flags = VGCF_in_kernel;
	context.user_regs.rip = (uint64_t)other_main;
	context.user_regs.rsp = (uint64_t)other_stack + sizeof(other_stack) - 8;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.user_regs.ds = FLAT_KERNEL_DS;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = (uint64_t)other_stack + sizeof(other_stack);
	context.event_callback_eip = (uint64_t)event_entry;
	context.failsafe_callback_eip = (uint64_t)failsafe_entry;
	context.syscall_callback_eip = (uint64_t)syscall_entry;
	context.ctrlreg[3] = va_mfn((void *)start_info->pt_base) << 12;
}

static void life(void)
{
	unsigned changed = 0;

	fill_context();
	note("up before it is initialised: %ld", vcpu_op(VCPUOP_up, 1, NULL));
	context.user_regs.rflags = 0x202;
	context.ctrlreg[3] = ~0UL << 12;
	note("initialise with a wrong cr3: %ld", vcpu_op(VCPUOP_initialise, 1, &context));
	fill_context();
	check_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), 0, "vCPU 1 is initialised");
	note("initialise again: %ld", vcpu_op(VCPUOP_initialise, 1, &context));
	note("is up: %ld", vcpu_op(VCPUOP_is_up, 1, NULL));
	check_eq((uint64_t)vcpu_op(VCPUOP_up, 1, NULL), 0, "vCPU 1 goes up");
	note("is up: %ld", vcpu_op(VCPUOP_is_up, 1, NULL));
	port_wait(pong_port);
	check_eq(other_runs, 1, "it runs");
	for (unsigned i = 0; i < 100; i++) {
		port_send(ping_port);
		changed += registers_changed(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, ~(uint64_t)i);
		port_wait(pong_port);
	}
	check_eq(other_runs, 101, "100 IPIs go forth and back");
	check_eq(other_changed + changed, 0, "yields to one another keep registers");
	note("runstate of the other: %ld", vcpu_op(VCPUOP_get_runstate_info, 1, &runstate));
	note("send_nmi to the other: %ld", vcpu_op(VCPUOP_send_nmi, 1, NULL));
	note("single shot of the other: %ld", vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL));
}

static void down_and_up(void)
{
	other_stop = 1;
	port_send(ping_port);
	while (vcpu_op(VCPUOP_is_up, 1, NULL) == 1)
		HC(sched_op, SCHEDOP_yield, 0);
	check_eq((uint64_t)vcpu_op(VCPUOP_is_up, 1, NULL), 0, "vCPU 1 goes down by itself");
	note("down again: %ld", vcpu_op(VCPUOP_down, 1, NULL));
	other_stop = 0;
	check_eq((uint64_t)vcpu_op(VCPUOP_up, 1, NULL), 0, "vCPU 1 goes up where it went down");
	port_wait(pong_port);
	check_eq(other_runs, 102, "it runs again");
	note("down by the other: %ld", vcpu_op(VCPUOP_down, 1, NULL));
	note("is up: %ld", vcpu_op(VCPUOP_is_up, 1, NULL));
}

/* The new vCPU's tables must be validated, with an event waiting, in pieces that are taken up again. */
static void context_zero(void)
{
	static vcpu_guest_context_t zero;
	uint64_t *l3 = page_alloc(), *l4 = page_alloc();

	l4[3] = va_mfn(l3) << 12 | P_P;
	make_readonly(l3);
	make_readonly(l4);
	zero.flags = VGCF_in_kernel;
	zero.ctrlreg[3] = va_mfn(l4) << 12;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	note("initialise with an event waiting: %ld", vcpu_op(VCPUOP_initialise, 2, &zero));
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
}

#define NO_ADDRESS 0x800000000000UL	/* not canonical */

static void never(void)
{
	check(false, "a vCPU with a bad context does not run");
	for (;;)
		;
}

static long try_context(const vcpu_guest_context_t *c)
{
	return vcpu_op(VCPUOP_initialise, 2, (void *)c);
}

/* Each of these is refused, and the vCPU can still be initialised. */
static void bad_contexts(void)
{
	vcpu_guest_context_t *c;

	note("a context that cannot be read: %ld", try_context((void *)0x7000000000UL));
	note("a context at no address: %ld", try_context((void *)NO_ADDRESS));
	c = cpu_context(2, never);
	c->ctrlreg[3] = 0;
	note("cr3 of frame 0: %ld", try_context(c));
	c = cpu_context(2, never);
	c->ctrlreg[3] = va_mfn(c) << 12;
	note("cr3 of a page of data: %ld", try_context(c));
	c = cpu_context(2, never);
	c->gdt_ents = 8193;
	note("too many descriptors: %ld", try_context(c));
	c = cpu_context(2, never);
	c->gdt_ents = 512;
	c->gdt_frames[0] = ~0UL >> 12;
	note("a descriptor table that is no memory: %ld", try_context(c));
	c = cpu_context(2, never);
	c->gdt_ents = 512;
	c->gdt_frames[0] = va_mfn((void *)start_info->pt_base);
	note("a descriptor table that is a page table: %ld", try_context(c));
	c = cpu_context(2, never);
	c->event_callback_eip = NO_ADDRESS;
	note("an event callback at no address: %ld", try_context(c));
	c = cpu_context(2, never);
	c->failsafe_callback_eip = NO_ADDRESS;
	note("a failsafe callback at no address: %ld", try_context(c));
	c = cpu_context(2, never);
	c->ldt_base = NO_ADDRESS;
	c->ldt_ents = 1;
	note("a local table at no address: %ld", try_context(c));
	c = cpu_context(2, never);
	c->ldt_ents = 8193;
	note("too many local descriptors: %ld", try_context(c));
	c = cpu_context(2, never);
	c->gs_base_kernel = NO_ADDRESS;
	note("a GS base that is no address: %ld", try_context(c));
	note("is up: %ld", vcpu_op(VCPUOP_is_up, 2, NULL));
	note("up: %ld", vcpu_op(VCPUOP_up, 2, NULL));
	note("a vCPU that is not there: %ld", vcpu_op(VCPUOP_initialise, 31, cpu_context(2, never)));
	note("one far beyond: %ld", vcpu_op(VCPUOP_initialise, ~0U, cpu_context(2, never)));
	note("up of one that is not there: %ld", vcpu_op(VCPUOP_up, 31, NULL));
	note("down of one that is not there: %ld", vcpu_op(VCPUOP_down, 31, NULL));
	note("an operation that is not there: %ld", vcpu_op(77, 1, NULL));
}

/* Up and down, as fast as can be, from both sides. */
static void many_lives(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < 50; i++) {
		bad += cpu_start(3) != 0;
		if (i & 1)
			cpu_stop(3);
		else
			bad += vcpu_op(VCPUOP_down, 3, NULL) != 0;
		bad += vcpu_op(VCPUOP_is_up, 3, NULL) != 0;
		if (!(i & 1)) {
			vcpu_op(VCPUOP_up, 3, NULL);
			cpu_stop(3);
		}
	}
	check_eq(bad, 0, "a vCPU goes up and down many times");
	note("initialise once it has lived: %ld", vcpu_op(VCPUOP_initialise, 3, cpu_context(3, never)));
}

static void swallow(struct trap_frame *f)
{
	(void)f;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

void test_main(void)
{
	if (vcpu_op(VCPUOP_is_up, 1, NULL) < 0) {
		print("# one vCPU: nothing to do");
		return;
	}
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	event_handler = swallow;
	ping_port = port_bind_ipi(1);
	pong_port = port_bind_ipi(0);
	life();
	down_and_up();
	if (vcpu_op(VCPUOP_is_up, 2, NULL) < 0)
		return;
	bad_contexts();
	context_zero();
	if (vcpu_op(VCPUOP_is_up, 3, NULL) >= 0)
		many_lives();
}
