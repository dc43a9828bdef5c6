/* SPDX-License-Identifier: MIT */
/*
 * A pretend hypervisor behind pvguest's hypercall seam: a few thousand frames,
 * some domains, and the operations that the domain builder uses. A chosen
 * hypercall can be made to fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

enum {
	FAKE_FRAMES = 24 * 256,		/* 24 MiB */
	FAKE_DOMAINS = 8,
	FAKE_CPUS = 4,
	FAKE_VCPUS = 8,			/* those whose affinity is kept */
};

struct fake_domain {
	bool exists;
	uint8_t uuid[16];
	unsigned pauses, max_vcpus, ports, hypercall_pages;
	uint64_t max_kb, pages, cpu_time;
	uint32_t flags;			/* XEN_DOMINF_xxx but paused */
	uint64_t shared_info, grants;	/* frames */
	uint64_t pinned;		/* frame of the L4 table, 0 if none */
	bool has_context;
	struct vcpu_guest_context context;
	unsigned trigger;		/* the last one, plus one */
	uint8_t hard[FAKE_VCPUS], soft[FAKE_VCPUS];
	bool pinned_by_kernel[FAKE_VCPUS];
	unsigned weight, cap;
};

extern struct fake_domain fake_domains[FAKE_DOMAINS];
extern unsigned fake_calls;		/* hypercalls made since fake_xen_reset() */
extern bool fake_crash_at_start;	/* domains crash as soon as they may run */
extern unsigned fake_ratelimit;		/* microseconds */
extern char fake_keys[32];		/* the debug keys pressed */

/** No domains but 0, all frames free. */
void fake_xen_reset(void);
/** The nth hypercall from now (0: the next) fails with -XEN_ENOMEM; -1: none. */
void fake_xen_fail(int nth);
unsigned fake_xen_free_frames(void);
/** Pages of domains that are mapped now. */
unsigned fake_xen_mappings(void);
/** The contents of a frame. */
void *fake_xen_frame(uint64_t mfn);
