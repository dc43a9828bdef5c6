# The hypervisor's own sources, a line for each group.
HV_SRCS += $(wildcard hypervisor/boot/*.c hypervisor/diag/*.c) hypervisor/lib/mem.c
HV_SRCS += $(wildcard hypervisor/core/*.c hypervisor/domain/*.c hypervisor/calls/*.c)
HV_SRCS += $(wildcard arch/x86_64/hypervisor/*.S) $(filter-out %/offsets.c,$(wildcard arch/x86_64/hypervisor/*.c))
HV_CHECKED_SRCS += $(wildcard hypervisor/diag/checked/*.c)
