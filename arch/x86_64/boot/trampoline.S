/* SPDX-License-Identifier: MIT */
/*
 * From the firmware's 64-bit mode to the state that the PVH entry point is promised: 32-bit
 * protected mode, flat segments, a task register, no paging, interrupts off, ebx = start_info.
 * The code is copied to a page below 4 GiB that the firmware maps to itself, and finds its own
 * address.
 *
 * trampoline(edi = entry, esi = start_info)
 */
#define CODE32	0x08
#define DATA32	0x10
#define TSS32	0x18

#define CR0_KEEP	0x7ffffff1	/* all but PG, TS, EM and MP */
#define CR4_PAE		(1 << 5)
#define CR4_LA57	(1 << 12)
#define MSR_EFER	0xc0000080

	.text
	.balign 16
	.globl trampoline_start, trampoline_end
	.hidden trampoline_start, trampoline_end
	.code64
trampoline_start:
	cli
	cld
	mov %edi, %ebp
	mov %esi, %ebx

	/* Descriptors and the task segment, by their address in the copy. */
	lea gdt(%rip), %rax
	mov %rax, gdt_register + 2(%rip)
	lea tss(%rip), %rcx
	mov %cx, 2 + TSS32(%rax)
	shr $16, %rcx
	mov %cl, 4 + TSS32(%rax)
	mov %ch, 7 + TSS32(%rax)
	lgdt gdt_register(%rip)
	lidt idt_register(%rip)

	/* PCID must go before paging does; PAE and LA57 cannot go while paging is on. */
	mov %cr4, %rax
	and $(CR4_PAE | CR4_LA57), %eax
	mov %rax, %cr4

	lea stack_top(%rip), %rsp
	lea 1f(%rip), %rax
	pushq $CODE32
	push %rax
	lretq

	.code32
1:	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %eax, %fs
	mov %eax, %gs

	mov %cr0, %eax
	and $CR0_KEEP, %eax
	mov %eax, %cr0
	mov $MSR_EFER, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	xor %eax, %eax
	mov %eax, %cr3
	mov %eax, %cr4
	lldt %ax
	mov $TSS32, %eax
	ltr %ax
	jmp *%ebp

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff	/* CODE32 */
	.quad 0x00cf93000000ffff	/* DATA32 */
	.quad 0x0000890000000067	/* TSS32: 0x68 bytes, its base filled in above */
gdt_end:
gdt_register:
	.word gdt_end - gdt - 1
	.quad 0
idt_register:
	.word 0
	.quad 0
	.balign 8
tss:
	.space 0x68
	.space 64
stack_top:
trampoline_end:

	.section .note.GNU-stack, "", @progbits
