/* SPDX-License-Identifier: MIT */
/*
 * Puts the linked 32-bit code into a 64-bit ELF image with the PVH entry note, as loaders of this
 * ABI want it. PROBE_BIN is its flat binary, PROBE_BASE the address it was linked for.
 */
	.section .text, "ax", @progbits
	.globl wrapped
wrapped:
	.incbin PROBE_BIN

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PROBE_BASE

	.section .note.GNU-stack, "", @progbits
