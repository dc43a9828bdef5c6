# SPDX-License-Identifier: MIT
# What reads a guest's code.
FUZZERS += decode
decode_FSRCS := tests/fuzz/hv/decode_fuzz.c \
	$(addprefix hypervisor/core/,decode.c decode_store.c)
