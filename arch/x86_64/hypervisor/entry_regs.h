/* SPDX-License-Identifier: MIT */
/*
 * What entry.S and quick.S do with the guest's registers (entry.S has the picture). rsp = cpu
 * in all of it. For .S files only.
 */
#pragma once

#include <hv/entry.h>
#include "offsets.h"
#include "smap.h"

	.macro PUSH_REGS
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	.endm

	/* A guest may run with AC set, which would leave its memory open to us: clac at boot where
	 * the CPU has SMAP (paging.c). */
	.macro CLOSE_GUEST_MEMORY
	SMAP_SITE SMAP_CLAC
	.endm

	/* What hypercalls have arguments in, or C code does not keep; r9 has been saved before. */
	.macro SAVE_ARGS
	mov %rdi, REGS_RDI(%rsp)
	mov %rsi, REGS_RSI(%rsp)
	mov %rdx, REGS_RDX(%rsp)
	mov %rax, REGS_RAX(%rsp)
	mov %r8, REGS_R8(%rsp)
	mov %r10, REGS_R10(%rsp)
	.endm

	/* All of a system call but its segments; r9 and rsp have been saved before. */
	.macro SAVE_CALL
	mov %rcx, REGS_RIP(%rsp)
	mov %r11, REGS_RFLAGS(%rsp)
	movq $(ENTRY_SYSRET | ENTRY_LIVE), REGS_ERROR_CODE(%rsp)
	SAVE_ARGS
	.endm

	.macro LOAD_ARGS_BUT_RAX
	mov REGS_RDI(%rsp), %rdi
	mov REGS_RSI(%rsp), %rsi
	mov REGS_RDX(%rsp), %rdx
	mov REGS_R8(%rsp), %r8
	mov REGS_R9(%rsp), %r9
	mov REGS_R10(%rsp), %r10
	.endm

	.macro LOAD_ARGS
	LOAD_ARGS_BUT_RAX
	mov REGS_RAX(%rsp), %rax
	.endm

	.macro SAVE_LIVE
	mov %rbx, REGS_RBX(%rsp)
	mov %rbp, REGS_RBP(%rsp)
	mov %r12, REGS_R12(%rsp)
	mov %r13, REGS_R13(%rsp)
	mov %r14, REGS_R14(%rsp)
	mov %r15, REGS_R15(%rsp)
	.endm

	.macro LOAD_LIVE
	mov REGS_RBX(%rsp), %rbx
	mov REGS_RBP(%rsp), %rbp
	mov REGS_R12(%rsp), %r12
	mov REGS_R13(%rsp), %r13
	mov REGS_R14(%rsp), %r14
	mov REGS_R15(%rsp), %r15
	.endm

	/* What `sysret` would leave in rcx and r11, for a guest that goes another way. */
	.macro FILL_VOID
	mov REGS_RIP(%rsp), %rax
	mov %rax, REGS_RCX(%rsp)
	mov REGS_RFLAGS(%rsp), %rax
	mov %rax, REGS_R11(%rsp)
	movw $GUEST_CS64, REGS_CS(%rsp)
	movw $GUEST_DS, REGS_SS(%rsp)
	.endm

	.macro IF_NOT flag, to
	testb $(\flag >> 24), REGS_ERROR_CODE + 3(%rsp)
	jz \to
	.endm
