/* SPDX-License-Identifier: MIT */
/*
 * Every way from a guest into the hypervisor, and the one way back.
 *
 * The guest's registers always lie in cpu.regs (struct cpu_user_regs), at the top
 * of the CPU's stack: the CPU itself (exceptions, interrupts: TSS.rsp0) or the
 * system-call stub puts rsp at &regs.es, and what follows pushes downwards:
 *
 *     regs.es  <- rsp at entry; a system call begins at its rsp, and pushes nothing
 *     ss rsp rflags cs rip      pushed by the CPU, or by the stub
 *     error_code, entry_vector  one quadword
 *     rdi rsi rdx rcx rax r8 r9 r10 r11 rbx rbp r12 r13 r14 r15  <- rsp = cpu
 *
 * Interrupts stay off all the time. Two flags in error_code, above all that the CPU puts there:
 *
 *     ENTRY_SYSRET  the guest may go back by `sysret`, to the flat segments: rcx, r11, cs and ss are
 *                   void, and so are their places in regs. It has ENTRY_LIVE, too.
 *     ENTRY_LIVE    rbx, rbp, r12 to r15 are the guest's in the CPU itself, as C keeps them; their
 *                   places in regs may be void. What needs them there calls SAVE_LIVE first.
 *
 * So a hypercall stores and loads no register that it does not use.
 */
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/layout.h>
#include "entry_regs.h"

	.section .entry.text, "ax", @progbits

	/* One stub a CPU: to its own stack, what the guest's was saved as `syscall` saves nothing. */
	.macro SYSCALL_STUBS entry
	.set cpu, 0
	.rept MAX_CPUS
	mov %rsp, syscall_stacks + 64 * cpu(%rip)
	mov syscall_stacks + 64 * cpu + 8(%rip), %rsp
	push syscall_stacks + 64 * cpu(%rip)
	jmp \entry
	.balign 32
	.set cpu, cpu + 1
	.endr
	.endm

/* ---- system calls --------------------------------------------------------------
 * `syscall` changes no stack: each CPU has a stub of its own that knows where its
 * stack is. The guest's rip is in rcx, its rflags in r11.
 */
	.balign 32
	.globl syscall_stubs
	.hidden syscall_stubs
syscall_stubs:
	SYSCALL_STUBS syscall_entry

syscall_entry:
	sub $REGS_RSP, %rsp
	mov %r9, REGS_R9(%rsp)
	mov CPU_CURRENT(%rsp), %r9
	cmpb $0, VCPU_KERNEL_MODE(%r9)
	je user_syscall
	cmp $__HYPERVISOR_iret, %rax
	je quick_iret

	/* A hypercall: rax the number, rdi rsi rdx r10 r8 the arguments. */
	.globl hypercall
	.hidden hypercall
hypercall:
	SAVE_CALL
	movl $HYPERCALL_BUDGET_START, CPU_BUDGET(%rsp)
	cmp $NR_HYPERCALL_SLOTS, %rax
	jae no_hypercall
	and $(NR_HYPERCALL_SLOTS - 1), %eax	/* speculation, too, stays inside */
	lea hypercall_table(%rip), %r11
	mov %r10, %rcx
	call *(%r11, %rax, 8)
	cmp $-ERESTART, %rax
	je restart_hypercall
/*
 * The way back of most, with the result in rax. Where to is where it came from: iret alone changes
 * that, and has a way of its own (quick.S; in a list of calls it makes work). So sysret can only meet one
 * address that is not canonical, behind a hypercall at the end of the lower half.
 */
hypercall_done:
	mov CPU_CURRENT(%rsp), %rcx
	mov VCPU_INFO(%rcx), %rcx
	cmpl $0, CPU_WORK(%rsp)
	jne hypercall_work
	cmpw $1, (%rcx)			/* evtchn_upcall_pending 1, evtchn_upcall_mask 0 */
	je hypercall_events
	cmpl $(1 << (47 - 32)), REGS_RIP + 4(%rsp)
	je hypercall_far
	LOAD_ARGS_BUT_RAX
	mov REGS_RIP(%rsp), %rcx
	mov REGS_RFLAGS(%rsp), %r11
	mov REGS_RSP(%rsp), %rsp
	sysretq

hypercall_work:
	mov %rax, REGS_RAX(%rsp)
	jmp exit_work
