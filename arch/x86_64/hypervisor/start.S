/* SPDX-License-Identifier: MIT */
/*
 * The way in (PVH, xen/arch-x86/hvm/start_info.h): 32-bit protected mode, flat
 * segments, paging off, ebx = physical address of hvm_start_info. From here to
 * long mode in the high half, on CPU 0's stack, and into boot_main(start_info).
 *
 * The loader may have moved the image by a multiple of 2 MiB: esi holds how far,
 * and every address is taken relative to it until paging is on.
 */
#include <format/cr.h>
#include <format/layout.h>
#include <format/msr.h>
#include <format/pte.h>
#include "offsets.h"

#define PHYS(sym) ((sym) - IMAGE_VIRT + IMAGE_PHYS)

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(start_phys)

	.section .head.text, "ax", @progbits
	.code32
	.globl start_phys
start_phys:
	cli
	cld
	/* Where are we? The one word of the start_info page that may serve as a stack. */
	mov %ebx, %edi
	mov (%ebx), %ebp
	lea 4(%ebx), %esp
	call 1f
1:	pop %esi
	mov %ebp, (%ebx)
	sub $PHYS(1b), %esi
	lea PHYS(boot_stack_top)(%esi), %esp

	/* The bss as PVH promises it: zero. Tables: identity for 4 GiB, the image at IMAGE_VIRT. */
	lea PHYS(boot_l3_low)(%esi), %eax
	or $(PTE_P | PTE_W), %eax
	mov %eax, PHYS(boot_l4)(%esi)
	lea PHYS(boot_l3_image)(%esi), %eax
	or $(PTE_P | PTE_W), %eax
	mov %eax, PHYS(boot_l4) + 8 * ((IMAGE_VIRT >> 39) & 511)(%esi)
	lea PHYS(boot_l2_image)(%esi), %eax
	or $(PTE_P | PTE_W), %eax
	mov %eax, PHYS(boot_l3_image) + 8 * ((IMAGE_VIRT >> 30) & 511)(%esi)

	lea PHYS(boot_l2_low)(%esi), %eax
	or $(PTE_P | PTE_W), %eax
	xor %ecx, %ecx
2:	mov %eax, PHYS(boot_l3_low)(%esi, %ecx, 8)
	add $4096, %eax
	inc %ecx
	cmp $4, %ecx
	jne 2b

	mov $(PTE_P | PTE_W | PTE_PS), %eax
	xor %ecx, %ecx
3:	mov %eax, PHYS(boot_l2_low)(%esi, %ecx, 8)
	add $0x200000, %eax
	inc %ecx
	cmp $2048, %ecx
	jne 3b

	lea IMAGE_PHYS(%esi), %eax
	or $(PTE_P | PTE_W | PTE_PS), %eax
	xor %ecx, %ecx
4:	mov %eax, PHYS(boot_l2_image)(%esi, %ecx, 8)
	add $0x200000, %eax
	inc %ecx
	cmp $16, %ecx
	jne 4b

	/* A CPU without long mode or NX cannot run guests of this ABI. */
	mov $0x80000001, %eax
	cpuid
	bt $29, %edx
	jnc no_long_mode

	mov $(CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
	mov %eax, %cr4
	lea PHYS(boot_l4)(%esi), %eax
	mov %eax, %cr3
	mov $(EFER_SCE | EFER_LME), %ebp
	bt $20, %edx
	jnc 5f
	or $EFER_NX, %ebp
5:	mov $MSR_EFER, %ecx
	mov %ebp, %eax
	xor %edx, %edx
	wrmsr
	mov $(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	mov %eax, %cr0

	/* The 64-bit code segment: a descriptor table on the stack, a far return. */
	push $0x00af9b00
	push $0x0000ffff
	push $0x00cf9300
	push $0x0000ffff
	mov %esp, %eax
	sub $8, %eax			/* selector 0x10: code, 0x08: data */
	push %eax
	pushw $0x17
	lgdt (%esp)
	push $0x10
	lea PHYS(start_long)(%esi), %eax
	push %eax
	lret

no_long_mode:
	hlt
	jmp no_long_mode

	.code64
start_long:
	mov $0x08, %eax
	mov %eax, %ss
	mov %eax, %ds
	mov %eax, %es
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	lldt %ax
	movabs $start_high, %rax
	jmp *%rax
start_high:
	lea boot_stack_top(%rip), %rsp
	xor %ebp, %ebp
	mov %edi, %edi			/* start_info */
	mov %esi, %esi			/* by how much the image was moved */
	sub $CPU_STRUCT_SIZE, %rsp
	call boot_main
	ud2

	.section .bss.stack, "aw", @nobits
	.balign 65536
	.globl boot_stack, boot_stack_top
	.hidden boot_stack, boot_stack_top
boot_stack:
	.space 65536
boot_stack_top:

	.section .bss.tables, "aw", @nobits
	.balign 4096
	.globl boot_l4
	.hidden boot_l4
boot_l4:	.space 4096
boot_l3_low:	.space 4096
boot_l2_low:	.space 4 * 4096
boot_l3_image:	.space 4096
boot_l2_image:	.space 4096

	.section .note.GNU-stack, "", @progbits
