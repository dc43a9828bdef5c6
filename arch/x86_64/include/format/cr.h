/* SPDX-License-Identifier: MIT */
/*
 * Bits of the control registers and XCR0 (Intel SDM volume 3, section 2.5 and 13.3).
 * Usable from assembly.
 */
#pragma once

#define CR0_PE	(1 << 0)
#define CR0_MP	(1 << 1)
#define CR0_EM	(1 << 2)
#define CR0_TS	(1 << 3)
#define CR0_ET	(1 << 4)
#define CR0_NE	(1 << 5)
#define CR0_WP	(1 << 16)
#define CR0_AM	(1 << 18)
#define CR0_NW	(1 << 29)
#define CR0_CD	(1 << 30)
#define CR0_PG	0x80000000

#define CR4_VME		(1 << 0)
#define CR4_PVI		(1 << 1)
#define CR4_TSD		(1 << 2)
#define CR4_DE		(1 << 3)
#define CR4_PSE		(1 << 4)
#define CR4_PAE		(1 << 5)
#define CR4_MCE		(1 << 6)
#define CR4_PGE		(1 << 7)
#define CR4_PCE		(1 << 8)
#define CR4_OSFXSR	(1 << 9)
#define CR4_OSXMMEXCPT	(1 << 10)
#define CR4_UMIP	(1 << 11)
#define CR4_LA57	(1 << 12)
#define CR4_VMXE	(1 << 13)
#define CR4_FSGSBASE	(1 << 16)
#define CR4_PCIDE	(1 << 17)
#define CR4_OSXSAVE	(1 << 18)
#define CR4_SMEP	(1 << 20)
#define CR4_SMAP	(1 << 21)
#define CR4_PKE		(1 << 22)
#define CR4_CET		(1 << 23)

#define XCR0_X87	(1 << 0)
#define XCR0_SSE	(1 << 1)
#define XCR0_AVX	(1 << 2)
#define XCR0_BNDREGS	(1 << 3)
#define XCR0_BNDCSR	(1 << 4)
#define XCR0_OPMASK	(1 << 5)
#define XCR0_ZMM_HI256	(1 << 6)
#define XCR0_HI16_ZMM	(1 << 7)
#define XCR0_PKRU	(1 << 9)
