/* SPDX-License-Identifier: MIT */
/*
 * The three ways that guests go more often than any other: a program's system call and page fault
 * to its kernel, and the kernel's iret back to the program. Here is what they mostly are, an
 * instruction for each thing that has to be done; whatever is unusual goes the long way through C
 * (bounce_syscall(), guest_traps, iret_any()), which starts over and decides by itself. So the
 * short way looks first, and from the point where it changes something it cannot go back.
 *
 * rsp = cpu, r9 = cpu.current, whose own value is in regs.r9; entry.S has the rest.
 */
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/layout.h>
#include <format/trap.h>
#include "entry_regs.h"

	.section .entry.text, "ax", @progbits

	/* An access of the guest's memory; faults go on at `to`. */
	.macro GUEST to, insn:vararg
700:	\insn
	.pushsection __ex_table, "a"
	.balign 4
	.long 700b - ., \to - .
	.popsection
	.endm

	/* To `to` when what is at reg, and a few words above, may be ours; as guest_va_is_ours(). */
	.macro IF_OURS reg, scratch, to
	mov \reg, \scratch
	shr $43, \scratch
	cmp $(HV_VIRT_START >> 43), \scratch
	je \to
	.endm

	/* The vCPU's domain sees its I/O privilege level in rflags: seldom, and so not here. */
	.macro IF_IOPL_SHOWN scratch, to
	mov VCPU_DOMAIN(%r9), \scratch
	testl $VM_ASSIST_IOPL, DOMAIN_VM_ASSIST(\scratch)
	jnz \to
	.endm

	/* The kernel's mode and tables; rsp, the frame's lower end and its handler are the caller's. */
	.macro TO_KERNEL scratch
	movb $1, VCPU_KERNEL_MODE(%r9)
	swapgs
	mov VCPU_GUEST_TABLE(%r9), \scratch
	shl $12, \scratch
	mov \scratch, %cr3
	.endm

	/* The last step: rax = the frame's lower end, rcx = the handler, r11 = rflags for it. */
	.macro INTO_KERNEL
	mov %rax, REGS_RSP(%rsp)
	mov REGS_RAX(%rsp), %rax
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R9(%rsp), %r9
	mov REGS_RSP(%rsp), %rsp
	sysretq
	.endm

/* ---- a program's system call: rcx = its rip, r11 = its rflags ------------------------- */

	.balign 16
	.globl user_syscall
	.hidden user_syscall
user_syscall:
	mov %rax, REGS_RAX(%rsp)
	mov %rdx, REGS_RDX(%rsp)
	mov VCPU_INFO(%r9), %rdx
	cmpb $0, INFO_UPCALL_MASK(%rdx)
	jne syscall_long
	cmpb $0, VCPU_SYSCALL_MASKS(%r9)
	je syscall_long
	cmpq $0, VCPU_SYSCALL_RIP(%r9)
	je syscall_long
	IF_IOPL_SHOWN %rax, syscall_long
	mov VCPU_KERNEL_SP(%r9), %rax
	and $~15, %rax
	sub $(7 * 8), %rax
	IF_OURS %rax, %rdx, syscall_long

	/* point of no return */
	TO_KERNEL %rdx
	mov REGS_RSP(%rsp), %rdx
	SMAP_SITE SMAP_STAC
	GUEST syscall_no_stack, mov %rcx, (%rax)
	GUEST syscall_no_stack, mov %r11, 8(%rax)
	GUEST syscall_no_stack, mov %rcx, 16(%rax)
	GUEST syscall_no_stack, movq $GUEST_CS64, 24(%rax)
	/* IF is set and IOPL 0, as the guest shall see them. */
	GUEST syscall_no_stack, mov %r11, 32(%rax)
	GUEST syscall_no_stack, mov %rdx, 40(%rax)
	GUEST syscall_no_stack, movq $GUEST_DS, 48(%rax)
	SMAP_SITE SMAP_CLAC
	mov VCPU_INFO(%r9), %rdx
	movb $1, INFO_UPCALL_MASK(%rdx)
	and $~(FLAGS_AC | FLAGS_VM | FLAGS_RF | FLAGS_NT | FLAGS_TF | FLAGS_DF), %r11d
	mov VCPU_SYSCALL_RIP(%r9), %rcx	/* canonical, as all that registers one has looked */
	INTO_KERNEL

syscall_long:
	mov REGS_RAX(%rsp), %rax
	mov REGS_RDX(%rsp), %rdx
	SAVE_CALL
	mov %rcx, REGS_RCX(%rsp)
	mov %r11, REGS_R11(%rsp)
	movw $GUEST_CS64, REGS_CS(%rsp)
	movw $GUEST_DS, REGS_SS(%rsp)
	mov %r9, %rdi
	mov %rsp, %rsi
	call bounce_syscall
	jmp exit_to_guest

syscall_no_stack:
	mov %rcx, REGS_RIP(%rsp)
	mov %r11, REGS_RFLAGS(%rsp)
	movq $ENTRY_SYSRET, REGS_ERROR_CODE(%rsp)
	mov VCPU_SYSCALL_RIP(%r9), %rcx
