// SPDX-License-Identifier: MIT
/*
 * Any bytes as an instruction with registers. What the decoder takes is no longer than it was
 * given, and a store changes nothing but what it says it does.
 */
#include "fuzz.h"

#include <string.h>

#include <hv/decode.h>

struct input {
	struct cpu_user_regs regs;
	uint64_t old, src;
	uint8_t code[INSN_MAX_LEN];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input given = { .old = 0 };
	struct cpu_user_regs regs;
	uint64_t new = ~given.old, at;
	struct insn in;
	unsigned n;

	if (size < offsetof(struct input, code))
		return 0;
	n = (unsigned)MIN(size - offsetof(struct input, code), sizeof(given.code));
	memcpy(&given, data, offsetof(struct input, code) + n);
	if (!insn_decode(given.code, n, &in))
		return 0;
	FUZZ_CHECK(in.len > 0 && in.len <= n && in.reg < 16 && in.rm < 16);
	FUZZ_USE(insn_mem_address(&in, &given.regs, 1, 2));
	FUZZ_USE(insn_store_source(&in, &given.regs, 1, 2, &at));
	regs = given.regs;
	if (!insn_store(&in, &regs, given.old, given.src, &new)) {
		FUZZ_CHECK(!insn_is_store(&in) && !memcmp(&regs, &given.regs, sizeof(regs)));
		return 0;
	}
	FUZZ_CHECK(insn_is_store(&in) && insn_store_size(&in) <= 8);
	FUZZ_CHECK(regs.rip == given.regs.rip || regs.rip == given.regs.rip + in.len);
	FUZZ_CHECK(regs.rsp == given.regs.rsp || in.reg == 4);
	FUZZ_CHECK(regs.cs == given.regs.cs && regs.ss == given.regs.ss);
	return 0;
}
