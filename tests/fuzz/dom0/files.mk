# SPDX-License-Identifier: MIT
# What guests and typists send to dom0.
FUZZERS += xenstore xsring shell

FUZZ_STORE := $(addprefix dom0tools/xenstore/,node.c path.c account.c view.c watch.c event.c names.c \
	transaction.c access.c request.c tree.c control.c store.c)
xenstore_FSRCS := tests/fuzz/dom0/xenstore_fuzz.c $(FUZZ_STORE)
xsring_FSRCS   := tests/fuzz/dom0/xsring_fuzz.c $(FUZZ_STORE) dom0tools/xenstore/xsring.c \
	dom0tools/console/consring.c pvguest/ring.c
shell_FSRCS    := tests/fuzz/dom0/shell_fuzz.c $(addprefix dom0tools/shell/,lineedit.c history.c \
	parse.c complete.c)
