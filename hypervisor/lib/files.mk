# SPDX-License-Identifier: MIT
LIB_SRCS += $(addprefix hypervisor/lib/,str.c fmt.c bitmap.c heap.c elf.c cpio.c conf.c)
