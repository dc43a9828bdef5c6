/* SPDX-License-Identifier: MIT */
/*
 * Changing from one cooperative thread's stack to another's. By the C ABI only the registers
 * that a callee must keep need saving; the SSE registers are all the caller's. This file
 * also serves the host tests.
 */
	.text

/* void thread_switch_stack(void **save_sp, void *next_sp) */
	.globl	thread_switch_stack
	.type	thread_switch_stack, @function
thread_switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	/* Stack: r15 r14 r13 r12 rbx rbp return-address. */
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	thread_switch_stack, . - thread_switch_stack

/* A new thread's return address: ends the chain of frames, then runs the function in %rbx. */
	.globl	thread_first_return
	.type	thread_first_return, @function
thread_first_return:
	xorl	%ebp, %ebp
	call	*%rbx
	ud2
	.size	thread_first_return, . - thread_first_return

	.section .note.GNU-stack, "", @progbits
