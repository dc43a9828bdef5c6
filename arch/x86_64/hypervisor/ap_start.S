/* SPDX-License-Identifier: MIT */
/*
 * Where every CPU but the first starts: copied to a page below 1 MiB, entered in real mode with
 * cs = page / 16 (start-up IPI, Intel SDM volume 3, 9.4.4). From there in one step to long mode,
 * by page tables that map this page, to read and execute, where it is, and the hypervisor.
 */
#include <format/cr.h>
#include <format/msr.h>

#define AT(label) ((label) - ap_start_begin)

	.section .rodata.ap_start, "a", @progbits
	.balign 16
	.globl ap_start_begin, ap_start_data, ap_start_end
	.hidden ap_start_begin, ap_start_data, ap_start_end
	.code16
ap_start_begin:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	mov $(CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
	mov %eax, %cr4
	mov AT(ap_start_data), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	mov AT(efer), %eax
	xor %edx, %edx
	wrmsr
	lgdtl AT(gdt_limit)
	mov $(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	mov %eax, %cr0
	ljmpl *AT(long_offset)

	.code64
	.globl ap_start_long
	.hidden ap_start_long
ap_start_long:
	mov $0x10, %eax
	mov %eax, %ss
	mov %eax, %ds
	mov %eax, %es
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	lldt %ax
	/* Is it still waited for? Then this is the moment from which it takes part. */
	mov ticket(%rip), %rdx
	mov $1, %ecx
	lock cmpxchg %ecx, (%rdx)
	jne 1f
	mov stack(%rip), %rsp
	mov %rsp, %rdi
	xor %ebp, %ebp
	call *entry(%rip)
1:	cli
	hlt
	jmp 1b

	/* struct handover of smp.c, in its order. */
	.balign 8
ap_start_data:
	.quad 0				/* cr3 */
efer:	.quad 0
ticket:	.quad 0
stack:	.quad 0
entry:	.quad 0
long_offset:
	.long 0				/* of ap_start_long, here */
	.word 8, 0
	.word 0
gdt_limit:
	.word 23
	.long 0				/* of gdt, here */
	/* Descriptors that no load has to mark as accessed: the page is read-only. */
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
ap_start_end:

	.section .note.GNU-stack, "", @progbits
