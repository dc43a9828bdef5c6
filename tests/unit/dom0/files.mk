# SPDX-License-Identifier: MIT
STORE_SRCS := $(addprefix dom0tools/xenstore/,node.c path.c account.c view.c watch.c \
	transaction.c request.c tree.c control.c store.c) tests/unit/dom0/storekit.c
UNITS += dom0_store
dom0_store_USRCS := tests/unit/dom0/store_test.c $(STORE_SRCS)
UNITS += dom0_storetxn
dom0_storetxn_USRCS := tests/unit/dom0/storetxn_test.c $(STORE_SRCS)
