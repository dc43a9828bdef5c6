# SPDX-License-Identifier: MIT
# What reads a user's files when a domain is created.
FUZZERS += xlcfg pvkernel

xlcfg_FSRCS    := tests/fuzz/xl/xlcfg_fuzz.c $(addprefix dom0tools/domconf/,cfg.c domconf.c keys.c \
	xlcfg.lex.c xlcfg.tab.c) dom0tools/xl/json.c
pvkernel_FSRCS := tests/fuzz/xl/pvkernel_fuzz.c $(addprefix dom0tools/build/,error.c kernel.c plan.c) \
	hypervisor/lib/elf.c hypervisor/lib/str.c
