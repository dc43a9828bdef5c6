/* SPDX-License-Identifier: MIT */
/*
 * Copies with fault fix-up, both directions by one loop: rdi to, rsi from, rdx
 * bytes; returns 0 or -XEN_EFAULT. The range has been checked by the caller
 * (hv/usercopy.h). The three-byte nops become stac and clac at boot where the CPU
 * has SMAP (paging.c goes through smap_sites).
 */
#include <hv/entry.h>
#include "offsets.h"
#include "smap.h"

	.macro FIXUP from
	.pushsection __ex_table, "a"
	.balign 4
	.long \from - ., copy_fault - .
	.popsection
	.endm

	.text
	.globl usercopy_raw, usercopy_clear_raw
	.hidden usercopy_raw, usercopy_clear_raw
usercopy_raw:
	SMAP_SITE SMAP_STAC
	sub $32, %rdx
	jb 2f
	.balign 16
1:	mov (%rsi), %rax
	FIXUP 1b
11:	mov 8(%rsi), %rcx
	FIXUP 11b
12:	mov 16(%rsi), %r8
	FIXUP 12b
13:	mov 24(%rsi), %r9
	FIXUP 13b
14:	mov %rax, (%rdi)
	FIXUP 14b
15:	mov %rcx, 8(%rdi)
	FIXUP 15b
16:	mov %r8, 16(%rdi)
	FIXUP 16b
17:	mov %r9, 24(%rdi)
	FIXUP 17b
	add $32, %rsi
	add $32, %rdi
	sub $32, %rdx
	jae 1b
2:	add $24, %rdx
	js 4f
3:	mov (%rsi), %rax
	FIXUP 3b
31:	mov %rax, (%rdi)
	FIXUP 31b
	add $8, %rsi
	add $8, %rdi
	sub $8, %rdx
	jns 3b
4:	add $8, %rdx
	jz 6f
5:	mov (%rsi), %al
	FIXUP 5b
51:	mov %al, (%rdi)
	FIXUP 51b
	inc %rsi
	inc %rdi
	dec %rdx
	jnz 5b
6:	SMAP_SITE SMAP_CLAC
	xor %eax, %eax
	ret

/* rdi to, rsi bytes */
usercopy_clear_raw:
	SMAP_SITE SMAP_STAC
	test %rsi, %rsi
	jz 2f
1:	movb $0, (%rdi)
	FIXUP 1b
	inc %rdi
	dec %rsi
	jnz 1b
2:	SMAP_SITE SMAP_CLAC
	xor %eax, %eax
	ret

/*
 * rdi to, rsi from, edx words, at most 16: the frames of traps and of iret, which every entry of
 * a guest's kernel copies. Each word is two instructions of 4 bytes; the jump skips the others.
 */
	.globl usercopy_words
	.hidden usercopy_words
usercopy_words:
	SMAP_SITE SMAP_STAC
	lea 9f(%rip), %rax
	shl $3, %edx
	sub %rdx, %rax
	jmp *%rax
	.set word, 16
	.rept 16
	.set word, word - 1
7:	{disp8} mov 8 * word(%rsi), %rax
	FIXUP 7b
8:	{disp8} mov %rax, 8 * word(%rdi)
	FIXUP 8b
	.endr
9:	SMAP_SITE SMAP_CLAC
	xor %eax, %eax
	ret

copy_fault:
	SMAP_SITE SMAP_CLAC
	mov $-EFAULT_XEN, %rax
	ret

	.section .note.GNU-stack, "", @progbits
