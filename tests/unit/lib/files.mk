# SPDX-License-Identifier: MIT
# The leaves, the boot configuration and the memory map, each alone on the host.
UNITS += lib_mem lib_str lib_fmt lib_bitmap lib_list lib_heap lib_elf lib_cpio lib_conf
UNITS += boot_opts boot_conf boot_memmap boot_madt

lib_mem_USRCS    := tests/unit/lib/mem_test.c
lib_str_USRCS    := tests/unit/lib/str_test.c hypervisor/lib/str.c
lib_fmt_USRCS    := tests/unit/lib/fmt_test.c hypervisor/lib/fmt.c hypervisor/lib/str.c
lib_bitmap_USRCS := tests/unit/lib/bitmap_test.c hypervisor/lib/bitmap.c
lib_list_USRCS   := tests/unit/lib/list_test.c
lib_heap_USRCS   := tests/unit/lib/heap_test.c hypervisor/lib/heap.c hypervisor/lib/bitmap.c
lib_elf_USRCS    := tests/unit/lib/elf_test.c tests/unit/lib/elf_image.c \
	hypervisor/lib/elf.c hypervisor/lib/str.c
lib_cpio_USRCS   := tests/unit/lib/cpio_test.c tests/unit/lib/cpio_image.c \
	hypervisor/lib/cpio.c hypervisor/lib/str.c
lib_conf_USRCS   := tests/unit/lib/conf_test.c hypervisor/lib/conf.c hypervisor/lib/str.c
boot_opts_USRCS  := tests/unit/lib/bootopts_test.c hypervisor/boot/bootopts.c \
	hypervisor/boot/bootserial.c hypervisor/boot/bootsize.c hypervisor/lib/str.c
boot_conf_USRCS  := tests/unit/lib/bootconf_test.c tests/unit/lib/elf_image.c \
	tests/unit/lib/cpio_image.c hypervisor/boot/bootconf.c \
	$(addprefix hypervisor/lib/,conf.c cpio.c elf.c fmt.c str.c)
boot_memmap_USRCS := tests/unit/lib/memmap_test.c hypervisor/boot/memmap.c
boot_madt_USRCS  := tests/unit/lib/madt_test.c hypervisor/core/madt.c
