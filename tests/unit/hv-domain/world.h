/* SPDX-License-Identifier: MIT */
/*
 * A pretend machine on which domains are made and end as on the real one: 8 MiB of RAM, one CPU,
 * dom0 with one vCPU. What is not there is a guest that runs: its hypercalls are made by the test.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/hypercall.h>

#include <xen/domctl.h>
#include <xen/memory.h>

/* The ids are so high that each needs a page of the table of ids for itself. */
#define OWNER	700u		/* offers a page */
#define MAPPER	1300u		/* maps it */

/** The machine with dom0, once. */
void world_start(void);
/** The number of allocations from now on that succeed; the next one fails, once. */
void world_fail_after(unsigned n);
/** True when that has happened. */
bool world_has_failed(void);

/** Runs as dom0, or as the first vCPU of another domain. */
void world_run(domid_t id);
/** A hypercall of the current vCPU, once: its result, or -XEN_ERESTART when its budget is out. */
long world_piece(hypercall_fn *fn, uint64_t a1, uint32_t budget);
/** The same until its end. */
long world_call(hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);
long world_domctl(struct xen_domctl *op, uint32_t cmd, domid_t id);
/** The domain, without a reference; NULL when there is none. */
struct domain *world_domain(domid_t id);

/** What the books say: free frames, objects of the heap, pages it holds, dom0's ports. */
struct world_books {
	uint64_t frames, claimed;
	size_t objects, heap_pages;
	unsigned ports, refs;
};

struct world_books world_books(void);
/** Fails the test when a part's own check of its whole state does. */
void world_check(void);
