// SPDX-License-Identifier: MIT
/* User mode: entering it by iret, and what brings control back. */
#include "../lib/test.h"

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

void test_main(void)
{
	trap_info_t gate[2] = { { .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS,
				  .address = (uint64_t)trap_stubs + 32 * 0x80 } };

	user_init(user_start, user_end);
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
	run(user_priv, 0x202, 0, "cli");
	check_eq(trap.vector, 13, "user mode may not cli");
	run(user_step, 0x302, 0, "single step");
	check_eq(trap.vector, 1, "user mode can be single-stepped");
	run(user_kernel, 0x202, 0, "read of the kernel");
	check_eq(trap.vector, 14, "user mode cannot read the kernel");
}
