# SPDX-License-Identifier: MIT
UNITS += hv_lockcheck
hv_lockcheck_USRCS := tests/unit/hv-locks/lockcheck_test.c hypervisor/diag/checked/lockcheck.c \
	hypervisor/core/lockorder.c hypervisor/lib/str.c
HOSTFLAGS_tests/unit/hv-locks/lockcheck_test.c := -DCLOISON_CHECKED
HOSTFLAGS_hypervisor/diag/checked/lockcheck.c := -DCLOISON_CHECKED
