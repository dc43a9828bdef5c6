/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries of 4-level paging (Intel SDM vol. 3, 4.5), and the two
 * software bits that the PV ABI gives a meaning (Xen: _PAGE_GUEST_KERNEL).
 */
#pragma once

#include <format/layout.h>

#define PTE_P        _UL(0x001)
#define PTE_W        _UL(0x002)
#define PTE_U        _UL(0x004)
#define PTE_PWT      _UL(0x008)
#define PTE_PCD      _UL(0x010)
#define PTE_A        _UL(0x020)
#define PTE_D        _UL(0x040)
#define PTE_PAT      _UL(0x080)	/* L1 */
#define PTE_PS       _UL(0x080)	/* L2, L3 */
#define PTE_G        _UL(0x100)
#define PTE_AVAIL    _UL(0xe00)
#define PTE_NX       _UL(0x8000000000000000)
/* Set in a guest's L1 entry that its kernel made without PTE_U (which is then forced). */
#define PTE_GUEST_KERNEL _UL(0x0010000000000000)

#define PTE_ADDR     _UL(0x000ffffffffff000)
#define PTE_ENTRIES  512

/* What the hypervisor maps itself with. */
#define PTE_HV_RX    (PTE_P | PTE_A | PTE_G)
#define PTE_HV_RO    (PTE_P | PTE_A | PTE_G | PTE_NX)
#define PTE_HV_RW    (PTE_P | PTE_A | PTE_D | PTE_W | PTE_G | PTE_NX)
#define PTE_HV_DEV   (PTE_HV_RW | PTE_PCD | PTE_PWT)
#define PTE_HV_TABLE (PTE_P | PTE_A | PTE_D | PTE_W)

/* #PF error code (Intel SDM vol. 3, 4.7). */
#define PFEC_PRESENT _UL(0x01)
#define PFEC_WRITE   _UL(0x02)
#define PFEC_USER    _UL(0x04)
#define PFEC_RSVD    _UL(0x08)
#define PFEC_FETCH   _UL(0x10)
#define PFEC_PK      _UL(0x20)
