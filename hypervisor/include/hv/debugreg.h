/* SPDX-License-Identifier: MIT */
/* Debug registers of vCPUs: break points may not lie in the hypervisor's part, DR7 is checked. */
#pragma once

#include <hv/types.h>

struct vcpu;

/** What DR7 may become, or false; *io gets the enable bits of I/O break points, which are kept
 *  for the guest to read but not loaded. de: the guest's CR4.DE. (core/dr7.c) */
bool dr7_check(uint64_t *dr7, uint64_t *io, bool de);

/** Register 0 to 7 of v: 0, -XEN_EPERM, -XEN_EINVAL, -XEN_ENODEV as Xen answers. */
int vcpu_set_debugreg(struct vcpu *v, unsigned reg, uint64_t value);
/** 0 or -XEN_ENODEV. */
int vcpu_get_debugreg(struct vcpu *v, unsigned reg, uint64_t *value);
/** v leaves the CPU / comes to it. */
void debugreg_save(struct vcpu *v);
void debugreg_load(struct vcpu *v);
/** Writes one register of the CPU (0-3, 6, 7); arch. */
void debugreg_write(unsigned reg, uint64_t value);
