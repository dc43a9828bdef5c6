# SPDX-License-Identifier: MIT
# The test build of dom0: the same objects, newlib's allocator and the shell's table through these.
DOM0_INJECT_SRCS := $(wildcard tests/inject/dom0/*.c)
DOM0_INJECT_WRAP := _malloc_r _free_r _calloc_r _realloc_r command_find
