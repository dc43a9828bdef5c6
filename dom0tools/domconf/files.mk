# SPDX-License-Identifier: MIT
DOM0_SRCS += dom0tools/domconf/cfg.c dom0tools/domconf/domconf.c dom0tools/domconf/keys.c
DOM0_LEX  += dom0tools/domconf/xlcfg.l
DOM0_YACC += dom0tools/domconf/xlcfg.y
