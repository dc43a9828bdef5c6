# SPDX-License-Identifier: MIT
# What reads a user's files when a domain is created.
FUZZERS += xlcfg pvkernel pvimage

xlcfg_FSRCS     = tests/fuzz/xl/xlcfg_fuzz.c $(XL_CONF) $(addprefix dom0tools/domconf/,xlcfg.lex.c xlcfg.tab.c) \
	dom0tools/xl/json.c
pvkernel_FSRCS := tests/fuzz/xl/pvkernel_fuzz.c $(addprefix dom0tools/build/,error.c kernel.c plan.c) \
	hypervisor/lib/elf.c hypervisor/lib/str.c
pvimage_FSRCS  := tests/fuzz/xl/pvimage_fuzz.c tests/unit/decompress/fake_pages.c \
	tests/unit/xl/fake_threads.c $(IMAGE_SRCS) $(addprefix dom0tools/build/,error.c kernel.c) \
	hypervisor/lib/elf.c hypervisor/lib/str.c
pvimage_FLIBS  := $(IMAGE_ULIBS)
