# SPDX-License-Identifier: MIT
# Memory: the allocator, page types over the four levels (each behaviour, every history in a small
# scope), the hypercalls, stores to page tables.
UNITS += hv_buddy hv_extop hv_pagetype hv_recursive hv_memory_op hv_ptstore
HARNESSES += hv_pagetype_all hv_frame_overtaken

hv_mm_SHARED := tests/unit/hv-mm/world.c $(FAKE_PANIC) $(FAKE_GUESTMEM) \
	$(addprefix hypervisor/core/,buddy.c cpumask.c frame.c machine.c pagetype.c ptentry.c ptable.c ptaudit.c) \
	$(addprefix hypervisor/domain/,mm.c ram.c relinquish.c target.c flush.c frames.c tables.c basetable.c reap.c mmcheck.c) \
	$(addprefix hypervisor/calls/,pgowner.c mmulist.c mmu_update.c mmuext_op.c)
hv_buddy_USRCS        := tests/unit/hv-mm/buddy_test.c $(FAKE_PANIC) hypervisor/core/buddy.c
hv_pagetype_USRCS     := tests/unit/hv-mm/pagetype_test.c $(hv_mm_SHARED)
hv_recursive_USRCS    := tests/unit/hv-mm/recursive_test.c $(hv_mm_SHARED)
hv_pagetype_all_HSRCS := tests/unit/hv-mm/histories.c $(hv_mm_SHARED)
hv_frame_overtaken_HSRCS := tests/unit/hv-mm/overtaken.c
hv_extop_USRCS        := tests/unit/hv-mm/extop_test.c hypervisor/calls/va_mapping.c $(hv_mm_SHARED)
hv_memory_op_USRCS    := tests/unit/hv-mm/memory_op_test.c $(hv_mm_SHARED) \
	$(addprefix hypervisor/calls/memory_op,.c _reservation.c _exchange.c _maps.c _resource.c)
hv_ptstore_USRCS      := tests/unit/hv-mm/ptstore_test.c $(hv_mm_SHARED) \
	hypervisor/domain/pt_emulate.c hypervisor/core/decode.c hypervisor/core/decode_store.c
