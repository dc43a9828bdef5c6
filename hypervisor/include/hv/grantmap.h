/* SPDX-License-Identifier: MIT */
/*
 * Grants in page tables of the current vCPU's domain. Where a mapping goes says the
 * guest: by the machine address of an L1 entry (GNTMAP_contains_pte) or by a virtual
 * address in its current address space. The entry owns one reference to the frame and,
 * when it lets write, one writable use; both come from and go back to the caller.
 */
#pragma once

#include <hv/types.h>

struct frame;
struct vcpu;

/**
 * Writes the entry; flags are GNTMAP_*. Takes over the caller's reference (and use) of f. What
 * was mapped there before is given up. GNTST_okay, or GNTST_general_error with nothing changed.
 */
int grantmap_create(struct vcpu *v, uint64_t addr, uint32_t flags, struct frame *f);

/**
 * Takes out the entry, which must map mfn; puts the entry at virtual address new_addr in its
 * place, and nothing there, when new_addr is not 0. The caller flushes the TLB and then gives
 * up *old with grantmap_put(). GNTST_okay, or GNTST_general_error with nothing changed.
 */
int grantmap_replace(struct vcpu *v, uint64_t addr, uint32_t flags, uint64_t mfn,
		     uint64_t new_addr, uint64_t *old);

/** Gives up the reference (and use) that a former entry of v's domain owned. */
void grantmap_put(struct vcpu *v, uint64_t old);
