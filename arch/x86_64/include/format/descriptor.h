/* SPDX-License-Identifier: MIT */
/*
 * Segment and system descriptors (Intel SDM volume 3, section 3.4.5 and 7.2),
 * and the selectors of the hypervisor's page of the GDT. The first 14 pages of a
 * GDT are the guest's, page 14 is ours. Plain numbers are usable from assembly.
 *
 *   63    56 55 54 53 52 51  48 47 46 45 44 43 40 39        16 15        0
 *   | base  | G|DB| L|AV| lim  | P| DPL | S| type |   base    |   limit   |
 */
#pragma once

#define RESERVED_GDT_PAGE	14		/* FIRST_RESERVED_GDT_PAGE of the ABI */
#define RESERVED_GDT_BYTE	(RESERVED_GDT_PAGE << 12)
#define RESERVED_GDT_ENTRY	(RESERVED_GDT_PAGE << 9)

#define HV_CS		0xe008
#define HV_DS		0xe010
#define GUEST_CS32	0xe023		/* FLAT_RING3_CS32 */
#define GUEST_DS	0xe02b		/* FLAT_RING3_DS, also SS32 and SS64 */
#define GUEST_CS64	0xe033		/* FLAT_RING3_CS64 */
#define HV_TSS		0xe040
#define HV_LDT		0xe050

/* FLAT_KERNEL_* to which the guest's kernel resets; STAR's user half. */
#define SELECTOR_RPL	3
#define SELECTOR_TI	4		/* set: in the LDT */

/* Access bits as they stand in the upper half of a descriptor. */
#define DESC_G		(1U << 23)
#define DESC_DB		(1U << 22)
#define DESC_L		(1U << 21)
#define DESC_AVL	(1U << 20)
#define DESC_P		(1U << 15)
#define DESC_DPL	(3U << 13)
#define DESC_S		(1U << 12)
#define DESC_TYPE	(0xfU << 8)
#define DESC_CODE	(1U << 11)	/* type bit 3 */
#define DESC_CONFORMING	(1U << 10)	/* type bit 2 of code, expand-down of data */
#define DESC_RW		(1U << 9)	/* readable code, writable data */
#define DESC_ACCESSED	(1U << 8)

/* Types with S clear. */
#define DESC_SYS_LDT		(2U << 8)
#define DESC_SYS_TSS_AVAIL	(9U << 8)
#define DESC_SYS_TSS_BUSY	(11U << 8)
#define DESC_SYS_CALL_GATE	(12U << 8)
#define DESC_SYS_INT_GATE	(14U << 8)
#define DESC_SYS_TRAP_GATE	(15U << 8)

#ifndef __ASSEMBLY__
#include <stdint.h>

typedef union {
	uint64_t raw;
	struct {
		uint32_t a, b;
	};
} segdesc_t;

/* Built where it is known at compile time; limit in units of DESC_G. */
#define SEGDESC(base, limit, access)					\
	((segdesc_t){ .raw = ((uint64_t)(limit) & 0xffff) |			\
		((uint64_t)((limit) & 0xf0000) << 32) |				\
		((uint64_t)(access) << 32) | (((uint64_t)(base) & 0xffffff) << 16) |	\
		(((uint64_t)(base) & 0xff000000) << 32) })

/* Interrupt gate, 16 bytes. */
struct idt_gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;		/* P, DPL, type: IDT_GATE(dpl) */
	uint16_t offset16;
	uint32_t offset32;
	uint32_t zero;
};
#define IDT_GATE(dpl)	(0x8e | (dpl) << 5)

struct tss {
	uint32_t zero;
	uint64_t rsp0, rsp1, rsp2;
	uint64_t zero2;
	uint64_t ist[7];	/* ist[0] is IST 1 */
	uint64_t zero3;
	uint16_t zero4;
	uint16_t iomap;		/* sizeof(struct tss): no bitmap, every port faults */
} __attribute__((packed));

/* Operand of lgdt and lidt. */
struct desc_ptr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "SDM volume 3, figure 7-11");
_Static_assert(sizeof(struct idt_gate) == 16, "SDM volume 3, figure 6-8");
_Static_assert(sizeof(struct desc_ptr) == 10, "SDM volume 3, section 2.4");
#endif
