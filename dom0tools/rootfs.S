/* SPDX-License-Identifier: MIT */
/*
 * The files that dom0 starts with, as a newc archive inside the image, so that the image
 * alone is a whole dom0. DOM0_ROOT is the archive's path, given by the build.
 */
	.section .rodata.rootfs, "a", @progbits
	.balign 16
	.globl dom0_root, dom0_root_end
dom0_root:
	.incbin DOM0_ROOT
dom0_root_end:
	.section .note.GNU-stack, "", @progbits
