/* SPDX-License-Identifier: MIT */
/*
 * memcpy() and memset() in place of newlib's, whose stores go past the caches, where what a guest
 * copies is used at once. By words; the last word is stored apart, over what is there already.
 */
	.text

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
1:	cmpl	$4, %edx
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
