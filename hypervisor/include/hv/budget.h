/* SPDX-License-Identifier: MIT */
/*
 * No hypercall runs unbounded. A loop over a guest's counts takes one unit of
 * the hypercall's budget per step (about a microsecond of work) and returns
 * -XEN_ERESTART when it is spent, after noting in its arguments how far it came
 * (hypercall_set_arg()). The guest then executes the same instruction again,
 * and events and other vCPUs get their turn in between.
 */
#pragma once

#include <hv/types.h>

struct budget {
	uint32_t left;
};

#define HYPERCALL_BUDGET 1024

/*
 * What cannot be paid spends all: some calls do their first step nevertheless, so that they end some
 * day, and a list of such calls must not have that for nothing each time.
 */
static inline bool budget_take_n(struct budget *b, uint32_t n)
{
	if (unlikely(b->left < n)) {
		b->left = 0;
		return false;
	}
	b->left -= n;
	return true;
}

static inline bool budget_take(struct budget *b)
{
	return budget_take_n(b, 1);
}
