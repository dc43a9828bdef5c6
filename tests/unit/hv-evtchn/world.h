/* SPDX-License-Identifier: MIT */
/*
 * Three domains (0 to 2, 0 is control) of two vCPUs each, and what the event channels
 * ask of the layers below: the lookup of domains, the scheduler, guest memory.
 */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/evtchn.h>

#define DOMAINS 3
#define VCPUS	2
#define FRAMES	48	/* a third is each domain's */

extern struct domain world_domain[DOMAINS];
extern struct vcpu world_vcpu[DOMAINS][VCPUS];
extern unsigned world_wakes[DOMAINS][VCPUS];	/* calls of vcpu_wake() */
/** References to domains that were taken and not put. */
unsigned world_references(void);
extern bool world_no_memory;			/* xmalloc() fails */

extern unsigned world_held;			/* references to frames */

/** Page i of a domain's, and its frame. */
void *world_page(unsigned dom, unsigned i);
uint64_t world_gfn(unsigned dom, unsigned i);

/** Everything as new. For use as a cmocka setup, with world_end() as teardown. */
int world_start(void **state);
int world_end(void **state);
/** The domain whose vCPU 0 issues hypercalls. */
void world_run(unsigned dom);

bool port_pending(unsigned dom, unsigned port);
/** NULL, or what is wrong anywhere. */
const char *world_check(void);
