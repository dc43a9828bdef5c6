/* SPDX-License-Identifier: MIT */
/*
 * The smallest image that passes for a PV kernel: notes and a halt. It is loaded as dom0's kernel
 * beside the probe and never entered.
 */
	.text
	.globl _start
_start:
	jmp _start

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, 1			/* XEN_ELFNOTE_ENTRY */
	.asciz "Xen"
	.quad _start
	.long 4, 8, 5			/* XEN_ELFNOTE_XEN_VERSION */
	.asciz "Xen"
	.asciz "xen-3.0"

	.section .note.GNU-stack, "", @progbits
