/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of hv/ptable.h that work on levels 2 to 4 share: whole tables (pagetype.c)
 * and single entries (ptentry.c).
 */
#pragma once

#include <hv/ptable.h>

static inline bool pt_is_guest_slot(unsigned level, unsigned i)
{
	return level != 4 || i < HV_SLOT_FIRST || i > HV_SLOT_LAST;
}

static inline unsigned pt_level(const struct frame *f)
{
	return (unsigned)(f->type_info >> FT_SHIFT);
}

static inline enum pt_result pt_refuse(struct pt_ctx *c, int error)
{
	c->error = error;
	return PT_REFUSED;
}

/* As Xen has it: the walk of a top level never has to set bits there. */
static inline uint64_t pt_entry_adjust(unsigned level, uint64_t e)
{
	return level == 4 ? e | PTE_U | PTE_A : e | PTE_U;
}

/**
 * What a present entry of the table names is referenced and used as a table one level down, or is
 * a recursive entry. PT_REFUSED: nothing has changed; PT_AGAIN, PT_BAD: the entry owns the
 * child in part.
 */
enum pt_result pt_entry_take(struct pt_ctx *c, struct frame *table, unsigned level, uint64_t e);
/**
 * Gives back what the entry has taken, if it is present: PT_OK or PT_AGAIN.
 * stays: with PT_AGAIN the entry goes on to own the child, for whoever goes on in either direction;
 * else the caller has taken that over.
 */
enum pt_result pt_entry_drop(struct pt_ctx *c, struct frame *table, unsigned level, uint64_t e,
			     bool stays);
