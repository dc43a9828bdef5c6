# SPDX-License-Identifier: MIT
# What reads untrusted bytes while the machine starts, and the heap under any history.
FUZZERS += elf cpio bootconf bootopts memmap heap

elf_FSRCS      := tests/fuzz/elf_fuzz.c hypervisor/lib/elf.c hypervisor/lib/str.c
cpio_FSRCS     := tests/fuzz/cpio_fuzz.c hypervisor/lib/cpio.c hypervisor/lib/str.c
bootconf_FSRCS := tests/fuzz/bootconf_fuzz.c hypervisor/boot/bootconf.c \
	$(addprefix hypervisor/lib/,conf.c cpio.c elf.c fmt.c str.c)
bootopts_FSRCS := tests/fuzz/bootopts_fuzz.c hypervisor/boot/bootopts.c \
	hypervisor/boot/bootserial.c hypervisor/boot/bootsize.c hypervisor/lib/str.c
memmap_FSRCS   := tests/fuzz/memmap_fuzz.c hypervisor/boot/memmap.c
heap_FSRCS     := tests/fuzz/heap_fuzz.c hypervisor/lib/heap.c hypervisor/lib/bitmap.c
