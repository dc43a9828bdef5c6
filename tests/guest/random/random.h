/* SPDX-License-Identifier: MIT */
/* What the random guest works on, and where its values come from. */
#pragma once

#include "../lib/test.h"

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>

#define ARENA	   64
#define ARENA_SLOT 3	/* of the top level */
#define BUFFERS	   8
#define TABLES	   12
#define SPECIALS   5
#define EXTRAS	   128
#define CHILDREN   4

struct world {
	bool control;			/* a control domain */
	bool trace;			/* print each call */
	uint64_t max_mfn;
	uint64_t arena;			/* address of ARENA pages, mapped or not */
	uint64_t arena_l1;		/* the frame whose entries map them */
	uint64_t arena_mfn[ARENA];	/* the frames that were there at first */
	char *buffer;			/* BUFFERS pages for arguments */
	grant_entry_v1_t *grants;
	uint64_t tables[TABLES];	/* frames for page tables, mapped nowhere */
	uint64_t special[SPECIALS];
	uint64_t extra[EXTRAS];		/* frames that hypercalls gave */
	uint32_t handle[16];		/* of mapped grants */
	uint32_t port[16];
	domid_t children[CHILDREN];	/* domains made here */
};

extern struct world world;
extern uint64_t random_state;

uint64_t rnd(void);
unsigned below(unsigned n);
/** An address at which a guest has nothing. */
uint64_t bad_va(void);
uint64_t any_va(void);
uint64_t any_mfn(void);
uint64_t any_arena_mfn(void);
uint64_t any_number(void);
uint64_t any_value(void);
/** True for a frame that we live in or keep arguments in; arena and tables are not of these. */
bool is_ours(uint64_t mfn);
/** An entry; one of ours is never mapped to be written. */
uint64_t any_pte(void);
domid_t any_domid(void);
/** Random fields of 2, 4 and 8 bytes. */
void fill(void *at, unsigned bytes);

/** One hypercall. */
void random_call(void);
/** How many of each family there were, and how many were carried out. */
void random_report(void);
/** One of domctl and sysctl. */
void random_control(void);
