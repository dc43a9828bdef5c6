/* SPDX-License-Identifier: MIT */
/*
 * What the domain builder reads from the image: the ELF notes of <xen/elfnote.h>.
 * The image is linked at the address of its page frame number times 4096 (VIRT_BASE 0,
 * PADDR_OFFSET 0); the p2m list, ramdisk, start_info and first page tables follow it.
 */
#include <xen/elfnote.h>

.macro note type:req
	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	2f - 1f, 4f - 3f, \type
1:	.asciz	"Xen"
2:	.balign	4
3:
.endm

.macro endnote
4:	.balign	4
	.popsection
.endm

.macro note_string type:req, text:req
	note	\type
	.asciz	"\text"
	endnote
.endm

.macro note_quad type:req, value:req
	note	\type
	.quad	\value
	endnote
.endm

	.pushsection .note.Xen, "a", @note
	.balign	4
	.globl	pv_notes
pv_notes:
	.popsection

	note_string	XEN_ELFNOTE_GUEST_OS, "pvguest"
	note_string	XEN_ELFNOTE_GUEST_VERSION, "0.1"
	note_string	XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	note_string	XEN_ELFNOTE_LOADER, "generic"
	note_string	XEN_ELFNOTE_PAE_MODE, "yes"
	note_string	XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
	note_quad	XEN_ELFNOTE_ENTRY, pv_entry
	note_quad	XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
	note_quad	XEN_ELFNOTE_VIRT_BASE, 0
	note_quad	XEN_ELFNOTE_PADDR_OFFSET, 0

	.section .note.GNU-stack, "", @progbits