no_stack:				/* rax: the place, rcx: the handler */
	SMAP_SITE SMAP_CLAC
	orl $ENTRY_LIVE, REGS_ERROR_CODE(%rsp)
	mov %rdi, REGS_RDI(%rsp)
	mov %rsi, REGS_RSI(%rsp)
	mov %r8, REGS_R8(%rsp)
	mov %r10, REGS_R10(%rsp)
	mov %r9, %rdi
	mov %rax, %rsi
	mov %rcx, %rdx
	call bounce_no_stack
	jmp exit_to_guest

/* ---- a page fault, perhaps a program's: rsp = &regs.error_code, as the CPU and the stub left it ---- */

	.balign 16
	.globl page_fault_entry
	.hidden page_fault_entry
page_fault_entry:
	cld
	CLOSE_GUEST_MEMORY
	/* Not the hypervisor's own, and not one of those that only look like the supervisor's (far.c). */
	testb $SELECTOR_RPL, REGS_CS - REGS_ERROR_CODE(%rsp)
	jz exception_entry
	testb $PF_USER, (%rsp)
	jz exception_entry
	sub $REGS_ERROR_CODE, %rsp
	mov %r9, REGS_R9(%rsp)
	mov CPU_CURRENT(%rsp), %r9
	cmpb $0, VCPU_KERNEL_MODE(%r9)
	jne kernel_fault
	mov %rax, REGS_RAX(%rsp)
	mov %rcx, REGS_RCX(%rsp)
	mov %rdx, REGS_RDX(%rsp)
	mov %r11, REGS_R11(%rsp)
	mov VCPU_INFO(%r9), %rdx
	cmpb $0, INFO_UPCALL_MASK(%rdx)
	jne fault_long
	mov VCPU_TRAP_TABLE(%r9), %rcx
	testb $GATE_MASKS, GATE_PF_FLAGS(%rcx)
	jz fault_long
	mov GATE_PF_ADDRESS(%rcx), %rcx	/* canonical, as all that sets one has looked */
	test %rcx, %rcx
	jz fault_long
	IF_IOPL_SHOWN %rax, fault_long
	mov %cr2, %r11
	IF_OURS %r11, %rax, fault_long	/* a page of the LDT's window */
	mov VCPU_KERNEL_SP(%r9), %rax
	and $~15, %rax
	sub $(8 * 8), %rax
	IF_OURS %rax, %rdx, fault_long

	/* point of no return */
	mov VCPU_INFO(%r9), %rdx
	mov %r11, VCPU_CR2(%r9)
	mov %r11, INFO_CR2(%rdx)
	movb $1, INFO_UPCALL_MASK(%rdx)
	TO_KERNEL %rdx
	SMAP_SITE SMAP_STAC
	mov REGS_RCX(%rsp), %rdx
	GUEST no_stack, mov %rdx, (%rax)
	mov REGS_R11(%rsp), %rdx
	GUEST no_stack, mov %rdx, 8(%rax)
	mov REGS_ERROR_CODE(%rsp), %edx
	GUEST no_stack, mov %rdx, 16(%rax)
	mov REGS_RIP(%rsp), %rdx
	GUEST no_stack, mov %rdx, 24(%rax)
	movzwl REGS_CS(%rsp), %edx
	GUEST no_stack, mov %rdx, 32(%rax)
	mov REGS_RFLAGS(%rsp), %r11
	GUEST no_stack, mov %r11, 40(%rax)
	mov REGS_RSP(%rsp), %rdx
	GUEST no_stack, mov %rdx, 48(%rax)
	movzwl REGS_SS(%rsp), %edx
	GUEST no_stack, mov %rdx, 56(%rax)
	SMAP_SITE SMAP_CLAC
	and $~(FLAGS_AC | FLAGS_VM | FLAGS_RF | FLAGS_NT | FLAGS_TF), %r11d
	INTO_KERNEL

fault_long:
	mov REGS_RAX(%rsp), %rax
	mov REGS_RCX(%rsp), %rcx
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R11(%rsp), %r11
kernel_fault:
	mov REGS_R9(%rsp), %r9
	add $REGS_ERROR_CODE, %rsp
	jmp exception_entry

