# SPDX-License-Identifier: MIT
# Memory: the allocator, page types over the four levels (each behaviour, every history in a small
# scope), the hypercalls, stores to page tables.
UNITS += hv_buddy hv_pagetype hv_pagetype_all

hv_mm_SHARED := tests/unit/hv-mm/world.c \
	$(addprefix hypervisor/core/,buddy.c frame.c machine.c pagetype.c ptable.c ptaudit.c) \
	$(addprefix hypervisor/domain/,mm.c frames.c tables.c reap.c mmcheck.c) \
	$(addprefix hypervisor/calls/,pgowner.c mmulist.c mmu_update.c mmuext_op.c)
hv_buddy_USRCS        := tests/unit/hv-mm/buddy_test.c hypervisor/core/buddy.c
hv_pagetype_USRCS     := tests/unit/hv-mm/pagetype_test.c $(hv_mm_SHARED)
hv_pagetype_all_USRCS := tests/unit/hv-mm/histories_test.c $(hv_mm_SHARED)
