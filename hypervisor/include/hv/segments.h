/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and selectors of guests.
 *
 * Each CPU has a window (format/layout.h): 14 pages of the running vCPU's GDT,
 * then the hypervisor's own page, and 16 pages of its LDT, which are mapped as
 * they are used. A page that stands there is of type "descriptors": the guest
 * cannot write it, and every descriptor in it went through segdesc_fix().
 */
#pragma once

#include <hv/types.h>

struct vcpu;

#define LDT_MAX_ENTRIES 8192
#define GDT_MAX_ENTRIES (14 * 512)	/* FIRST_RESERVED_GDT_ENTRY */

/** Changes a guest's descriptor into what it may have; false: it may not have that one.
 *  (core/segdesc.c) */
bool segdesc_fix(uint64_t *desc);

/** Builds this CPU's GDT page and TSS and loads them; ist[0] is the stack of IST 1. */
void segments_init_cpu(unsigned cpu, uint64_t rsp0, const uint64_t ist[7]);

/** Leaving the CPU: reads selectors and bases into v. */
void segments_save(struct vcpu *v);
/** Coming to the CPU: tables, selectors, bases. A selector that does not load becomes null and
 *  the guest gets its failsafe callback. */
void segments_load(struct vcpu *v);

/** FS base and GS base of the mode that runs, from the CPU. */
void segments_read_bases(uint64_t *fs, uint64_t *gs);
/** From the guest's user mode to its kernel mode, or back: GS bases and page table. */
void segments_enter_kernel(struct vcpu *v);
void segments_enter_user(struct vcpu *v);

/** Takes the frames of a GDT of ents entries in v, with references; the old ones go. With 0
 *  entries it only drops them. 0 or -XEN_EINVAL, then nothing has changed. */
int vcpu_set_gdt(struct vcpu *v, const unsigned long *frames, unsigned ents);
/** 0, or -XEN_EINVAL: not page-aligned, in the hypervisor's part, more than 8192 entries. */
int vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t ents);
/** Forgets the LDT pages that are mapped in windows (each is a reference): to be called when
 *  a mapping of a descriptor page goes, and when v dies. */
void vcpu_ldt_unmap(struct vcpu *v);

/** Bases of the current vCPU, which live in the CPU (SEGBASE_*); the address is canonical. */
void segments_set_fs_base(uint64_t base);
void segments_set_gs_base_kernel(uint64_t base);
void segments_set_gs_base_user(uint64_t base);
/** Loads the user's GS selector and with it its base; one that is refused becomes null. */
void segments_set_gs_user_selector(uint16_t sel);

/** A fault at va in the LDT window of this CPU: maps the page; false: it stays a fault. */
bool segments_ldt_fault(struct vcpu *v, uint64_t va);
/** True when va lies in the LDT window of this CPU; *offset from its start. */
bool segments_in_ldt_window(uint64_t va, uint64_t *offset);
/** True when the selector is that of 64-bit code. */
bool segments_is_code64(uint16_t cs);
/** True when it is that of 32-bit code at base 0 without a limit, as programs of 32 bits have it. */
bool segments_is_flat32(uint16_t cs);
