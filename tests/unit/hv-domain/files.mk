# SPDX-License-Identifier: MIT
# Domains from creation to their end, with the real memory code, event channels, grants, scheduler
# and hypercalls, on a pretend RAM. The linker puts the test before both allocators.
UNITS += hv_domain_failures hv_domain_ahead
HARNESSES += hv_domain_all

hv_domain_SHARED := $(addprefix tests/unit/hv-domain/,world.c seam.c toolstack.c) \
	$(FAKE_PANIC) $(FAKE_LOG) $(FAKE_GUESTMEM) \
	$(addprefix hypervisor/lib/,heap.c bitmap.c) \
	$(addprefix hypervisor/core/,buddy.c cpumask.c frame.c machine.c pagetype.c ptentry.c ptable.c ptaudit.c pheap.c \
		cpumask.c runq.c share.c timer.c lifecycle.c evtchn.c evtchn_fifo.c grant.c maptrack.c cpuid.c cpuid_pv.c msr.c \
		segdesc.c dr7.c) \
	$(addprefix hypervisor/domain/,alloc.c domain.c domlist.c target.c vcpu.c pause.c evtchn.c evtchn_fifo.c flush.c frames.c grant.c grantmap.c \
		mm.c ram.c relinquish.c tables.c basetable.c reap.c mmcheck.c schedule.c schedwake.c schedctl.c schedmove.c schedshare.c softtimer.c timekeep.c watchdog.c domstate.c \
		guestarea.c cpuid.c nmi.c ioport.c upcall.c debugreg.c) \
	$(addprefix hypervisor/calls/,domctl.c domctl_domain.c domctl_vcpu.c domctl_state.c \
		domctl_arch.c domctl_shadow.c sysctl_cpu.c event_channel_op.c grant_table_op.c grant_table_op_map.c \
		grant_table_op_copy.c memory_op.c memory_op_reservation.c memory_op_exchange.c \
		memory_op_maps.c memory_op_resource.c vcpu_op.c sched_op.c mmuext_op.c mmulist.c mmu_update.c \
		pgowner.c)
hv_domain_failures_USRCS := tests/unit/hv-domain/failures_test.c $(hv_domain_SHARED)
hv_domain_ahead_USRCS := tests/unit/hv-domain/ahead_test.c $(hv_domain_SHARED)
hv_domain_ahead_ULIBS := -Wl,--wrap=buddy_alloc -Wl,--wrap=heap_alloc
hv_domain_failures_ULIBS := -Wl,--wrap=buddy_alloc -Wl,--wrap=heap_alloc
hv_domain_all_HSRCS := tests/unit/hv-domain/histories.c $(hv_domain_SHARED)
hv_domain_all_ULIBS := $(hv_domain_failures_ULIBS)
hv_domain_all_FLIBS := $(hv_domain_failures_ULIBS)
