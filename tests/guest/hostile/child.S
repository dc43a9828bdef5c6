/* SPDX-License-Identifier: MIT */
/*
 * What a small domain does first: it writes down every register as it found it, at DUMP, and ends by an
 * exception that nobody handles. rdi: whether to look at the upper halves of vectors, too.
 */
#define DUMP 0x5000

	.section .rodata
	.globl child_dump, child_dump_end
child_dump:
	.set at, DUMP
	.irp r, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
	mov %\r, at
	.set at, at + 8
	.endr
	.set at, DUMP + 0x100
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\n, at
	.set at, at + 16
	.endr
	fnsave DUMP + 0x200
	stmxcsr DUMP + 0x280
	test %edi, %edi
	jz 1f
	mov %cr4, %rax
	or $0x40000, %eax
	mov %rax, %cr4
	mov $7, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	xsetbv
	.set at, DUMP + 0x300
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups %ymm\n, at
	.set at, at + 32
	.endr
1:	ud2
child_dump_end:

	/* Every vector register full of what no other domain may see. */
	.text
	.globl vectors_fill, vectors_fill_wide
vectors_fill:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pcmpeqd %xmm\n, %xmm\n
	.endr
	.rept 7
	fldpi
	.endr
	ret
vectors_fill_wide:
	call vectors_fill
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vinsertf128 $1, %xmm\n, %ymm\n, %ymm\n
	.endr
	ret
	.section .note.GNU-stack, "", @progbits
