# SPDX-License-Identifier: MIT
DOM0_SRCS += dom0tools/main.c dom0tools/rootfs.S
DOM0_SRCS += $(addprefix dom0tools/xenstore/,node.c path.c account.c view.c watch.c event.c names.c \
	transaction.c access.c request.c tree.c control.c store.c xsring.c domains.c local.c daemon.c)
DOM0_SRCS += $(addprefix dom0tools/console/,scrollback.c consring.c terminal.c list.c \
	console.c consoled.c attach.c)
DOM0_SRCS += $(addprefix dom0tools/shell/,history.c lineedit.c parse.c complete.c sources.c \
	commands.c builtin.c files.c machine.c nodes.c nodewatch.c shell.c)
