/* SPDX-License-Identifier: MIT */
/*
 * Three domains (0 is control) with four frames of data each and an address space of
 * one page table; the real frame table, page-table entries and grant code over a pretend
 * RAM. At the end every frame, reference and page must be back where it was.
 */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hv/domain.h>
#include <hv/grant_core.h>
#include <hv/hypercall.h>

#define DOMAINS 3
#define DATA	4		/* frames of data of each domain */
#define SLOTS	4		/* addresses where a domain maps things */

extern struct domain world_domain[DOMAINS];
unsigned world_references(void);	/* to domains */
extern unsigned world_flushes;		/* of the whole TLB */
extern unsigned world_no_memory_after;	/* so many allocations succeed */
extern bool world_rearmed;		/* hypercall_set_arg() was called */
extern uint64_t world_arg[5];

int world_start(void **state);
int world_end(void **state);
void world_run(unsigned dom);

/** The machine frame, its content, and its frame-table entry, of domain dom's data frame i. */
uint64_t data_mfn(unsigned dom, unsigned i);
char *data(unsigned dom, unsigned i);
struct frame *data_frame(unsigned dom, unsigned i);
/** The address of slot i, its page-table entry, and the machine address of that. */
uint64_t slot_va(unsigned i);
uint64_t *slot_pte(unsigned dom, unsigned i);
uint64_t slot_pte_maddr(unsigned dom, unsigned i);
/** The guest takes the mapping out by itself, without the grant table's knowledge. */
void slot_clear(unsigned dom, unsigned i);
/** Entry ref of the shared table of dom. */
grant_entry_v1_t *entry(unsigned dom, unsigned ref);
/** Lets domain `to` use data frame i of domain dom. */
void offer(unsigned dom, unsigned ref, unsigned to, unsigned i, uint16_t flags);

/** The hypercall, arguments in the test's memory. */
long grant_op(unsigned cmd, void *list, uint32_t count);

/** NULL, or what is wrong: counts of frames, pins and handles against each other. */
const char *world_check(void);
