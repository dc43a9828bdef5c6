/* SPDX-License-Identifier: MIT */
/*
 * x87, SSE and the extended states behind them. A vCPU's state area is allocated
 * when it first uses the unit; until then, and while its kernel has set TS
 * (fpu_taskswitch), CR0.TS is set and the first use traps. State is saved
 * when a vCPU that used it leaves the CPU, and loaded before another runs: no
 * register of one domain is ever left for another to see, not even by speculation.
 */
#pragma once

#include <hv/types.h>

struct vcpu;

/** Finds out what the CPU saves; boot, on each CPU. */
void fpu_init_cpu(void);
/** v leaves the CPU / comes to it (not for idle vCPUs). */
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v);
/** Gives back what v has. */
void fpu_destroy(struct vcpu *v);

/** #NM in the guest: true when the hypervisor's laziness was the reason and it may go on. */
bool fpu_not_available(struct vcpu *v);
/** The guest's CR0.TS, for v current. */
void fpu_set_ts(struct vcpu *v, bool set);

/** Extended states that a guest may enable; 0 when the CPU has no XSAVE. */
uint64_t fpu_xfeatures(void);
/** Bytes of an area with those states, in the standard format. */
unsigned fpu_area_size(uint64_t xcr0);
/** The same in the compacted format. */
unsigned fpu_compact_size(uint64_t xcr0);
/** XCR0 of v as its kernel sets it: false when the value is refused. */
bool fpu_set_xcr0(struct vcpu *v, uint64_t value);

/** The legacy 512 bytes, for vcpu_guest_context. Set: 0, -XEN_ENOMEM. v is not running. */
int fpu_set_legacy(struct vcpu *v, const void *fxsave);
void fpu_get_legacy(struct vcpu *v, void *fxsave);
/** The whole area in the standard format (getvcpuextstate): size is fpu_area_size(). */
int fpu_get_area(struct vcpu *v, void *area, unsigned size);
/** 0, -XEN_EINVAL: no such states or a malformed header; -XEN_ENOMEM. v is not running. */
int fpu_set_area(struct vcpu *v, const void *area, unsigned size, uint64_t xcr0,
		 uint64_t xcr0_accum);
