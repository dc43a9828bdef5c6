/* SPDX-License-Identifier: MIT */
/*
 * The calls that make a domain and those that it makes itself, a function each: 0, or the error. A
 * domain is OWNER or MAPPER (world.h).
 */
#pragma once

#include "world.h"

#define TOOL_PAGES 10u
#define ARG(p)	   ((uint64_t)(uintptr_t)(p))

extern uint64_t tool_frames[2][TOOL_PAGES];	/* of OWNER and MAPPER, as populate_physmap said */
extern unsigned tool_vcpus;			/* of new domains */

/** 0 for OWNER, 1 for MAPPER. */
unsigned nr(domid_t id);

/* ---- dom0's -------------------------------------------------------------------------- */

long tool_create(domid_t id);
long tool_give_vcpus(domid_t id);
long tool_limit_memory(domid_t id);
long tool_populate(domid_t id);
/** Page 0 is the top-level table, 1 to 3 those below; entry 4 and on of the last are to spare. */
long tool_build_tables(domid_t id);
long tool_set_context(domid_t id);
/** The same of its third vCPU, which stays down. */
long tool_set_other_context(domid_t id);

/* ---- the guest's ----------------------------------------------------------------------- */

long guest_call(domid_t id, hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3);
/** Its second vCPU, not yet up. */
long guest_start_vcpu(domid_t id);
/** Its first grant beyond the first piece of the table: page 7, for MAPPER. */
long guest_offer(domid_t id);
/** What OWNER offers. */
long guest_map_grant(domid_t id);
