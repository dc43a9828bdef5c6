/* SPDX-License-Identifier: MIT */
/* One domain with one vCPU, and 64 KiB of memory that its page table maps at GUEST_BASE. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/domain.h>

#define GUEST_BASE 0x10000UL
#define GUEST_SIZE 0x10000UL

extern struct domain fake_domain;
extern struct vcpu fake_vcpu;
extern uint8_t fake_memory[GUEST_SIZE];
extern unsigned fake_crashes;
extern uint64_t fake_set_arg;
extern uint64_t fake_debug_regs[8];

/** For cmocka: everything new, the kernel runs at rip 0x100000 with its stack at the memory's end. */
int fake_start(void **state);
/** The quadword at a guest's address. */
uint64_t fake_word(uint64_t va);
