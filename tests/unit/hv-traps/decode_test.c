// SPDX-License-Identifier: MIT
/* The decoder: lengths, operands, addresses; and that no bytes make it stumble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/decode.h>

struct sample {
	const char *text;	/* what an assembler calls it */
	uint8_t bytes[15], len;
	uint8_t map, opcode, opsize;
	bool mem;
};

#define B(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static const struct sample samples[] = {
	{ "nop", B(0x90), 0, 0x90, 4, false },
	{ "mov %rax,(%rdi)", B(0x48, 0x89, 0x07), 0, 0x89, 8, true },
	{ "xchg %rax,(%rdi)", B(0x48, 0x87, 0x07), 0, 0x87, 8, true },
	{ "lock andb $0xfd,(%rdi)", B(0xf0, 0x80, 0x27, 0xfd), 0, 0x80, 4, true },
	{ "lock cmpxchg %rdx,0x10(%rbx)", B(0xf0, 0x48, 0x0f, 0xb1, 0x53, 0x10), 1, 0xb1, 8, true },
	{ "movq $0,0x12345678(%r12,%r13,8)",
	  B(0x4b, 0xc7, 0x84, 0xec, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0), 0, 0xc7, 8, true },
	{ "movw $1,%gs:0x10", B(0x65, 0x66, 0xc7, 0x04, 0x25, 0x10, 0, 0, 0, 1, 0), 0, 0xc7, 2, true },
	{ "movabs $imm64,%rax", B(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8), 0, 0xb8, 8, false },
	{ "movabs %al,0x1122334455667788", B(0xa2, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11),
	  0, 0xa2, 4, true },
	{ "enter $0x100,$2", B(0xc8, 0, 1, 2), 0, 0xc8, 4, false },
	{ "testb $1,(%rax)", B(0xf6, 0x00, 0x01), 0, 0xf6, 4, true },
	{ "notb (%rax)", B(0xf6, 0x10), 0, 0xf6, 4, true },
	{ "testl $1,(%rax)", B(0xf7, 0x00, 1, 0, 0, 0), 0, 0xf7, 4, true },
	{ "mov %cr3,%rax", B(0x0f, 0x20, 0xd8), 1, 0x20, 4, false },
	{ "mov %rax,%cr4 (mod 0)", B(0x0f, 0x22, 0x20), 1, 0x22, 4, false },
	{ "wrmsr", B(0x0f, 0x30), 1, 0x30, 4, false },
	{ "cpuid", B(0x0f, 0xa2), 1, 0xa2, 4, false },
	{ "invlpg (%rsi)", B(0x0f, 0x01, 0x3e), 1, 0x01, 4, true },
	{ "xsetbv", B(0x0f, 0x01, 0xd1), 1, 0x01, 4, false },
	{ "rep movsq", B(0xf3, 0x48, 0xa5), 0, 0xa5, 8, false },
	{ "int $0x80", B(0xcd, 0x80), 0, 0xcd, 4, false },
	{ "in $0x61,%al", B(0xe4, 0x61), 0, 0xe4, 4, false },
	{ "bts $3,(%rdx)", B(0x48, 0x0f, 0xba, 0x2a, 0x03), 1, 0xba, 8, true },
};

/* What insn_decode32() knows; the same bytes with a REX are INC or DEC and then something. */
static const struct sample samples32[] = {
	{ "in $0x61,%al", B(0xe4, 0x61), 0, 0xe4, 4, false },
	{ "out %ax,$0x80", B(0x66, 0xe7, 0x80), 0, 0xe7, 2, false },
	{ "in (%dx),%eax", B(0xed), 0, 0xed, 4, false },
	{ "out %al,(%dx)", B(0xee), 0, 0xee, 4, false },
	{ "cli", B(0xfa), 0, 0xfa, 4, false },
	{ "sti", B(0xfb), 0, 0xfb, 4, false },
	{ "rdtsc", B(0x0f, 0x31), 1, 0x31, 4, false },
	{ "es cpuid", B(0x26, 0x0f, 0xa2), 1, 0xa2, 4, false },
};

static void a_program_of_32_bits_may_use_ports_and_little_else(void **state)
{
	struct insn in;
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples32); i++) {
		const struct sample *s = &samples32[i];

		if (!insn_decode32(s->bytes, 15, &in) || in.len != s->len || in.map != s->map ||
		    in.opcode != s->opcode || in.opsize != s->opsize || in.rex)
			fail_msg("%s", s->text);
		assert_false(insn_decode32(s->bytes, s->len - 1u, &in));
	}
	for (unsigned map = 0; map < 2; map++)
		for (unsigned c = 0; c < 256; c++) {
			uint8_t code[] = { 0x0f, (uint8_t)c, 0 };

			known += insn_decode32(code + !map, 3 - !map, &in);
		}
	assert_int_equal(known, 8 + 2 + 2);
}

static void decodes_what_an_assembler_makes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];
		struct insn in;

		if (!insn_decode(s->bytes, 15, &in))
			fail_msg("%s is unknown", s->text);
		if (in.len != s->len || in.map != s->map || in.opcode != s->opcode ||
		    in.opsize != s->opsize || in.mem != s->mem)
			fail_msg("%s: length %u, map %u, opcode %x, operand %u, memory %u", s->text,
				 in.len, in.map, in.opcode, in.opsize, in.mem);
	}
}

static void an_instruction_that_is_cut_short_is_unknown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++)
		for (unsigned n = 0; n < samples[i].len; n++) {
			uint8_t *cut = malloc(n ? n : 1);	/* so that ASan sees a read too far */
			struct insn in;

			memcpy(cut, samples[i].bytes, n);
			if (insn_decode(cut, n, &in))
				fail_msg("%s is known by %u bytes", samples[i].text, n);
			free(cut);
		}
}

