# SPDX-License-Identifier: MIT
# The decoder, also against the machine's own execution.
UNITS += hv_decode hv_store

hv_decode_USRCS := tests/unit/hv-traps/decode_test.c \
	$(addprefix hypervisor/core/,decode.c decode_store.c)
hv_store_USRCS  := tests/unit/hv-traps/store_test.c \
	$(addprefix hypervisor/core/,decode.c decode_store.c)
