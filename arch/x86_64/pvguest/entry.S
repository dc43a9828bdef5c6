/* SPDX-License-Identifier: MIT */
/*
 * Where the hypervisor enters the guest: one stub an exception, the event upcall, the
 * failsafe callback; and the way back.
 *
 * The hypervisor pushes (top first)  rcx r11 [error] rip cs rflags rsp ss  on the
 * current stack. cs has privilege level 0 to say "the kernel was interrupted"; only the iret
 * hypercall understands that, and it restores the event mask from rflags.IF in one go.
 */
#include <xen/xen.h>

#define FXSAVE_SIZE	512
#define RFLAGS_IF	0x200

	.text

/* Stack: rip cs rflags rsp ss. The stub in the hypercall page pushes rcx, r11 and rax. */
trap_iret:
	pushq	$0			/* flags: restore everything */
	jmp	hypercall_page + __HYPERVISOR_iret * 32

/* Stack: rdi error rip cs rflags rsp ss; %edi = vector. */
trap_common:
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	/* Stack: struct trap_regs. C code may use SSE: the interrupted code's is saved. */
	cld
	movq	%rsp, %rbx
	movq	%rsp, %rsi
	subq	$FXSAVE_SIZE, %rsp
	andq	$-16, %rsp
	fxsave64 (%rsp)
	call	trap_entry
	fxrstor64 (%rsp)
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp		/* the error code */
	jmp	trap_iret

.macro trap_stub vector:req, has_error:req
	.balign	16
	popq	%rcx
	popq	%r11
	.if	!\has_error
	pushq	$0
	.endif
	pushq	%rdi
	movl	$\vector, %edi
	jmp	trap_common
.endm

/* TRAP_STUB_SIZE (traps.c) bytes each, vectors 0 to 31. */
	.balign	32
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	32
	.balign	32
	.if	vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	trap_stub vector, 1
	.else
	trap_stub vector, 0
	.endif
	.set	vector, vector + 1
	.endr
	.balign	32

/*
 * An event is pending and events are not masked, which is so only while event_block() sleeps.
 * The upcall's whole work is to come back with events masked again; the event itself stays
 * pending for event_poll(). Stack: rcx r11 rip cs rflags rsp ss.
 */
	.globl	event_upcall
	.type	event_upcall, @function
event_upcall:
	popq	%rcx
	popq	%r11
	andl	$~RFLAGS_IF, 16(%rsp)
	jmp	trap_iret
	.size	event_upcall, . - event_upcall

/*
 * The hypervisor could not load a segment register on the way back to the guest.
 * Stack: rcx r11 ds es fs gs rip cs rflags rsp ss. Nobody here has such segments: a crash.
 */
	.globl	trap_failsafe
	.type	trap_failsafe, @function
trap_failsafe:
	popq	%rcx
	popq	%r11
	addq	$24, %rsp
	movq	$0, (%rsp)		/* in place of gs: the error code */
	pushq	%rdi
	movl	$32, %edi		/* TRAP_COUNT */
	jmp	trap_common
	.size	trap_failsafe, . - trap_failsafe

/* int trap_touch(volatile char *p, int write): reads *p (write: and writes it back). 0; or -1 when
 * that traps, because trap_entry() moves rip to trap_touch_failed. */
	.globl	trap_touch, trap_touch_end, trap_touch_failed
	.type	trap_touch, @function
trap_touch:
	movb	(%rdi), %al
	testl	%esi, %esi
	jz	1f
	movb	%al, (%rdi)
1:	xorl	%eax, %eax
trap_touch_end:
	ret
trap_touch_failed:
	movl	$-1, %eax
	ret
	.size	trap_touch, . - trap_touch

	.section .note.GNU-stack, "", @progbits
