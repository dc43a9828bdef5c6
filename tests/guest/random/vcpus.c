/* SPDX-License-Identifier: MIT */
/*
 * The vCPUs that make calls. Each has a stack with its struct self at the bottom, found by the stack
 * pointer: segment bases are among what is tried.
 */
#define __XEN_TOOLS__ 1
#include "random.h"

static char stacks[MAX_VCPUS][STACK_BYTES] __attribute__((aligned(STACK_BYTES)));
static vcpu_guest_context_t context;

static struct self *self_of(unsigned id)
{
	return (struct self *)stacks[id];
}

unsigned count_vcpus(void)
{
	unsigned n = 1;

	while (n < MAX_VCPUS && HC(vcpu_op, VCPUOP_is_up, n, 0) >= 0)
		n++;
	return n > 3 ? n - 1 : n;
}

/* Events may come after a block; nothing is done about them. */
static void ignore_event(struct trap_frame *f)
{
	struct vcpu_info *info = &shared_info->vcpu_info[self()->id];

	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	f->rflags &= ~0x200UL;
}

/* NMIs are sent, and the FPU may be taken away for a moment. */
static bool ignore_trap(struct trap_frame *f)
{
	if (f->vector == 7)
		HC(fpu_taskswitch, 0);
	return f->vector == 2 || f->vector == 7;
}

static void __attribute__((noreturn)) run_other(void)
{
	struct self *me = self();

	make_calls();
	__atomic_store_n(&me->ended, true, __ATOMIC_RELEASE);
	for (;;)
		HC(vcpu_op, VCPUOP_down, me->id, 0);
}

static void prepare(unsigned id)
{
	struct self *me = self_of(id);

	me->id = id;
	shared_info->vcpu_info[id].evtchn_upcall_mask = 1;
	me->random = (world.seed + id * 0x10001UL) * 0x9e3779b97f4a7c15UL | 1;
	me->buffer = page_alloc();
	/* As many behind it: long answers at its end are not to change what another asks. */
	for (unsigned i = 1; i < 2 * BUFFERS; i++)
		page_alloc();
}

static void start(unsigned id)
{
	context.flags = VGCF_in_kernel;
	context.user_regs.rip = (uint64_t)run_other;
	context.user_regs.rsp = (uint64_t)stacks[id] + STACK_BYTES - 8;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = (uint64_t)stacks[id] + STACK_BYTES;
	context.event_callback_eip = (uint64_t)event_entry;
	context.failsafe_callback_eip = (uint64_t)failsafe_entry;
	context.syscall_callback_eip = (uint64_t)syscall_entry;
	context.ctrlreg[3] = va_mfn((void *)start_info->pt_base) << 12;
	for (unsigned i = 0; i < 256; i++)
		context.trap_ctxt[i] = (trap_info_t){ .vector = (uint8_t)i, .cs = FLAT_KERNEL_CS,
						      .address = (uint64_t)trap_stubs + 32 * i };
	check(!HC(vcpu_op, VCPUOP_initialise, id, &context) && !HC(vcpu_op, VCPUOP_up, id, 0),
	      "vCPU %u takes part", id);
}

/* They take each other down at times. */
void wake_others(void)
{
	for (unsigned id = 1; id < world.vcpus; id++)
		if (HC(vcpu_op, VCPUOP_is_up, id, 0) == 0)
			HC(vcpu_op, VCPUOP_up, id, 0);
}

static bool others_ended(void)
{
	for (unsigned id = 1; id < world.vcpus; id++)
		if (!__atomic_load_n(&self_of(id)->ended, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

static void __attribute__((used)) run_first(void)
{
	make_calls();
	while (!others_ended()) {
		wake_others();
		HC(sched_op, SCHEDOP_yield, 0);
	}
}

void run_vcpus(void)
{
	uint64_t top = (uint64_t)stacks[0] + STACK_BYTES;

	event_handler = ignore_event;
	trap_handler = ignore_trap;
	for (unsigned id = 0; id < world.vcpus; id++)
		prepare(id);
	for (unsigned id = 1; id < world.vcpus; id++)
		start(id);
	__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; call run_first; mov %%rbx, %%rsp"
			 : "+r"(top) : : "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			 "r11", "memory");
}
