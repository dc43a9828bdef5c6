/* SPDX-License-Identifier: MIT */
/*
 * Every way from a guest into the hypervisor, and the one way back.
 *
 * The guest's registers always lie in cpu.regs (struct cpu_user_regs), at the top
 * of the CPU's stack: the CPU itself (exceptions, interrupts: TSS.rsp0) or the
 * system-call stub puts rsp at &regs.es, and what follows pushes downwards:
 *
 *     regs.es  <- rsp at entry
 *     ss rsp rflags cs rip      pushed by the CPU, or by the stub
 *     error_code, entry_vector  one quadword
 *     rdi rsi rdx rcx rax r8 r9 r10 r11 rbx rbp r12 r13 r14 r15  <- rsp = cpu
 *
 * Interrupts stay off all the time. rbx holds the current vCPU where a comment
 * says so. entry_vector has VECTOR_SYSCALL set when the guest came by `syscall`
 * and may go back by `sysret`.
 */
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/layout.h>
#include <hv/entry.h>
#include "offsets.h"
#include "smap.h"

	.section .entry.text, "ax", @progbits

	.macro PUSH_REGS
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	.endm

	/* A guest may run with AC set, which would leave its memory open to us: clac at boot where
	 * the CPU has SMAP (paging.c). */
	.macro CLOSE_GUEST_MEMORY
	SMAP_SITE SMAP_CLAC
	.endm

	.macro POP_REGS
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	.endm

	/* One stub a CPU: to its own stack, what the guest's was saved as `syscall` saves nothing. */
	.macro SYSCALL_STUBS entry
	.set cpu, 0
	.rept MAX_CPUS
	mov %rsp, syscall_stacks + 16 * cpu(%rip)
	mov syscall_stacks + 16 * cpu + 8(%rip), %rsp
	push $GUEST_DS
	push syscall_stacks + 16 * cpu(%rip)
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
	push %r11
	push $GUEST_CS64
	push %rcx
	push $0
	movb $(VECTOR_SYSCALL >> 8), 5(%rsp)
	PUSH_REGS
	mov CPU_CURRENT(%rsp), %rbx
	cmpb $0, VCPU_KERNEL_MODE(%rbx)
	je user_syscall

	/* A hypercall: rax the number, rdi rsi rdx r10 r8 the arguments. */
	movl $HYPERCALL_BUDGET_START, CPU_BUDGET(%rsp)
	cmp $NR_HYPERCALL_SLOTS, %rax
	jae no_hypercall
	and $(NR_HYPERCALL_SLOTS - 1), %eax	/* speculation, too, stays inside */
	lea hypercall_table(%rip), %rbp
	mov %r10, %rcx
	call *(%rbp, %rax, 8)
	cmp $-ERESTART, %rax
	je restart_hypercall
hypercall_done:
	mov %rax, REGS_RAX(%rsp)

/* The way back. rbx = current vCPU, rsp = cpu. Events pending and not masked? Work? */
exit_to_guest:
	mov VCPU_INFO(%rbx), %rax
	cmpl $0, CPU_WORK(%rsp)
	jne exit_work
	cmpw $1, (%rax)			/* evtchn_upcall_pending 1, evtchn_upcall_mask 0 */
	je exit_events
restore:
	testb $(VECTOR_SYSCALL >> 8), REGS_ENTRY_VECTOR + 1(%rsp)
	jz restore_iret

	/* sysret faults in ring 0 when rip is not canonical: such a one takes the other way. */
	mov REGS_RIP(%rsp), %rax
	mov %rax, REGS_RCX(%rsp)
	shl $16, %rax
	sar $16, %rax
	cmp %rax, REGS_RCX(%rsp)
	jne restore_iret
	POP_REGS
	mov REGS_RFLAGS - REGS_ERROR_CODE(%rsp), %r11
	mov REGS_RSP - REGS_ERROR_CODE(%rsp), %rsp
	sysretq

restore_iret:
	POP_REGS
	add $8, %rsp
	.globl entry_iretq
	.hidden entry_iretq
entry_iretq:
	iretq
	.pushsection __ex_table, "a"
	.balign 4
	.long entry_iretq - ., iretq_fault - .
	.popsection

