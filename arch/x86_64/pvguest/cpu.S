/* SPDX-License-Identifier: MIT */
/*
 * Where a started CPU begins, on an empty stack; it comes here again when it gives its stack up.
 */
	.text

/* void cpu_begin(struct pv_cpu *c, void *stack_top) */
	.globl	cpu_begin
	.type	cpu_begin, @function
cpu_begin:
	cld
	movq	%rsi, %rsp
	xorl	%ebp, %ebp
	/* Stack: empty, 16-aligned before the call, as the C ABI wants. */
	call	pv_cpu_main
	ud2
	.size	cpu_begin, . - cpu_begin

	.section .note.GNU-stack, "", @progbits
