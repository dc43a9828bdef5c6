# SPDX-License-Identifier: MIT
# The test build of the hypervisor: the same objects, these calls through tests/inject.
INJECT_SRCS := $(wildcard tests/inject/*.c)
INJECT_WRAP := debug_key xmalloc buddy_alloc \
	$(filter-out do_iret,$(shell sed -n 's/^HYPERCALL([0-9]*, \(.*\))/do_\1/p' hypervisor/include/hv/hypercalls.def))
