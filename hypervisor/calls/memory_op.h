/* SPDX-License-Identifier: MIT */
/* The families of HYPERVISOR_memory_op, by file; each handler gets the guest's argument. */
#pragma once

#include <hv/types.h>

#include <xen/memory.h>

#define MEMORY_OP_SHIFT	6
#define MEMORY_OP_MASK	((1u << MEMORY_OP_SHIFT) - 1)
/* More than this a continuation cannot count. */
#define MEMORY_OP_MAX	(UINT32_MAX >> MEMORY_OP_SHIFT)

struct domain;

struct memory_call {
	uint32_t op;
	uint32_t start;		/* extents done before */
	guest_va_t arg;
};

typedef long memory_op_fn(const struct memory_call *call);

/* memory_op_reservation.c */
memory_op_fn memory_op_reserve, memory_op_claim;
/** The largest extent, as an order, that d may ask for: bounded work without a stop. */
unsigned memory_op_max_order(const struct domain *d);
/* memory_op_exchange.c */
memory_op_fn memory_op_exchange;
/* memory_op_maps.c */
memory_op_fn memory_op_memory_map, memory_op_set_memory_map, memory_op_machine_memory_map;
memory_op_fn memory_op_machphys_mapping, memory_op_machphys_mfn_list;
/* memory_op_resource.c */
memory_op_fn memory_op_acquire_resource;

/** Notes in the arguments how many extents are done. Returns -XEN_ERESTART. */
long memory_op_continue(const struct memory_call *call, uint32_t done);