hypercall_events:
	mov %rax, REGS_RAX(%rsp)
	jmp exit_events
hypercall_far:
	mov %rax, REGS_RAX(%rsp)
	jmp restore_far

/* The way back; rsp = cpu. Is there work? Are events pending and not masked? */
	.globl exit_to_guest
	.hidden exit_to_guest
exit_to_guest:
	mov CPU_CURRENT(%rsp), %rcx
	mov VCPU_INFO(%rcx), %rcx
	cmpl $0, CPU_WORK(%rsp)
	jne exit_work
	cmpw $1, (%rcx)			/* evtchn_upcall_pending 1, evtchn_upcall_mask 0 */
	je exit_events
restore:
	IF_NOT ENTRY_SYSRET, restore_iret
	/* sysret faults in ring 0 when rip is not canonical: such a one takes the other way. */
	mov REGS_RIP(%rsp), %rcx
	movabs $(1 << 47), %r11
	add %rcx, %r11
	shr $48, %r11
	jnz restore_far
	LOAD_ARGS
	mov REGS_RFLAGS(%rsp), %r11
	mov REGS_RSP(%rsp), %rsp
	sysretq

restore_far:
	FILL_VOID
restore_iret:
	IF_NOT ENTRY_LIVE, restore_all
restore_live:
	LOAD_ARGS
	mov REGS_RCX(%rsp), %rcx
	mov REGS_R11(%rsp), %r11
	add $REGS_RIP, %rsp
	.globl entry_iretq
	.hidden entry_iretq
entry_iretq:
	iretq
	.pushsection __ex_table, "a"
	.balign 4
	.long entry_iretq - ., iretq_fault - .
	.popsection
restore_all:
	LOAD_LIVE
	jmp restore_live

/* The guest's own frame does not load (a selector, a return address): as the exception
 * handler fixed up, we are here with the guest's registers and the frame still on the stack. */
iretq_fault:
	push $0
	PUSH_REGS
	mov %rsp, %rdi
	call entry_bad_frame
	jmp exit_to_guest

exit_events:
	IF_NOT ENTRY_SYSRET, 1f
	FILL_VOID
1:	mov CPU_CURRENT(%rsp), %rdi
	mov %rsp, %rsi
	call bounce_events
	cmpl $0, CPU_WORK(%rsp)
	je restore
exit_work:
	IF_NOT ENTRY_LIVE, 1f
	SAVE_LIVE
	IF_NOT ENTRY_SYSRET, 1f
	FILL_VOID
1:	call exit_do_work		/* may switch to another vCPU, and runs the idle loop */
	LOAD_LIVE
	jmp exit_to_guest

no_hypercall:
	mov $-ENOSYS_XEN, %rax
	jmp hypercall_done
restart_hypercall:
	subq $SYSCALL_LEN, REGS_RIP(%rsp)	/* regs.rax still has the number */
	jmp exit_to_guest

/* Compatibility mode: no guest code of this ABI's 64-bit kernels enters here but 32-bit user
 * programs; they get the callback that their kernel registered. */
	.balign 32
	.globl syscall32_stubs
	.hidden syscall32_stubs
syscall32_stubs:
	SYSCALL_STUBS syscall32_entry
syscall32_entry:
	movq $GUEST_DS, 8(%rsp)
	push %r11
	push $GUEST_CS32
	push %rcx
	push $0
	PUSH_REGS
	mov CPU_CURRENT(%rsp), %rdi
	mov %rsp, %rsi
	call bounce_syscall32
	jmp exit_to_guest

/* sysenter, from 32-bit programs where the CPU is not AMD's. rsp is &regs.es of this CPU, by the MSR.
 * It tells neither rsp nor rip: their kernel has agreed on both with the program. The flags but IF are
 * the program's; NT would spoil the iretq to come. With TF each instruction brings a #DB, up to
 * sysenter_flags_saved: there its handler clears it.
 */
	.balign 32
	.globl sysenter_entry
	.hidden sysenter_entry
sysenter_entry:
	push $GUEST_DS
	push $0
	pushf
	.globl sysenter_flags_saved
	.hidden sysenter_flags_saved
