/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the hypervisor: a PVH kernel that prints what its loader has handed over. Entered
 * in 32-bit mode at any address; finds out by how much it was moved, like the real one.
 */
	.section .head, "ax", @progbits
	.code32
	.globl start
start:
	mov (%ebx), %ebp		/* the magic lends its place to the first call */
	lea 4(%ebx), %esp
	call 1f
1:	pop %esi
	mov %ebp, (%ebx)
	sub $1b, %esi			/* moved by */
	lea stack_top(%esi), %esp
	push %esi
	push %ebx
	mov %cr4, %eax
	push %eax
	mov %cr0, %eax
	push %eax
	pushf
	call probe
2:	hlt
	jmp 2b

	.bss
	.balign 16
	.space 16384
stack_top:
	.section .note.GNU-stack, "", @progbits
