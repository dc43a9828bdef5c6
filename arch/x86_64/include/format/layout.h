/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's part of every address space, slots 256 to 271 of the top level:
 *
 *   slot 256  0xffff800000000000  machine-to-physical table, read-only, guests may read it
 *   slot 260  0xffff820000000000  windows for each CPU's descriptor tables (GDT, LDT)
 *   slot 261  0xffff828000000000  CPU stacks, 64 KiB each, guard pages between
 *             0xffff82c000000000  devices (local APIC)
 *             0xffff82d040000000  the hypervisor's image: text, read-only data, data
 *             0xffff82e000000000  frame table, 32 bytes a frame
 *             0xffff82f000000000  machine-to-physical table, writable
 *   slot 264  0xffff840000000000  direct map of all RAM (to slot 271: 4 TiB)
 *
 * Used by C, assembly and the linker script.
 */
#pragma once

#ifdef __ASSEMBLY__
#define _UL(x) x
#else
#define _UL(x) x##UL
#endif

#define HV_SLOT_FIRST   256
#define HV_SLOT_LAST    271
#define HV_VIRT_START   _UL(0xffff800000000000)
#define HV_VIRT_END     _UL(0xffff880000000000)
#define M2P_GUEST_VIRT  _UL(0xffff800000000000)
#define WINDOW_VIRT     _UL(0xffff820000000000)
#define STACK_VIRT      _UL(0xffff828000000000)
#define DEVICE_VIRT     _UL(0xffff82c000000000)
#define IMAGE_VIRT      _UL(0xffff82d040000000)
#define FRAMETABLE_VIRT _UL(0xffff82e000000000)
#define M2P_VIRT        _UL(0xffff82f000000000)
#define DIRECT_VIRT     _UL(0xffff840000000000)
#define DIRECT_MAX      _UL(0x0000040000000000)

/* Where the image stands in physical memory, unless the loader moved it (by multiples of 2 MiB). */
#define IMAGE_PHYS      _UL(0x200000)

/* Each CPU's window: 16 pages of GDT (14 the guest's, then ours), 16 pages of LDT. */
#define WINDOW_PAGES    32
#define WINDOW_GDT(cpu) (WINDOW_VIRT + (cpu) * (WINDOW_PAGES * _UL(4096)))
#define WINDOW_LDT(cpu) (WINDOW_GDT(cpu) + 16 * _UL(4096))

#define MAX_CPUS        256
