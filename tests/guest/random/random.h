/* SPDX-License-Identifier: MIT */
/* What the random guest works on, and where its values come from. */
#pragma once

#include "../lib/option.h"

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
#define MAX_VCPUS  4
#define STACK_BYTES 65536UL

/* What each vCPU has for itself, at the bottom of its stack. */
struct self {
	unsigned id;
	uint64_t random;	/* the generator's state */
	char *buffer;		/* BUFFERS pages for arguments */
	uint64_t done;		/* calls made */
	bool trace;		/* print each call */
	bool ended;
};

static inline struct self *self(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct self *)(sp & ~(STACK_BYTES - 1));
}

extern const char pv_image_start[];

#define BUFFER (self()->buffer)

/* What they all work on. */
struct world {
	uint64_t seed, calls, trace_from;	/* calls: of each vCPU */
	unsigned vcpus, peers;
	bool control;			/* a control domain that acts as one */
	bool check;
	uint64_t max_mfn;
	uint8_t *ours;			/* a bit for each frame: not to be touched */
	uint32_t console_port;		/* of a domU, else 0 */
	uint64_t arena;			/* address of ARENA pages, mapped or not */
	uint64_t arena_l1;		/* the frame whose entries map them */
	uint64_t arena_l2, arena_l3;	/* those above */
	uint64_t arena_mfn[ARENA];	/* the frames that were there at first */
	grant_entry_v1_t *grants;
	uint64_t tables[TABLES];	/* frames for page tables, mapped nowhere */
	uint64_t special[SPECIALS];
	uint64_t extra[EXTRAS];		/* frames that hypercalls gave */
	uint32_t handle[16];		/* of mapped grants */
	uint32_t port[16];
	domid_t children[CHILDREN];	/* domains made here */
	unsigned long bound, mapped;	/* ports and grants of others that we got hold of */
};

extern struct world world;

uint64_t rnd(void);
unsigned below(unsigned n);
/** An address at which a guest has nothing. */
uint64_t bad_va(void);
uint64_t any_va(void);
uint64_t any_mfn(void);
uint64_t any_arena_mfn(void);
uint64_t any_number(void);
uint64_t any_value(void);
/** v, but elsewhere when it is an address in our own memory that is no argument of ours. */
uint64_t no_address(uint64_t v);
/** True for a frame that we live in or keep arguments in; arena and tables are not of these. */
bool is_ours(uint64_t mfn);
void set_ours(uint64_t mfn, bool ours);
/** An entry; one of ours is never mapped to be written. */
uint64_t any_pte(void);
domid_t any_domid(void);
/** A domain that is likely to be there. */
domid_t likely_domid(void);
/** Random fields of 2, 4 and 8 bytes. */
void fill(void *at, unsigned bytes);

/** How many vCPUs are to make calls. */
unsigned count_vcpus(void);
/** make_calls() on all of them; comes back when all have ended. */
void run_vcpus(void);
/** Brings those up that are down. */
void wake_others(void);
/** All calls of this vCPU. */
void make_calls(void);

/** One hypercall. */
void random_call(void);
/** How many of each family there were, and how many were carried out. */
void random_report(void);
/** One of domctl and sysctl. */
void random_control(void);
