# SPDX-License-Identifier: MIT
DOM0_SRCS += $(addprefix dom0tools/xenstore/,node.c path.c account.c view.c watch.c \
	transaction.c request.c tree.c control.c store.c xsring.c domains.c local.c daemon.c)
DOM0_SRCS += $(addprefix dom0tools/console/,scrollback.c consring.c consoled.c attach.c)
