# SPDX-License-Identifier: MIT
DOM0_SRCS += $(addprefix dom0tools/domconf/,cfg.c cpumap.c domconf.c keys.c readcpus.c reader.c)
DOM0_LEX  += dom0tools/domconf/xlcfg.l
DOM0_YACC += dom0tools/domconf/xlcfg.y
