# SPDX-License-Identifier: MIT
# The decoder, also against the machine's own execution.
UNITS += hv_decode hv_store

hv_decode_USRCS := tests/unit/hv-traps/decode_test.c \
	$(addprefix hypervisor/core/,decode.c decode_store.c)
hv_store_USRCS  := tests/unit/hv-traps/store_test.c \
	$(addprefix hypervisor/core/,decode.c decode_store.c)

# Descriptors, debug registers and MSRs; CPUID policies.
UNITS += hv_rules hv_cpuid
hv_rules_USRCS  := tests/unit/hv-traps/rules_test.c \
	$(addprefix hypervisor/core/,segdesc.c dr7.c msr.c)
hv_cpuid_USRCS  := tests/unit/hv-traps/cpuid_test.c \
	$(addprefix hypervisor/core/,cpuid.c cpuid_pv.c) tests/unit/fakes/panic.c

# Frames on guests' stacks, and the calls around them.
UNITS += hv_bounce
hv_bounce_USRCS := tests/unit/hv-traps/bounce_test.c tests/unit/hv-traps/fake.c \
	$(addprefix hypervisor/domain/,bounce.c nmi.c debugreg.c transfer_page.c) hypervisor/core/dr7.c \
	$(addprefix hypervisor/calls/,callback_op.c debugreg.c iret.c nmi_op.c set_segment_base.c \
	set_trap_table.c)
