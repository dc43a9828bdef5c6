# SPDX-License-Identifier: MIT
# Event channels: each behaviour, every history in a small scope, the FIFO ABI, and the hypercall.
UNITS += hv_evtchn hv_evtchn_fifo hv_evtchn_op
HARNESSES += hv_evtchn_all hv_fifo_all

hv_evtchn_SHARED := tests/unit/hv-evtchn/world.c $(FAKE_PANIC) $(FAKE_LOG) $(FAKE_GUESTMEM) \
	$(addprefix hypervisor/core/,evtchn.c evtchn_fifo.c) \
	$(addprefix hypervisor/domain/,target.c evtchn.c evtchn_fifo.c upcall.c)
hv_evtchn_USRCS     := tests/unit/hv-evtchn/evtchn_test.c $(hv_evtchn_SHARED)
hv_evtchn_fifo_USRCS := tests/unit/hv-evtchn/fifo_test.c $(hv_evtchn_SHARED)
hv_evtchn_all_HSRCS := tests/unit/hv-evtchn/histories.c $(hv_evtchn_SHARED)
hv_fifo_all_HSRCS := tests/unit/hv-evtchn/fifo_histories.c $(hv_evtchn_SHARED)
hv_evtchn_op_USRCS  := tests/unit/hv-evtchn/op_test.c hypervisor/calls/event_channel_op.c \
	$(hv_evtchn_SHARED)
