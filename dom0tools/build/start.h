/* SPDX-License-Identifier: MIT */
/*
 * What a PV kernel finds when it starts: the start_info page, the shared page and
 * the registers of its first vCPU. Pure.
 */
#pragma once

#include <stdint.h>

#include <xen/xen.h>

#include "build/kernel.h"
#include "build/plan.h"

/** What only the hypervisor and the creator know. */
struct start_facts {
	uint64_t shared_info;	/* machine address */
	uint64_t ramdisk_bytes;
	uint32_t xenstore_port;
	uint32_t console_port;
	const char *cmdline;	/* NULL: empty; at most MAX_GUEST_CMDLINE - 1 characters */
};

/** Fills the page; mfns[pfn] is the frame of each page of the domain. */
void start_info_fill(struct start_info *si, const struct plan *p, const struct start_facts *f,
		     const uint64_t *mfns);

/** Masks events on every vCPU, as kernels expect until they have a handler. */
void start_shared_fill(struct shared_info *shared);

/** The state of vCPU 0 at the kernel's entry. */
void start_context_fill(struct vcpu_guest_context *c, const struct kernel *k, const struct plan *p,
			const uint64_t *mfns);