/* The guest's own frame does not load (a selector, a return address): as the exception
 * handler fixed up, we are here with the guest's registers and the frame still on the stack. */
iretq_fault:
	push $0
	PUSH_REGS
	mov %rsp, %rdi
	call entry_bad_frame
	mov CPU_CURRENT(%rsp), %rbx
	jmp exit_to_guest

exit_events:
	mov %rbx, %rdi
	mov %rsp, %rsi
	call bounce_events
	cmpl $0, CPU_WORK(%rsp)
	je restore
exit_work:
	call exit_do_work		/* may switch to another vCPU, and runs the idle loop */
	mov CPU_CURRENT(%rsp), %rbx
	jmp exit_to_guest

no_hypercall:
	mov $-ENOSYS_XEN, %rax
	jmp hypercall_done
restart_hypercall:
	subq $2, REGS_RIP(%rsp)		/* the length of `syscall`; rax still has the number */
	jmp exit_to_guest

user_syscall:
	mov %rbx, %rdi
	mov %rsp, %rsi
	call bounce_syscall
	jmp exit_to_guest

/* Compatibility mode: no guest code of this ABI's 64-bit kernels enters here but 32-bit user
 * programs; they get the callback that their kernel registered. */
	.balign 32
	.globl syscall32_stubs
	.hidden syscall32_stubs
syscall32_stubs:
	SYSCALL_STUBS syscall32_entry
syscall32_entry:
	push %r11
	push $GUEST_CS32
	push %rcx
	push $0
	PUSH_REGS
	mov CPU_CURRENT(%rsp), %rbx
	mov %rbx, %rdi
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
	mov CPU_CURRENT(%rsp), %rbx
	mov %rbx, %rdi
	mov %rsp, %rsi
	call bounce_sysenter
	jmp exit_to_guest

/* From boot, and whenever a CPU has lost its stack's content: rdi = cpu. */
	.globl entry_exit_to_guest
	.hidden entry_exit_to_guest
entry_exit_to_guest:
	mov %rdi, %rsp
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
	.else
	jmp vector_entry
	.endif
	.balign 16
	.set vec, vec + 1
	.endr

vector_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	mov %rsp, %rdi
	testb $3, REGS_CS(%rsp)
	jz from_hypervisor
	mov REGS_ENTRY_VECTOR(%rsp), %eax
	cmp $32, %eax
	jae interrupt_entry
	mov CPU_CURRENT(%rsp), %rdi
	mov %rsp, %rsi
	lea guest_traps(%rip), %rdx
	call *(%rdx, %rax, 8)
	jmp exit_from_vector
interrupt_entry:
	call irq_dispatch
exit_from_vector:
	mov CPU_CURRENT(%rsp), %rbx
	jmp exit_to_guest

/* #DB has a stack of its own, as it may come on the first instruction of a stub, on the guest's
 * stack (mov ss; syscall). From a guest the frame moves to where it always lies. */
debug_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	mov %rsp, %rdi
	testb $3, REGS_CS(%rsp)
	jz from_hypervisor
	mov %rsp, %rsi
	mov %rsp, %rdi
	or $(CPU_STACK_BYTES - 1), %rdi
	sub $(CPU_STRUCT_SIZE - 1), %rdi
	mov %rdi, %rsp
	mov $(REGS_SIZE / 8), %ecx
	rep movsq
	mov %rsp, %rdi
	call trap_dispatch
	jmp exit_from_vector

/* NMI, double fault, machine check: handled on their own stacks, left by iretq alone. */
ist_entry:
	cld
	CLOSE_GUEST_MEMORY
	PUSH_REGS
	mov %rsp, %rdi
	call trap_dispatch
	jmp 2f

from_hypervisor:
	cmpl $32, REGS_ENTRY_VECTOR(%rsp)
	jae 1f
	call trap_dispatch
	jmp 2f
1:	call irq_dispatch
2:	POP_REGS
	add $8, %rsp
	iretq

	.section .bss.stacks, "aw", @nobits
	.balign 64
/* Of each CPU: where its stub keeps the guest's rsp, and its own (&regs.es). */
	.globl syscall_stacks
	.hidden syscall_stacks
syscall_stacks:
	.space 16 * MAX_CPUS

	.section .note.GNU-stack, "", @progbits
