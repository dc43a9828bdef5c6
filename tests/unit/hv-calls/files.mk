# SPDX-License-Identifier: MIT
# The small hypercalls.
UNITS += hv_multicall hv_calls_small

hv_multicall_USRCS   := tests/unit/hv-calls/multicall_test.c tests/unit/hv-calls/fake.c \
	$(FAKE_PANIC) $(FAKE_GUESTMEM) \
	hypervisor/calls/multicall.c
hv_calls_small_USRCS := tests/unit/hv-calls/small_test.c tests/unit/hv-calls/fake.c \
	$(FAKE_PANIC) $(FAKE_GUESTMEM) \
	hypervisor/calls/xen_version.c hypervisor/calls/console_io.c \
	hypervisor/calls/physdev_op.c hypervisor/calls/platform_op.c hypervisor/lib/str.c
