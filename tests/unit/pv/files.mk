# SPDX-License-Identifier: MIT
# The guest library on the host; kit.c is the hypervisor around it.
pv_KIT := $(addprefix pvguest/,event.c event2l.c eventfifo.c clock.c thread.c) tests/unit/pv/kit.c \
	tests/unit/pv/fiber.c tests/unit/pv/fiberasm.S

UNITS += pv_pagepool pv_vspace pv_ring pv_errno pv_event pv_clock pv_thread
pv_pagepool_USRCS := tests/unit/pv/pagepool_test.c pvguest/pagepool.c
pv_vspace_USRCS   := tests/unit/pv/vspace_test.c pvguest/vspace.c
pv_ring_USRCS     := tests/unit/pv/ring_test.c pvguest/ring.c
pv_errno_USRCS    := tests/unit/pv/errno_test.c pvguest/errno.c
pv_event_USRCS    := tests/unit/pv/event_test.c $(pv_KIT)
pv_clock_USRCS    := tests/unit/pv/clock_test.c $(pv_KIT)
pv_thread_USRCS   := tests/unit/pv/thread_test.c $(pv_KIT)

UNITS += pv_cpu pv_spinlock
pv_cpu_USRCS      := tests/unit/pv/cpu_test.c $(pv_KIT) pvguest/cpu.c pvguest/cpucall.c
pv_spinlock_USRCS := tests/unit/pv/spinlock_test.c pvguest/spinlock.c pvguest/memlock.c
pv_spinlock_ULIBS := -lpthread

UNITS += pv_fs pv_xs pv_console pv_grant
pv_grant_USRCS   := tests/unit/pv/grant_test.c $(pv_KIT) \
	$(addprefix pvguest/,grant.c grantmap.c errno.c)
pv_fs_USRCS      := tests/unit/pv/fs_test.c hypervisor/lib/cpio.c hypervisor/lib/str.c \
	$(addprefix pvguest/,fstree.c fspath.c fsfile.c fscpio.c)
pv_xs_USRCS      := tests/unit/pv/xs_test.c $(pv_KIT) \
	$(addprefix pvguest/,xs.c xsconn.c xswatch.c errno.c)
pv_console_USRCS := tests/unit/pv/console_test.c $(pv_KIT) \
	$(addprefix pvguest/,console.c consoleline.c consolering.c consoleio.c ring.c)

# The library on the hypervisor's own code, in one process.
UNITS += pv_onhv
pv_onhv_USRCS := tests/unit/pv/onhv_test.c $(addprefix pvguest/,event.c event2l.c eventfifo.c domid.c) \
	tests/unit/hv-evtchn/world.c $(FAKE_PANIC) $(FAKE_LOG) $(FAKE_GUESTMEM) \
	hypervisor/calls/event_channel_op.c \
	$(addprefix hypervisor/core/,evtchn.c evtchn_fifo.c) \
	$(addprefix hypervisor/domain/,target.c evtchn.c evtchn_fifo.c upcall.c)
UNITS += pv_onhv_grant
pv_onhv_grant_USRCS := tests/unit/pv/onhv_grant_test.c $(addprefix pvguest/,grant.c grantmap.c errno.c) \
	$(filter-out %_test.c,$(hv_grant_USRCS))
