# SPDX-License-Identifier: MIT
DOM0_SRCS += $(addprefix dom0tools/build/,domctl.c error.c kernel.c load.c memory.c plan.c start.c)
