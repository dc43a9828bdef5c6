# SPDX-License-Identifier: MIT
STORE_SRCS := $(addprefix dom0tools/xenstore/,node.c path.c account.c view.c watch.c event.c names.c \
	transaction.c access.c request.c tree.c control.c store.c) tests/unit/dom0/storekit.c
UNITS += dom0_store
dom0_store_USRCS := tests/unit/dom0/store_test.c $(STORE_SRCS)
UNITS += dom0_storetxn dom0_storewatch dom0_storecontrol
dom0_storetxn_USRCS := tests/unit/dom0/storetxn_test.c $(STORE_SRCS)
dom0_storewatch_USRCS := tests/unit/dom0/storewatch_test.c $(STORE_SRCS)
dom0_storecontrol_USRCS := tests/unit/dom0/storecontrol_test.c $(STORE_SRCS)
HARNESSES += dom0_store_all
dom0_store_all_HSRCS := tests/unit/dom0/store_histories.c tests/unit/dom0/storemodel.c $(STORE_SRCS)
UNITS += dom0_xsring
dom0_xsring_USRCS := tests/unit/dom0/xsring_test.c dom0tools/xenstore/xsring.c \
	pvguest/ring.c $(STORE_SRCS)
UNITS += dom0_console
dom0_console_USRCS := tests/unit/dom0/console_test.c dom0tools/console/scrollback.c \
	dom0tools/console/consring.c pvguest/ring.c
UNITS += dom0_lineedit
dom0_lineedit_USRCS := tests/unit/dom0/lineedit_test.c dom0tools/shell/lineedit.c \
	dom0tools/shell/history.c
UNITS += dom0_parse
dom0_parse_USRCS := tests/unit/dom0/parse_test.c dom0tools/shell/parse.c dom0tools/shell/complete.c
# The daemons on the library's own threads and xenstore client. (Deferred by =, because
# pv_KIT is set in a file that may be read later.)
DAEMON_SRCS = tests/unit/dom0/daemonkit.c $(pv_KIT) $(addprefix pvguest/,xs.c xsconn.c xswatch.c \
	errno.c ring.c) $(filter-out tests/%,$(STORE_SRCS)) \
	$(addprefix dom0tools/xenstore/,xsring.c domains.c local.c daemon.c)
UNITS += dom0_xenstored
dom0_xenstored_USRCS = tests/unit/dom0/xenstored_test.c $(DAEMON_SRCS)
UNITS += dom0_nomemory
dom0_nomemory_USRCS = tests/unit/dom0/nomemory_test.c $(DAEMON_SRCS)
dom0_nomemory_ULIBS := -Wl,--wrap=malloc -Wl,--wrap=calloc
UNITS += dom0_consoled
dom0_consoled_USRCS = tests/unit/dom0/consoled_test.c $(DAEMON_SRCS) \
	$(addprefix dom0tools/console/,scrollback.c consring.c list.c console.c consoled.c attach.c)
UNITS += dom0_terminal
dom0_terminal_USRCS = tests/unit/dom0/terminal_test.c dom0tools/console/terminal.c $(pv_KIT)
UNITS += dom0_shell
dom0_shell_USRCS := tests/unit/dom0/shell_test.c $(addprefix dom0tools/shell/,shell.c parse.c \
	complete.c lineedit.c history.c)
