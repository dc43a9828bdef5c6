# SPDX-License-Identifier: MIT
test-hostile_SRCS += $(addprefix tests/guest/hostile/,pointers.c tables.c processor.c resources.c races.c disguise.c control.c death.c child.S)
