/* SPDX-License-Identifier: MIT */
/*
 * What control operations ask of the parts around them, on the scheduler's pretend
 * machine: four domains of two vCPUs, the first of them dom0, which calls. A guest's
 * address is a pointer; those below 4 GiB are not mapped.
 */
#pragma once

#include "../hv-sched/machine.h"

#include <hv/domctl.h>
#include <hv/hypercall.h>

#define BAD_POINTER 0x1000UL

extern unsigned world_kills, world_kill_again;	/* domain_kill(); how often it says ERESTART */
extern unsigned world_contexts, world_nmis, world_created;
extern unsigned world_keys;
extern char world_key[8];
extern bool world_no_memory;
extern long world_context_result;
extern const struct domain *world_dom_exc;	/* who gets VIRQ_DOM_EXC: dom0 */
extern struct frame world_frame;		/* the one that frame_get() knows, number 7 */
extern struct xen_domctl_createdomain world_config;

/** For use as a cmocka setup: dom0's vCPU 0 is current and calls. */
int world_start(void **state);
/** Teardown: every reference was given back. */
int world_end(void **state);
/** Another domain's vCPU 0 calls. */
void world_caller(unsigned dom);

/** Runs an operation on a domain; op holds the arguments, and the answer. */
long domctl(struct xen_domctl *op, uint32_t cmd, domid_t dom);
long sysctl(struct xen_sysctl *op, uint32_t cmd);
