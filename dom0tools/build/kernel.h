/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel as a file: an ELF image whose notes (or, in old ones, whose
 * `__xen_guest` section) say where it wants to live and start. The file comes
 * from anybody: every number is checked before it is used. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/error.h"

#include <hv/elf.h>

#define KERNEL_NONE (~0ULL)	/* of an address: the kernel does not ask for it */

struct kernel {
	struct elf elf;
	uint64_t virt_base;	/* where the first page of the domain is mapped */
	uint64_t paddr_offset;	/* what is to be taken off a segment's physical address */
	uint64_t virt_start;	/* of the loaded image; virt_base <= start < end */
	uint64_t virt_end;
	uint64_t entry;
	uint64_t hypercall_page;	/* or KERNEL_NONE */
	uint64_t init_p2m;	/* where the list of frames shall be mapped, or KERNEL_NONE */
	bool ramdisk_unmapped;	/* takes the ramdisk's page number instead of its address */
	char guest_os[16];	/* "" when it does not say */
};

/**
 * Reads the notes of the image, which must stay in place. Returns 0, or
 * -XEN_EINVAL or -XEN_EOPNOTSUPP with err filled.
 */
int kernel_open(struct kernel *k, const void *image, size_t size, struct build_error *err);

/** May a guest map these addresses, both included? Not across or into the hypervisor's. */
bool kernel_range_usable(uint64_t start, uint64_t last);

/** Where byte `paddr` of a segment goes. */
uint64_t kernel_virt(const struct kernel *k, uint64_t paddr);
