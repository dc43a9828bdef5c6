# SPDX-License-Identifier: MIT
# The random guest's own sources, and its endless run: make torture SEED=1 CALLS=10000000
test-random_SRCS += $(addprefix tests/guest/random/,values.c vcpus.c calls.c memory.c control.c)
