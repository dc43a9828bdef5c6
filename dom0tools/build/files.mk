# SPDX-License-Identifier: MIT
# Kernel files of all kinds, packed ones by the formats' own libraries (Debian's static ones).
IMAGE_SRCS := $(addprefix dom0tools/build/,bzimage.c digest.c image.c kept.c unpack.c \
	unpack_xz.c unpack_gzip.c unpack_zstd.c unpack_lz4.c)
IMAGE_ULIBS := -llzma -lz -lzstd -llz4
DOM0_LIBS += $(addprefix /usr/lib/x86_64-linux-gnu/,liblzma.a libz.a libzstd.a liblz4.a)
DOM0_SRCS += $(IMAGE_SRCS) $(addprefix dom0tools/build/,pages.c runtime.c)
DOM0_SRCS += $(addprefix dom0tools/build/,domctl.c error.c kernel.c load.c memory.c plan.c start.c)
