/* SPDX-License-Identifier: MIT */
/*
 * A pretend machine for the scheduler: a few CPUs, a clock that the test moves, domains
 * of a few vCPUs. One CPU at a time is "this" one; its timer fires when the clock is
 * moved past what it is armed for, and its way out to a guest is machine_exit().
 */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/sched.h>
#include <hv/time.h>

#define CPUS	4
#define DOMAINS 8
#define VCPUS	4
#define MS	1000000ULL

extern unsigned machine_cpus;			/* that are running */
extern uint64_t machine_now;
extern uint64_t machine_armed[CPUS];		/* deadline of each CPU's timer, 0: none */
extern uint64_t machine_late;			/* each timer fires less than so much too late; at first 0 */
extern unsigned machine_arms;			/* how often a timer was armed */
extern unsigned machine_switches;
extern unsigned machine_timer_virqs[DOMAINS][VCPUS];
extern unsigned machine_shutdowns[DOMAINS];
extern unsigned machine_shutdown_code;
extern void (*machine_in_switch)(void);		/* called in the middle of each switch, if set */
extern struct domain machine_domain[DOMAINS];
extern struct vcpu machine_vcpu[DOMAINS][VCPUS];

/** Everything as new, one CPU; every vCPU is VPF_DOWN. For use as a cmocka setup. */
int machine_start(void **state);
/** So many CPUs run, and idle. */
void machine_start_cpus(unsigned n);
/** Makes another CPU this one. */
void machine_on(unsigned cpu);
/** The work of a way out to a guest on this CPU, until none is left. */
void machine_exit(void);
/** Moves the clock, firing timers on the way, each with the exit that follows. */
void machine_run(uint64_t ns);
/** Brings a vCPU up. */
void machine_up(struct vcpu *v);
/** The current vCPU blocks, and its CPU leaves. */
void machine_block(void);
/** sched_set_affinity() to CPUs of the first word. */
int machine_pin(struct vcpu *v, uint64_t cpus);
/** What runs on this CPU; NULL when it idles. */
struct vcpu *machine_current(void);
/** CHECKs that each vCPU is where its flags say, once. */
void machine_check(void);
