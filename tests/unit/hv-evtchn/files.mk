# SPDX-License-Identifier: MIT
# Event channels: each behaviour, every history in a small scope, and the hypercall.
UNITS += hv_evtchn hv_evtchn_all hv_evtchn_op

hv_evtchn_SHARED := tests/unit/hv-evtchn/world.c hypervisor/core/evtchn.c \
	hypervisor/domain/target.c hypervisor/domain/evtchn.c hypervisor/domain/upcall.c
hv_evtchn_USRCS     := tests/unit/hv-evtchn/evtchn_test.c $(hv_evtchn_SHARED)
hv_evtchn_all_USRCS := tests/unit/hv-evtchn/histories_test.c $(hv_evtchn_SHARED)
hv_evtchn_op_USRCS  := tests/unit/hv-evtchn/op_test.c hypervisor/calls/event_channel_op.c \
	$(hv_evtchn_SHARED)
