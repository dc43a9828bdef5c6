/* SPDX-License-Identifier: MIT */
/*
 * Where assembly opens and closes guests' memory: three-byte nops that become stac and clac at
 * boot where the CPU has SMAP (paging_patch_smap() goes through the sites). For .S files only.
 */
#pragma once

/* The third byte of the instruction. */
#define SMAP_STAC 0xcb
#define SMAP_CLAC 0xca

	.macro SMAP_SITE opcode
900:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.long 900b - .
	.long \opcode
	.popsection
	.endm
