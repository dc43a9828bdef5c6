// SPDX-License-Identifier: MIT
/* User mode: entering it by iret, and what brings control back; end=HOW, the kernel's end by a bad stack. */
#include "../lib/test.h"

#include <xen/callback.h>

const char test_name[] = "usermode";

extern const char user_start[], user_end[], user_ud[], user_int80[], user_fault[], user_priv[],
	user_step[], user_kernel[];

/* Runs at USER_CODE; position independent. */
__asm__(".globl user_start, user_end, user_ud, user_int80, user_fault, user_priv, user_step, user_kernel\n"
	"user_start: mov $42, %eax; syscall\n"
	"user_ud: ud2\n"
	"user_int80: int $0x80\n"
	"user_fault: movb $0, 0x5000\n"
	"user_priv: cli\n"
	"user_step: nop; nop\n"
	"user_kernel: mov 0x100000, %rax\n"
	"user_end:");

static void run(const char *at, uint64_t rflags, uint64_t flags, const char *what)
{
	user_run((uint64_t)(at - user_start), rflags, flags);
	note("%s: vector %#lx error %#lx rip +%lu cs %#lx ss %#lx rflags %#lx", what,
	     (unsigned long)trap.vector, (unsigned long)trap.error,
	     (unsigned long)(trap.rip - USER_CODE), (unsigned long)trap.cs,
	     (unsigned long)trap.ss, (unsigned long)(trap.rflags & ~0x8d5UL));
}

static bool masked;		/* whether events were, when the handler began */

static bool look_at_mask(struct trap_frame *f)
{
	(void)f;
	masked = shared_info->vcpu_info[0].evtchn_upcall_mask;
	return false;
}

static void run_masking(const char *at, uint64_t rflags, uint64_t flags, const char *what)
{
	run(at, rflags, flags, what);
	note("%s: cr2 %#lx, events masked %u, then %u", what, (unsigned long)trap_cr2, masked,
	     shared_info->vcpu_info[0].evtchn_upcall_mask);
}

/* Handlers as Linux has them: entered with events masked. */
static void set_masking_handlers(void)
{
	struct callback_register callback = { .type = CALLBACKTYPE_syscall,
					      .flags = CALLBACKF_mask_events,
					      .address = (uint64_t)syscall_entry };
	trap_info_t gate[2] = { { .vector = 14, .flags = 4, .cs = FLAT_KERNEL_CS,
				  .address = (uint64_t)trap_stubs + 32 * 14 } };

	check_eq((uint64_t)HC(callback_op, CALLBACKOP_register, &callback), 0,
		 "a callback that masks events is accepted");
	HC(set_trap_table, gate);
}

static void masking_handlers(void)
{
	set_masking_handlers();
	trap_handler = look_at_mask;
	run_masking(user_start, 0x202, 0, "syscall, masking");
	check_eq(trap.rax, 42, "registers pass through to a handler that masks events");
	check_eq(masked, 1, "events are masked in it");
	run_masking(user_start, 0x602, 0, "syscall, masking, backwards");
	run_masking(user_start, 0x202, VGCF_in_syscall, "syscall, masking, after sysret");
	run_masking(user_start, 0x2, 0, "syscall, masking, masked before");
	run_masking(user_fault, 0x202, 0, "store to unmapped, masking");
	check_eq(masked, 1, "events are masked in the handler of a page fault");
	check_eq(trap_cr2, 0x5000, "which knows the address");
	run_masking(user_fault, 0x602, 0, "store to unmapped, masking, backwards");
	run_masking(user_fault, 0x202, VGCF_in_syscall, "store to unmapped, masking, after sysret");
	run_masking(user_fault, 0x2, 0, "store to unmapped, masking, masked before");
	run_masking(user_kernel, 0x202, 0, "read of the kernel, masking");
	trap_handler = NULL;
}

/* Nothing can be stored there: not mapped, the hypervisor's, no address at all. */
static const uint64_t bad_stack[] = { 0x700000000000, 0xffff800000001000, 0x900000000000 };

/* By a system call or a fault (how[0]), on bad_stack[how[1]]: the kernel's end, as machine_test.py wants it. */
static void end_without_stack(const char *how)
{
	set_masking_handlers();
	HC(stack_switch, FLAT_KERNEL_SS, bad_stack[(how[1] - '0') % 3u]);
	run(how[0] == 's' ? user_start : user_fault, 0x202, 0, "without a stack");
	check(false, "the kernel has ended");
}

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;
	trap_info_t gate[2] = { { .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS,
				  .address = (uint64_t)trap_stubs + 32 * 0x80 } };

	user_init(user_start, user_end);
	if (!__builtin_strncmp(line, "end=", 4))
		end_without_stack(line + 4);
	run(user_start, 0x202, 0, "syscall");
	check_eq(trap.vector, VECTOR_SYSCALL, "a system call reaches the callback");
	check_eq(trap.rax, 42, "registers pass through");
	run(user_start, 0x202, VGCF_in_syscall, "syscall after a return by sysret");
	check_eq(trap.vector, VECTOR_SYSCALL, "a return by sysret works");
	run(user_ud, 0x202, 0, "ud2");
	check_eq(trap.vector, 6, "an exception of user mode reaches the kernel");
	check_eq(trap.cs & 3, 3, "the user's cs has RPL 3");
	run(user_int80, 0x202, 0, "int 0x80, gate of the kernel's");
	HC(set_trap_table, gate);
	run(user_int80, 0x202, 0, "int 0x80, gate of the user's");
	check_eq(trap.vector, 0x80, "int n through a gate of the user's works");
	run(user_fault, 0x202, 0, "store to unmapped");
	check_eq(trap.vector, 14, "a page fault of user mode");
	check_eq(trap_cr2, 0x5000, "with its address");
	check_eq(trap.error, 6, "and the user bit");
	run(user_start, 0x2, 0, "syscall with events masked");
	check_eq(trap.vector, VECTOR_SYSCALL, "a system call with events masked");
	run(user_fault, 0x2, 0, "store to unmapped with events masked");
	check_eq(trap.vector, 14, "a page fault with events masked");
	run(user_fault, 0x602, VGCF_in_syscall, "store to unmapped after sysret, backwards");
	check_eq(trap.vector, 14, "a page fault after a return by sysret");
	run(user_priv, 0x202, 0, "cli");
	check_eq(trap.vector, 13, "user mode may not cli");
	run(user_step, 0x302, 0, "single step");
	check_eq(trap.vector, 1, "user mode can be single-stepped");
	run(user_kernel, 0x202, 0, "read of the kernel");
	check_eq(trap.vector, 14, "user mode cannot read the kernel");
	masking_handlers();
}
