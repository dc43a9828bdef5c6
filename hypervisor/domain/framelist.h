/* SPDX-License-Identifier: MIT */
/* Lists of a domain's frames, linked by frame number; 0 ends one. The caller holds its page_lock. */
#pragma once

#include <hv/frame.h>

static inline void framelist_push(uint32_t *head, struct frame *f)
{
	uint32_t m = (uint32_t)frame_mfn(f).n;

	f->prev = 0;
	f->next = *head;
	if (*head)
		frame_table[*head].prev = m;
	*head = m;
}

static inline void framelist_unlink(uint32_t *head, struct frame *f)
{
	if (f->next)
		frame_table[f->next].prev = f->prev;
	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		*head = f->next;
}
