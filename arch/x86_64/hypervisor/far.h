/* SPDX-License-Identifier: MIT */
#pragma once

#include <hv/types.h>

struct vcpu;

/** After a page fault of a guest: true when it was the stack read of LRET or IRETQ, done now. */
bool emulate_far_return(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec);
