# SPDX-License-Identifier: MIT
# cloison.efi: its own sources, and the leaves that the hypervisor uses too.
EFI_SRCS += $(addprefix arch/x86_64/boot/,main.c console.c options.c file.c image.c memory.c \
	trampoline.S)
EFI_LIB_SRCS += $(addprefix hypervisor/lib/,mem.c str.c fmt.c elf.c cpio.c conf.c) \
	hypervisor/boot/bootconf.c hypervisor/boot/memmap.c
