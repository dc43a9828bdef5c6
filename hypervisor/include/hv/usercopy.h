/* SPDX-License-Identifier: MIT */
/*
 * The one door to guest memory: copies between the hypervisor and the address
 * space of the current vCPU, with fault fix-up and SMAP opened only inside.
 * Every address is checked to lie outside the hypervisor's part (slots 256 to
 * 271) and to be canonical. Memory is read once, into a local.
 */
#pragma once

#include <hv/types.h>

/** Returns 0, or -XEN_EFAULT; after an error the destination's content is undefined. */
int copy_from_guest(void *dst, guest_va_t src, size_t len);
int copy_to_guest(guest_va_t dst, const void *src, size_t len);
/** The same for at most 16 quadwords, faster: stack frames. */
int copy_words_to_guest(guest_va_t dst, const uint64_t *src, unsigned words);
int copy_words_from_guest(uint64_t *dst, guest_va_t src, unsigned words);
/** Returns 0 or -XEN_EFAULT. */
int clear_guest(guest_va_t dst, size_t len);
/** True when [va, va+len) cannot touch the hypervisor's part and does not wrap. */
bool guest_range_ok(guest_va_t va, uint64_t len);

/** The address inside a XEN_GUEST_HANDLE of the ABI headers. */
#define handle_va(h) guest_va((uint64_t)(uintptr_t)(h).p)
/** Element i of the guest's array at va; the caller has bounded i. */
#define guest_index(va, i, type) guest_va((va).a + (uint64_t)(i) * sizeof(type))
