/* SPDX-License-Identifier: MIT */
/*
 * Other vCPUs of a test kernel: each waits for functions to run, spinning and yielding, so that it makes no
 * other hypercall than yield by itself. They share this kernel's tables, trap handlers and console; one of all may
 * expect a trap at a time, and vCPU 0 alone prints.
 */
#pragma once

#include "test.h"

#define TEST_CPUS 32

/** vCPUs that this domain has, this one included. */
unsigned cpu_count(void);
/** A context for vCPU id that begins with fn on its own stack; each call fills it anew. */
vcpu_guest_context_t *cpu_context(unsigned id, void (*fn)(void));
/** Brings vCPU id up, which then waits for functions. 0 or the hypervisor's refusal. */
long cpu_start(unsigned id);
/** Lets vCPU id run fn(arg), one at a time; cpu_wait() gives the result. */
void cpu_go(unsigned id, uint64_t (*fn)(uint64_t), uint64_t arg);
uint64_t cpu_wait(unsigned id);
/** Both. */
uint64_t cpu_run(unsigned id, uint64_t (*fn)(uint64_t), uint64_t arg);
/** Takes vCPU id down, and waits until it is; cpu_start() brings it up again. */
void cpu_stop(unsigned id);
/** The vCPU that asks. */
unsigned cpu_self(void);
/** What a loop that waits for another vCPU does: they may share one CPU. */
void cpu_relax(void);
