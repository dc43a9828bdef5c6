/* SPDX-License-Identifier: MIT */
/*
 * Single words of guest memory, in line: the part of hv/usercopy.h that is instructions. Between
 * guest_open() and guest_close() stands nothing but loads and stores of words; one that faults goes
 * on at the label that it names, where guest_close() comes first. Whether an address is the
 * guest's has been checked before.
 */
#pragma once

#include <stdint.h>

/* A three-byte nop that becomes stac or clac at boot where the CPU has SMAP (paging_patch_smap()). */
#define SMAP_SITE(third_byte)								\
	__asm__ volatile("900:	.byte 0x0f, 0x1f, 0x00\n\t"				\
			 ".pushsection .smap_sites, \"a\"\n\t"				\
			 ".long 900b - .\n\t"						\
			 ".long " #third_byte "\n\t"					\
			 ".popsection" : : : "memory", "cc")

static inline void guest_open(void)
{
	SMAP_SITE(0xcb);
}

static inline void guest_close(void)
{
	SMAP_SITE(0xca);
}

#define GUEST_FIXUP									\
	".pushsection __ex_table, \"a\"\n\t"						\
	".balign 4\n\t"									\
	".long 900b - ., %l[fault] - .\n\t"						\
	".popsection"

/* at: a pointer to the word, of 2 to 8 bytes; `fault` is a label of the caller's. */
#define guest_load(value, at)								\
	__asm__ volatile goto("900:	mov %1, %0\n\t" GUEST_FIXUP			\
			      : "=r"(value) : "m"(*(at)) : "memory" : fault)
#define guest_store(value, at)								\
	__asm__ volatile goto("900:	mov %0, %1\n\t" GUEST_FIXUP			\
			      : : "r"(value), "m"(*(at)) : "memory" : fault)
