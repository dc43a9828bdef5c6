# SPDX-License-Identifier: MIT
# The random guest's own sources, and its endless run: make torture SEED=1 CALLS=10000000
test-random_SRCS += tests/guest/random/calls.c tests/guest/random/memory.c tests/guest/random/control.c