sysenter_flags_saved:
	orl $FLAGS_IF, (%rsp)
	push $GUEST_CS32
	push $0
	push $FLAGS_MBS
	popf
	push $0
	PUSH_REGS
	mov CPU_CURRENT(%rsp), %rdi
	mov %rsp, %rsi
	call bounce_sysenter
	jmp exit_to_guest

/* From boot, and whenever a CPU has lost its stack's content: rdi = cpu. */
	.globl entry_exit_to_guest
	.hidden entry_exit_to_guest
entry_exit_to_guest:
	mov %rdi, %rsp
	movl $0, REGS_ERROR_CODE(%rsp)
	jmp exit_work

/* ---- exceptions and interrupts ------------------------------------------------------
 * 256 stubs of 16 bytes. Those without an error code push 0 in its place; the vector goes
 * to the upper half of that quadword.
 */
	.balign 16
	.globl vector_stubs
	.hidden vector_stubs
vector_stubs:
	.set vec, 0
	.rept 256
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21)
	push $0
	.endif
	movl $vec, 4(%rsp)
	.if vec == 1
	jmp debug_entry
	.elseif vec == 2 || vec == 8 || vec == 18
	jmp ist_entry
	.elseif vec == 14
	jmp page_fault_entry
	.elseif vec < 32
	jmp exception_entry
	.else
	jmp interrupt_entry
	.endif
	.balign 16
	.set vec, vec + 1
	.endr

	.globl exception_entry
	.hidden exception_entry
exception_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	testb $3, REGS_CS(%rsp)
	jz from_hypervisor
	mov CPU_CURRENT(%rsp), %rdi
	mov %rsp, %rsi
	mov REGS_ENTRY_VECTOR(%rsp), %eax
	lea guest_traps(%rip), %rdx
	call *(%rdx, %rax, 8)
	jmp exit_to_guest

interrupt_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	mov %rsp, %rdi
	call irq_dispatch
	testb $3, REGS_CS(%rsp)
	jnz exit_to_guest
	/* Before the halt, not in it: an NMI has used up sti's shadow (SDM, STI). What has come is not
	 * slept over. */
	lea idle_halt(%rip), %rax
	cmp %rax, REGS_RIP(%rsp)
	jne to_hypervisor
	incq REGS_RIP(%rsp)
	jmp to_hypervisor

/* An idle CPU waits for an interrupt. */
	.globl arch_idle
	.hidden arch_idle
arch_idle:
	sti
	.globl idle_halt
	.hidden idle_halt
idle_halt:
	hlt
	cli
	ret

	/* A guest's frame, from an exception's own stack to where it always lies: iretq may fail there. */
	.macro MOVE_FRAME
	mov %rsp, %rsi
	mov %rsp, %rdi
	or $(CPU_STACK_BYTES - 1), %rdi
	sub $(CPU_STRUCT_SIZE - 1), %rdi
	mov %rdi, %rsp
	mov $(REGS_SIZE / 8), %ecx
	rep movsq
	.endm

/* #DB has a stack of its own, as it may come on the first instruction of a stub, on the guest's
 * stack (mov ss; syscall). */
debug_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	testb $3, REGS_CS(%rsp)
	jz from_hypervisor
	MOVE_FRAME
	mov %rsp, %rdi
	call trap_dispatch
	jmp exit_to_guest

/*
 * NMI, double fault, machine check: handled on their own stacks. What was interrupted goes on at once,
 * whatever work there is, by an iretq, since another NMI waits for that. The one to a guest may
 * find that another vCPU has taken the descriptors away meanwhile, so it is the one with a fix-up.
 */
ist_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	mov %rsp, %rdi
	call trap_dispatch
	testb $3, REGS_CS(%rsp)
	jz to_hypervisor
	MOVE_FRAME
	jmp restore_all

from_hypervisor:
	mov %rsp, %rdi
	call trap_dispatch
to_hypervisor:
	LOAD_LIVE
	LOAD_ARGS
	mov REGS_RCX(%rsp), %rcx
	mov REGS_R11(%rsp), %r11
	add $REGS_RIP, %rsp
	iretq

	.section .bss.stacks, "aw", @nobits
	.balign 64
/* Of each CPU, a cache line: where its stub keeps the guest's rsp, and its own (&regs.es). */
	.globl syscall_stacks
	.hidden syscall_stacks
syscall_stacks:
	.space 64 * MAX_CPUS

	.section .note.GNU-stack, "", @progbits
