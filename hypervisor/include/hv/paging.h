/* SPDX-License-Identifier: MIT */
/* The hypervisor's own address space (arch/x86_64): made once at boot, W^X. */
#pragma once

#include <hv/memmap.h>
#include <hv/types.h>

/**
 * Builds the final page tables and switches to them: image by section rights, direct
 * map of all RAM in the machine's table, frame table, M2P, device window, stacks.
 * Takes the memory it needs out of `free`. ram_top: end of the highest RAM address.
 * Sets arch_direct_map, arch_m2p, arch_max_mfn, frame_table. Returns NULL, or what is
 * missing.
 */
const char *paging_init(struct memmap *free, const struct memmap *ram);
/** Maps one page of the hypervisor's part; tables come from `free` (boot) or the allocator. */
void hv_map(uint64_t va, uint64_t pa, uint64_t flags);
/** The L1 entry of a page of ours whose tables exist. */
uint64_t *hv_pte(uint64_t va);
/** Maps a device's page uncached; returns its address. */
void *hv_map_device(uint64_t pa);
/** Gives CPU `cpu` its stack window over 16 pages at stack_pa; returns its struct cpu. */
struct cpu *hv_map_stack(unsigned cpu, uint64_t stack_pa);
/** True when va stands in a mapped page of ours (backtraces, debug keys). */
bool hv_is_mapped(uint64_t va);