static void prefixes_alone_end_at_fifteen_bytes(void **state)
{
	uint8_t bytes[32];
	struct insn in;

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	assert_false(insn_decode(bytes, sizeof(bytes), &in));
	bytes[14] = 0x90;
	assert_true(insn_decode(bytes, sizeof(bytes), &in));
	assert_int_equal(in.len, 15);
	bytes[14] = 0x66;
	bytes[15] = 0x90;
	assert_false(insn_decode(bytes, sizeof(bytes), &in));
}

static void what_64_bit_mode_lacks_is_unknown(void **state)
{
	static const uint8_t none[] = { 0x06, 0x0e, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x62, 0x82,
					0x9a, 0xc4, 0xc5, 0xce, 0xd4, 0xd5, 0xd6, 0xea };
	uint8_t bytes[15] = { 0 };
	struct insn in;

	(void)state;
	for (unsigned i = 0; i < sizeof(none); i++) {
		bytes[0] = none[i];
		assert_false(insn_decode(bytes, sizeof(bytes), &in));
	}
}

static uint64_t address(const struct cpu_user_regs *regs, const uint8_t *bytes)
{
	struct insn in;

	assert_true(insn_decode(bytes, 15, &in));
	return insn_mem_address(&in, regs, 0x1000000, 0x2000000);
}

#define AT(regs, ...) address(regs, (const uint8_t[15]){ __VA_ARGS__ })

static void addresses_follow_base_index_scale_and_displacement(void **state)
{
	struct cpu_user_regs r = { .rax = 0x100, .rbx = 0x2000, .rbp = 0x30000, .rsp = 0x400000,
				   .r12 = 0x7000, .r13 = 3, .rdi = 0xfffffffff, .rip = 0x10000 };

	(void)state;
	assert_int_equal(AT(&r, 0x89, 0x18), 0x100);			/* (%rax) */
	assert_int_equal(AT(&r, 0x89, 0x43, 0xf8), 0x2000 - 8);		/* -8(%rbx) */
	assert_int_equal(AT(&r, 0x89, 0x04, 0x24), 0x400000);		/* (%rsp) */
	assert_int_equal(AT(&r, 0x89, 0x44, 0x05, 0x00), 0x30100);	/* 0(%rbp,%rax,1) */
	assert_int_equal(AT(&r, 0x43, 0x89, 0x04, 0xec), 0x7018);	/* (%r12,%r13,8) */
	assert_int_equal(AT(&r, 0x89, 0x05, 4, 0, 0, 0), 0x1000a);	/* 4(%rip), 6 long */
	assert_int_equal(AT(&r, 0xc7, 0x05, 4, 0, 0, 0, 9, 9, 9, 9), 0x1000e);
	assert_int_equal(AT(&r, 0x89, 0x04, 0x25, 0xff, 0xff, 0xff, 0xff), ~0ULL);
	assert_int_equal(AT(&r, 0x64, 0x89, 0x18), 0x1000100);		/* %fs:(%rax) */
	assert_int_equal(AT(&r, 0x65, 0x89, 0x18), 0x2000100);		/* %gs:(%rax) */
	assert_int_equal(AT(&r, 0x67, 0x89, 0x07), 0xffffffff);		/* (%edi) */
	assert_int_equal(AT(&r, 0xaa), 0xfffffffff);			/* stos */
	assert_int_equal(AT(&r, 0xa2, 8, 7, 6, 5, 4, 3, 2, 1), 0x0102030405060708);
}

static void bit_numbers_in_registers_reach_beyond_the_word(void **state)
{
	struct cpu_user_regs r = { .rdi = 0x1000, .rax = 64 * 3 + 5, .rcx = (uint64_t)-1 };

	(void)state;
	assert_int_equal(AT(&r, 0x48, 0x0f, 0xab, 0x07), 0x1000 + 24);	/* bts %rax,(%rdi) */
	assert_int_equal(AT(&r, 0x0f, 0xab, 0x07), 0x1000 + 24);	/* bts %eax: 32-bit words */
	assert_int_equal(AT(&r, 0x48, 0x0f, 0xb3, 0x0f), 0x1000 - 8);	/* btr %rcx */
	assert_int_equal(AT(&r, 0x48, 0x0f, 0xba, 0x2f, 0x7f), 0x1000);	/* bts $127: stays */
}

static void any_bytes_are_taken_or_refused_within_bounds(void **state)
{
	unsigned known = 0;

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < 2000000; i++) {
		unsigned n = (unsigned)random() % 16;
		uint8_t bytes[15];
		struct insn in;

		for (unsigned k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)random();
		if (!insn_decode(bytes, n, &in))
			continue;
		known++;
		if (in.len == 0 || in.len > n || in.reg > 15 || in.rm > 15)
			fail_msg("length %u of %u", in.len, n);
		insn_is_store(&in);
	}
	assert_true(known > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_an_assembler_makes),
		cmocka_unit_test(a_program_of_32_bits_may_use_ports_and_little_else),
		cmocka_unit_test(an_instruction_that_is_cut_short_is_unknown),
		cmocka_unit_test(prefixes_alone_end_at_fifteen_bytes),
		cmocka_unit_test(what_64_bit_mode_lacks_is_unknown),
		cmocka_unit_test(addresses_follow_base_index_scale_and_displacement),
		cmocka_unit_test(bit_numbers_in_registers_reach_beyond_the_word),
		cmocka_unit_test(any_bytes_are_taken_or_refused_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
