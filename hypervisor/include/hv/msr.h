/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers as guests see them. Most have one value for good, and
 * writing that value, or anything where a native kernel expects no effect, is let
 * pass; what is not listed does not exist (#GP).
 */
#pragma once

#include <hv/types.h>

struct vcpu;

enum msr_vendor {
	MSR_INTEL = 1,
	MSR_AMD = 2,		/* and Hygon */
	MSR_OTHER = 4,
};

/** What the values depend on. */
struct msr_env {
	enum msr_vendor vendor;
	uint32_t vcpu_id;
	uint64_t misc_enable;	/* the machine's, 0 where it has none */
	uint64_t ucode_rev;
	uint64_t platform_info;
};

/** Reads one of the registers with a value for good; false: no such register. (core/msr.c) */
bool msr_fixed_read(const struct msr_env *env, uint32_t msr, uint64_t *value);
/** True when a write of value to such a register is let pass, without effect. */
bool msr_fixed_write(const struct msr_env *env, uint32_t msr, uint64_t value);

/** RDMSR and WRMSR of the current vCPU; false: #GP. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
/** v comes to the CPU: loads the registers that guests use without a trap (TSC_AUX). */
void msrs_load(struct vcpu *v);
/** Reads what the values for good depend on; boot. */
void msr_init(void);
/** What another CPU needs. */
void msr_init_cpu(void);
