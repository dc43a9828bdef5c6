/* SPDX-License-Identifier: MIT */
/*
 * Exception vectors and the error codes that come with them (Intel SDM volume 3,
 * chapter 6). Usable from assembly.
 */
#pragma once

#define TRAP_DE		0
#define TRAP_DB		1
#define TRAP_NMI	2
#define TRAP_BP		3
#define TRAP_OF		4
#define TRAP_BR		5
#define TRAP_UD		6
#define TRAP_NM		7
#define TRAP_DF		8
#define TRAP_TS		10
#define TRAP_NP		11
#define TRAP_SS		12
#define TRAP_GP		13
#define TRAP_PF		14
#define TRAP_SPURIOUS	15
#define TRAP_MF		16
#define TRAP_AC		17
#define TRAP_MC		18
#define TRAP_XM		19
#define TRAP_VE		20
#define TRAP_CP		21
#define TRAP_COUNT	32

/* Bit n: vector n pushes an error code. */
#define TRAPS_WITH_ERROR_CODE	((1 << TRAP_DF) | (0xf << TRAP_TS) | (1 << TRAP_PF) | \
				 (1 << TRAP_AC) | (1 << TRAP_CP))

#define PF_PRESENT	(1 << 0)
#define PF_WRITE	(1 << 1)
#define PF_USER		(1 << 2)
#define PF_RESERVED	(1 << 3)
#define PF_FETCH	(1 << 4)

#define ERR_EXT		(1 << 0)	/* of selector errors: not the program's own doing */
#define ERR_IDT		(1 << 1)

/* Debug registers. */
#define DR6_DEFAULT	0xffff0ff0UL
#define DR6_BS		(1 << 14)
#define DR6_BD		(1 << 13)
#define DR7_DEFAULT	0x400UL
#define DR7_ENABLE	0xffUL		/* L0 G0 .. L3 G3 */
#define DR7_GD		(1 << 13)
#define DR_FIELD_IO	2UL		/* R/W field: I/O break point (CR4.DE) */
