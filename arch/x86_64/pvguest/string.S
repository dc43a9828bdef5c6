/* SPDX-License-Identifier: MIT */
/*
 * In place of newlib's: memcpy() and memset(), whose stores go past the caches there, where what a guest
 * copies is used at once; memmove(), which moves single bytes there. By words; the last word of a copy is
 * stored apart, over what is there already.
 */
	.text

/* void *memmove(void *to, const void *from, size_t n) */
	.globl	memmove
	.type	memmove, @function
memmove:
	movq	%rdi, %rax
	subq	%rsi, %rax
	cmpq	%rdx, %rax
	jae	memcpy			/* which loads what it stores last, or has few bytes, at once */
	movq	%rdi, %rax
	cmpq	$8, %rdx
	jb	1f
	movq	(%rsi), %r8
0:	movq	-8(%rsi,%rdx), %rcx
	movq	%rcx, -8(%rdi,%rdx)
	subq	$8, %rdx
	cmpq	$8, %rdx
	jae	0b
	movq	%r8, (%rdi)
	ret
	.size	memmove, . - memmove

/* void *memcpy(void *to, const void *from, size_t n) */
	.globl	memcpy
	.type	memcpy, @function
memcpy:
	movq	%rdi, %rax
	cmpq	$8, %rdx
	jb	1f
	movq	-8(%rsi,%rdx), %r8
	leaq	-8(%rdi,%rdx), %r9
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	movq	%r8, (%r9)
	ret
1:	cmpl	$4, %edx		/* memmove() comes here, too */
	jb	2f
	movl	(%rsi), %ecx
	movl	-4(%rsi,%rdx), %r8d
	movl	%ecx, (%rdi)
	movl	%r8d, -4(%rdi,%rdx)
	ret
2:	cmpl	$1, %edx
	jb	4f
	movzbl	(%rsi), %ecx
	je	3f
	movzwl	-2(%rsi,%rdx), %r8d
	movw	%r8w, -2(%rdi,%rdx)
3:	movb	%cl, (%rdi)
4:	ret
	.size	memcpy, . - memcpy

/* void *memset(void *to, int byte, size_t n) */
	.globl	memset
	.type	memset, @function
memset:
	movq	%rdi, %r8
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	movq	%rdx, %rcx
	cmpq	$8, %rdx
	jb	1f
	movq	%rax, -8(%rdi,%rdx)
	shrq	$3, %rcx
	rep stosq
	movq	%r8, %rax
	ret
1:	rep stosb
	movq	%r8, %rax
	ret
	.size	memset, . - memset

	.section .note.GNU-stack, "", @progbits
