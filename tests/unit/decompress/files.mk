# SPDX-License-Identifier: MIT
UNITS += decompress
decompress_USRCS := tests/unit/decompress/image_test.c tests/unit/decompress/packer.c \
	tests/unit/decompress/fake_pages.c tests/unit/xl/elf_maker.c tests/unit/xl/fake_threads.c \
	$(IMAGE_SRCS) $(addprefix dom0tools/build/,error.c kernel.c) hypervisor/lib/elf.c \
	hypervisor/lib/str.c
decompress_ULIBS := $(IMAGE_ULIBS)
