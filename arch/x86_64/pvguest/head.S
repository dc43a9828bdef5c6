/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a guest, and the page that the hypervisor fills with
 * hypercall stubs. Entered with %rsi = start_info, a one-page stack of the
 * builder's, events masked.
 */
	.section .text.head, "ax", @progbits
	.globl	pv_entry
	.type	pv_entry, @function
pv_entry:
	cld
	movq	$pv_boot_stack_end, %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	/* Stack: empty, 16-aligned before the call, as the C ABI wants. */
	call	pv_start
	ud2
	.size	pv_entry, . - pv_entry

	.section .text.hypercall_page, "ax", @progbits
	.balign	4096
	.globl	hypercall_page
hypercall_page:
	.skip	4096, 0xcc
	.size	hypercall_page, 4096

/* main()'s stack, with a page below that pv_start() unmaps. */
	.section .bss.boot_stack, "aw", @nobits
	.balign	4096
	.globl	pv_boot_stack_guard, pv_boot_stack_end
pv_boot_stack_guard:
	.skip	4096
	.skip	128 * 1024
pv_boot_stack_end:

/* Where the shared_info frame is mapped. */
	.section .bss.shared_info, "aw", @nobits
	.balign	4096
	.globl	pv_shared_info_page
pv_shared_info_page:
	.skip	4096

	.section .note.GNU-stack, "", @progbits
