# SPDX-License-Identifier: MIT
# Grants over the real frame table and page-table entries, on a pretend RAM.
UNITS += hv_grant hv_grant_table
HARNESSES += hv_grant_all

hv_grant_SHARED := tests/unit/hv-grant/world.c $(FAKE_PANIC) $(FAKE_LOG) $(FAKE_GUESTMEM) \
	hypervisor/core/grant.c hypervisor/core/maptrack.c \
	hypervisor/core/cpumask.c hypervisor/core/frame.c hypervisor/core/ptable.c \
	hypervisor/domain/target.c hypervisor/domain/flush.c hypervisor/domain/frames.c \
	hypervisor/domain/grant.c hypervisor/domain/grantmap.c hypervisor/calls/grant_table_op.c \
	hypervisor/calls/grant_table_op_map.c hypervisor/calls/grant_table_op_copy.c
hv_grant_USRCS       := tests/unit/hv-grant/grant_test.c $(hv_grant_SHARED)
hv_grant_table_USRCS := tests/unit/hv-grant/table_test.c $(hv_grant_SHARED)
hv_grant_all_HSRCS   := tests/unit/hv-grant/histories.c $(hv_grant_SHARED)
