/* SPDX-License-Identifier: MIT */
/*
 * A piece of a guest's memory that the hypervisor writes to of its own accord: a
 * vCPU's run states, its copy of the time. The guest names it by a virtual address;
 * that is translated once, when it is registered, and the frames are held as
 * writable data from then on. So it can be written at any time, whatever page table
 * is loaded, and without a fault. (Xen 4.17 keeps the virtual address and writes when
 * the vCPU is in its kernel's address space; a guest that does not move the area
 * sees no difference.)
 */
#pragma once

#include <hv/lock.h>
#include <hv/types.h>

struct domain;
struct frame;

struct guest_area {
	spinlock_t lock;		/* for these: one vCPU may register what another uses */
	struct frame *frame[2];		/* held; NULL: none */
	uint8_t *at[2];			/* where the hypervisor sees its parts */
	uint32_t head;			/* bytes in the first page */
};

/** Of a new vCPU: not set. */
static inline void guest_area_init(struct guest_area *a)
{
	*a = (struct guest_area){ 0 };
	spin_init(&a->lock, "area");
}

static inline bool guest_area_is_set(const struct guest_area *a)
{
	return a->frame[0];
}

/**
 * Registers len bytes (at most a page) at va of the current vCPU's address space, in
 * place of what was registered; address 0 only ends that. -XEN_EFAULT, with nothing
 * changed, when the address is not the guest's or not mapped writable to its own memory.
 */
int guest_area_register(struct guest_area *a, guest_va_t va, uint32_t len);
/** Lets go of the frames. */
void guest_area_release(struct guest_area *a);
/** Writes at an offset of an area, if it is set; offset + len is within it. */
void guest_area_write(struct guest_area *a, uint32_t offset, const void *src, uint32_t len);
