/* SPDX-License-Identifier: MIT */
/*
 * The smallest domain there is: it sleeps. It masks its events (as it starts) and polls no port, so
 * whatever is sent to it wakes it for a few instructions, and it uses no time of its own.
 */
#include <xen/elfnote.h>

#define __HYPERVISOR_sched_op	29
#define SCHEDOP_poll		3

	.pushsection .note.Xen, "a", @note
	.balign 4
	.globl pv_notes		/* instead of pvguest's */
pv_notes:
	.macro NOTE type, size
	.long 4, \size, \type
	.asciz "Xen"
	.endm
	NOTE XEN_ELFNOTE_GUEST_OS, 5
	.asciz "idle"
	.balign 4
	NOTE XEN_ELFNOTE_XEN_VERSION, 8
	.asciz "xen-3.0"
	NOTE XEN_ELFNOTE_LOADER, 8
	.asciz "generic"
	NOTE XEN_ELFNOTE_ENTRY, 8
	.quad pv_entry
	NOTE XEN_ELFNOTE_HYPERCALL_PAGE, 8
	.quad hypercall_page
	/* It is linked for 1 MiB, and its memory begins there. */
	NOTE XEN_ELFNOTE_VIRT_BASE, 8
	.quad 0x100000
	NOTE XEN_ELFNOTE_PADDR_OFFSET, 8
	.quad 0x100000
	.popsection

	.section .text.head, "ax", @progbits
	.globl pv_entry
pv_entry:
	mov $SCHEDOP_poll, %edi
	lea no_ports(%rip), %rsi
	call hypercall_page + 32 * __HYPERVISOR_sched_op
	jmp pv_entry

	.section .text.hypercalls, "ax", @progbits
	.balign 4096
hypercall_page:
	.skip 4096

	.section .rodata.no_ports, "a", @progbits
	.balign 8
no_ports:	/* struct sched_poll: no ports, no time-out */
	.quad 0, 0, 0

	.section .note.GNU-stack, "", @progbits