/* ---- the iret hypercall ----------------------------------------------------------------
 * To a program, or back into the kernel. Selectors may be any of the guest's tables: iretq looks at
 * them. rcx and r11 are the frame's in the end; until then they are as the hypercall left them.
 */

	/* r8 = rflags. Who sends an event from now on sees whether it is taken; one that came
	 * before shows here. */
	.macro IRET_EVENTS
	mov VCPU_INFO(%r9), %rax
	test $FLAGS_IF, %r8d
	setz INFO_UPCALL_MASK(%rax)
	cmpw $1, (%rax)			/* pending 1, mask 0 */
	je iret_close
	.endm

	.macro TO_PROGRAM
	movb $0, VCPU_KERNEL_MODE(%r9)
	swapgs
	mov VCPU_USER_TABLE(%r9), %rdx
	shl $12, %rdx
	mov %rdx, %cr3
	.endm

	/* rdi = struct iret_context, each word of which is read once; r8 = its rflags. */
	.macro IRET_FRAME
	and $~(FLAGS_IOPL | FLAGS_VM), %r8d
	or $(FLAGS_IF | FLAGS_MBS), %r8d
	mov %r8, REGS_RFLAGS(%rsp)
	GUEST iret_close, mov IRET_RIP(%rdi), %r8
	mov %r8, REGS_RIP(%rsp)
	GUEST iret_close, movzwl IRET_SS(%rdi), %r8d
	or $SELECTOR_RPL, %r8d
	mov %r8, REGS_SS(%rsp)
	GUEST iret_close, mov IRET_RSP(%rdi), %r8
	GUEST iret_close, mov IRET_R11(%rdi), %r11
	GUEST iret_close, mov IRET_RCX(%rdi), %rcx
	GUEST iret_close, mov IRET_RAX(%rdi), %rax
	SMAP_SITE SMAP_CLAC

	/* point of no return */
	mov %r8, REGS_RSP(%rsp)
	.endm

	.macro IRET_LEAVE
	mov REGS_RDI(%rsp), %rdi
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R8(%rsp), %r8
	mov REGS_R9(%rsp), %r9
	add $REGS_RIP, %rsp
	jmp entry_iretq
	.endm

	.balign 16
	.globl quick_iret
	.hidden quick_iret
quick_iret:
	mov %rdi, REGS_RDI(%rsp)
	mov %rdx, REGS_RDX(%rsp)
	mov %r8, REGS_R8(%rsp)
	mov REGS_RSP(%rsp), %rdi
	IF_OURS %rdi, %rdx, iret_long
	cmpb $0, recursive_tops(%rip)
	jne iret_long
	IF_IOPL_SHOWN %rdx, iret_long
	cmpb $0, VCPU_NMI_MASKED(%r9)
	jne iret_long
	cmpl $0, CPU_WORK(%rsp)
	jne iret_long
	SMAP_SITE SMAP_STAC
	GUEST iret_close, testl $VGCF_IN_SYSCALL, IRET_FLAGS(%rdi)
	jnz iret_in_syscall
	GUEST iret_close, movzwl IRET_CS(%rdi), %edx
	GUEST iret_close, mov IRET_RFLAGS(%rdi), %r8
	IRET_EVENTS
	/* eax = the selector for the CPU, which the frame's is only for a program */
	mov %edx, %eax
	or $SELECTOR_RPL, %eax
	mov %rax, REGS_CS(%rsp)
	cmp %eax, %edx
	jne iret_to_kernel
	cmpq $0, VCPU_USER_TABLE(%r9)
	je iret_close
	IRET_FRAME
	TO_PROGRAM
	IRET_LEAVE

iret_to_kernel:
	IRET_FRAME
	IRET_LEAVE

/* By sysret, which leaves rip in rcx and rflags in r11: to a program in the flat segments. */
iret_in_syscall:
	GUEST iret_close, movzwl IRET_CS(%rdi), %edx
	cmp $GUEST_CS64, %edx
	jne iret_close
	GUEST iret_close, movzwl IRET_SS(%rdi), %edx
	cmp $GUEST_DS, %edx
	jne iret_close
	cmpq $0, VCPU_USER_TABLE(%r9)
	je iret_close
	GUEST iret_close, mov IRET_RFLAGS(%rdi), %r8
	IRET_EVENTS
	and $~(FLAGS_IOPL | FLAGS_VM), %r8d
	or $(FLAGS_IF | FLAGS_MBS), %r8d
	GUEST iret_close, mov IRET_RIP(%rdi), %rdx
	mov %rdx, %rax
	shr $47, %rax			/* sysret faults in ring 0 when rip is not canonical */
	jnz iret_close
	GUEST iret_close, mov IRET_RSP(%rdi), %r11
	GUEST iret_close, mov IRET_RAX(%rdi), %rax
	SMAP_SITE SMAP_CLAC

	/* point of no return */
	mov %rdx, %rcx
	mov %r11, REGS_RSP(%rsp)
	mov %r8, %r11
	TO_PROGRAM
	mov REGS_RDI(%rsp), %rdi
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R8(%rsp), %r8
	mov REGS_R9(%rsp), %r9
	mov REGS_RSP(%rsp), %rsp
	sysretq

/* As any other hypercall, after all. */
iret_close:
	SMAP_SITE SMAP_CLAC
iret_long:
	mov REGS_RDI(%rsp), %rdi
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R8(%rsp), %r8
	mov $__HYPERVISOR_iret, %eax
	jmp hypercall

	.globl do_iret
	.hidden do_iret
do_iret:
	add $8, %rsp			/* it does not return: rsp = cpu */
	call iret_any
	jmp exit_to_guest

	.section .note.GNU-stack, "", @progbits
