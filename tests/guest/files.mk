# The test kernels: a folder each. build/guests/test-NAME.
GUEST_TESTS := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
GUESTS += $(addprefix test-,$(GUEST_TESTS))
$(foreach t,$(GUEST_TESTS),$(eval test-$(t)_SRCS := tests/guest/$(t)/main.c tests/guest/lib/head.S \
	$(addprefix tests/guest/lib/,lib.c cpu.c port.c clock.c option.c)))
# Registers of floating point and vectors are a kernel's own as long as its C code leaves them alone.
$(foreach f,lib/lib.c lib/cpu.c vectors/main.c smpfpu/main.c,$(eval CFLAGS_tests/guest/$(f) := -mgeneral-regs-only))
