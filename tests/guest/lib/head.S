/* SPDX-License-Identifier: MIT */
/*
 * Entry, notes and trap stubs of the test kernels. They are as small as a PV kernel can be and
 * share nothing with pvguest, so that a fault of the library cannot hide one of the hypervisor.
 *
 * A trap arrives as  rsp -> rcx r11 [error] rip cs rflags rsp ss ; the stubs make of it
 * struct trap_frame (test.h) and return by the iret hypercall.
 */
#include <xen/elfnote.h>

	.pushsection .note.Xen, "a", @note
	.balign 4
	.globl pv_notes
pv_notes:
	.popsection

	.macro NOTE_TEXT type, text
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	.asciz "\text"
2:	.balign 4
	.popsection
	.endm

	.macro NOTE_WORD type, value
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 8, \type
	.asciz "Xen"
	.quad \value
	.popsection
	.endm

	NOTE_TEXT XEN_ELFNOTE_GUEST_OS, "cloison-test"
	NOTE_TEXT XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	NOTE_TEXT XEN_ELFNOTE_LOADER, "generic"
	NOTE_TEXT XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
	NOTE_WORD XEN_ELFNOTE_ENTRY, pv_entry
	NOTE_WORD XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
	NOTE_WORD XEN_ELFNOTE_VIRT_BASE, 0
	NOTE_WORD XEN_ELFNOTE_PADDR_OFFSET, 0

	.section .text.head, "ax", @progbits
	.globl pv_entry
pv_entry:
	/* What start of day gives, before anything changes it. */
	mov %rsp, entry_rsp(%rip)
	mov %rsi, start_info_va(%rip)
	pushfq
	popq entry_rflags(%rip)
	mov %cs, entry_cs(%rip)
	mov %ss, entry_ss(%rip)
	mov %ds, entry_ds(%rip)
	cld
	lea stack_top(%rip), %rsp
	xor %ebp, %ebp
	call test_start
	ud2

	.balign 4096
	.globl hypercall_page
hypercall_page:
	.space 4096

	.text
	/* Each stub pushes its vector; those without an error code push 0 below it first. */
	.macro STUB vec
	.balign 32
	.if !(\vec == 8 || (\vec >= 10 && \vec <= 14) || \vec == 17 || \vec == 21)
	/* rcx r11 rip...: make room for the error code between r11 and rip */
	push (%rsp)
	push 16(%rsp)
	pop 8(%rsp)
	movq $0, 16(%rsp)
	.endif
	push $\vec
	jmp trap_common
	.endm

	.balign 32
	.globl trap_stubs
trap_stubs:
	.set n, 0
	.rept 256
	STUB n
	.set n, n + 1
	.endr

	/* rsp -> vector rcx r11 error rip cs rflags rsp ss */
trap_common:
	push %rax
	push %rdx
	push %rbx
	push %rsi
	push %rdi
	push %rbp
	push %r8
	push %r9
	push %r10
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	mov %rsp, %rbx
	and $-16, %rsp
	call trap_entered
	mov %rbx, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r10
	pop %r9
	pop %r8
	pop %rbp
	pop %rdi
	pop %rsi
	pop %rbx
	pop %rdx
	pop %rax
	add $8, %rsp			/* vector */
	pop %rcx
	pop %r11
	add $8, %rsp			/* error code */
	/* rip cs rflags rsp ss: what iret wants has rax r11 rcx flags below it */
	push $0
	push %rcx
	push %r11
	push %rax
	mov $23, %eax
	syscall
	ud2

	/* Events come without an error code. */
	.globl event_entry, failsafe_entry, syscall_entry
	.balign 32
event_entry:
	push (%rsp)
	push 16(%rsp)
	pop 8(%rsp)
	movq $0, 16(%rsp)
	push $0x100
	jmp trap_common
	/* rcx r11 ds es fs gs rip ...: the selectors are kept for the test, then dropped */
	.balign 32
failsafe_entry:
	pop %rcx
	pop %r11
	pop failsafe_ds(%rip)
	pop failsafe_es(%rip)
	pop failsafe_fs(%rip)
	pop failsafe_gs(%rip)
	push $0
	push %r11
	push %rcx
	push $0x101
	jmp trap_common
	.balign 32
syscall_entry:
	push (%rsp)
	push 16(%rsp)
	pop 8(%rsp)
	movq $0, 16(%rsp)
	push $0x102
	jmp trap_common

	.macro SAVE_FOR_IRET_BACK
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, saved_rsp(%rip)
	.endm

	/* Runs fn(arg) in user mode: see test.h. rdi = struct iret_context */
	.globl iret_to
iret_to:
	SAVE_FOR_IRET_BACK
	mov %rdi, %rsp
	mov $23, %eax
	syscall
	ud2
	/* The same by a multicall whose first entry is at rsi. */
	.globl iret_to_by_list
iret_to_by_list:
	SAVE_FOR_IRET_BACK
	mov %rdi, %rsp
	mov %rsi, %rdi
	mov $1, %esi
	mov $13, %eax
	syscall
	ud2
	/* trap_entered() sends a trap here when the test asked for the way back. */
	.globl iret_back
iret_back:
	mov saved_rsp(%rip), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	/* User mode in the kernel's tables: rsp -> function, argument. */
	.globl user_shared_start
user_shared_start:
	pop %rax
	pop %rdi
	and $-16, %rsp
	call *%rax
	syscall
	ud2

	.bss
	.balign 4096
	.space 65536
	.globl stack_top
stack_top:
	.globl entry_rsp, entry_rflags, entry_cs, entry_ss, entry_ds, start_info_va
	.globl failsafe_ds, failsafe_es, failsafe_fs, failsafe_gs, saved_rsp
entry_rsp:	.quad 0
entry_rflags:	.quad 0
entry_cs:	.quad 0
entry_ss:	.quad 0
entry_ds:	.quad 0
start_info_va:	.quad 0
failsafe_ds:	.quad 0
failsafe_es:	.quad 0
failsafe_fs:	.quad 0
failsafe_gs:	.quad 0
saved_rsp:	.quad 0
	.section .note.GNU-stack, "", @progbits
