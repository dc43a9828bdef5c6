/* SPDX-License-Identifier: MIT */
/* What the linker script and start-up code know of the image. */
#pragma once

#include <hv/types.h>

extern char image_start[], text_end[], rodata_end[], image_end[];
extern char boot_stack[], boot_stack_top[];

struct smap_site {
	int32_t at;		/* relative to this field */
	uint32_t opcode;
};
extern struct smap_site smap_sites_start[], smap_sites_end[];

struct ex_entry {
	int32_t from, to;	/* each relative to itself */
};
extern struct ex_entry ex_table_start[], ex_table_end[];

/** Where the image stands in physical memory. */
uint64_t image_phys(void);

/* paging.c, for boot */
void paging_boot_done(void);
void paging_protect(void);
void paging_patch_smap(void);
/** CR3 of the idle vCPU: the hypervisor's own top level. */
uint64_t hv_cr3(void);
