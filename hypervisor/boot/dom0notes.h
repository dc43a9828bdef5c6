/* SPDX-License-Identifier: MIT */
/* What dom0's kernel wants to find where: for dom0.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hv/elf.h>

struct dom0_notes {
	uint64_t virt_base;		/* the virtual address of its first page */
	uint64_t elf_paddr_offset;	/* the p_paddr of the image that lies there */
	uint64_t entry;
	uint64_t hypercall_page, init_p2m;	/* virtual addresses, if it has them */
	bool has_hypercall_page, has_init_p2m;
	bool mod_start_pfn;		/* it finds its ramdisk unmapped */
};

/** By the notes, or else the section __xen_guest. Panics, in words for the user, when it has neither. */
void dom0_notes_read(struct dom0_notes *n, const struct elf *elf);
