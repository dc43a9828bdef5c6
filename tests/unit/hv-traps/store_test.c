// SPDX-License-Identifier: MIT
/*
 * The storing instructions, each executed by insn_store() and by the CPU that runs
 * the test, on the same registers, flags and memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <format/eflags.h>
#include <hv/decode.h>

/* Registers that the samples use; memory is at rdi. */
struct machine {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, flags;
};

static uint8_t *code;

/* pushes rbx; loads all from *rdi (kept in r11); popf; the instruction; pushf; stores all. */
static void run_on_cpu(const uint8_t *insn, unsigned len, struct machine *m)
{
	static const uint8_t before[] = {
		0x53,				/* push %rbx */
		0x49, 0x89, 0xfb,		/* mov %rdi,%r11 */
		0x49, 0x8b, 0x03,		/* mov (%r11),%rax */
		0x49, 0x8b, 0x5b, 0x08,		/* mov 8(%r11),%rbx */
		0x49, 0x8b, 0x4b, 0x10,		/* rcx */
		0x49, 0x8b, 0x53, 0x18,		/* rdx */
		0x49, 0x8b, 0x73, 0x20,		/* rsi */
		0x49, 0x8b, 0x7b, 0x28,		/* rdi */
		0x41, 0xff, 0x73, 0x30,		/* push 0x30(%r11) */
		0x9d,				/* popf */
	};
	static const uint8_t after[] = {
		0x9c,				/* pushf */
		0x41, 0x8f, 0x43, 0x30,		/* pop 0x30(%r11) */
		0xfc,				/* cld */
		0x49, 0x89, 0x03, 0x49, 0x89, 0x5b, 0x08, 0x49, 0x89, 0x4b, 0x10,
		0x49, 0x89, 0x53, 0x18, 0x49, 0x89, 0x73, 0x20, 0x49, 0x89, 0x7b, 0x28,
		0x5b,				/* pop %rbx */
		0xc3,
	};
	uint8_t *at = code;

	memcpy(at, before, sizeof(before));
	at += sizeof(before);
	memcpy(at, insn, len);
	at += len;
	memcpy(at, after, sizeof(after));
	((void (*)(struct machine *))(void *)code)(m);
}

static uint64_t interesting(void)
{
	static const uint64_t edge[] = { 0, 1, ~0ULL, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
					 0x80000000, 1ULL << 63, ~0ULL >> 1, 0x1000000ff };

	if (random() & 1)
		return edge[(unsigned)random() % ARRAY_SIZE(edge)];
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

static struct cpu_user_regs to_regs(const struct machine *m)
{
	return (struct cpu_user_regs){ .rax = m->rax, .rbx = m->rbx, .rcx = m->rcx, .rdx = m->rdx,
				       .rsi = m->rsi, .rdi = m->rdi, .rflags = m->flags,
				       .rip = 0x1000 };
}

/* Flags that the manual leaves undefined after this instruction. */
static uint64_t undefined_flags(const struct insn *in)
{
	bool bit = in->map == INSN_MAP_0F &&
		   (in->opcode == 0xab || in->opcode == 0xb3 || in->opcode == 0xbb || in->opcode == 0xba);

	return bit ? FLAGS_OF | FLAGS_SF | FLAGS_AF | FLAGS_PF | FLAGS_ZF : FLAGS_AF;
}

static bool defines_af(const struct insn *in)
{
	if (in->map == INSN_MAP_0F)
		return in->opcode == 0xb0 || in->opcode == 0xb1 || in->opcode == 0xc0 ||
		       in->opcode == 0xc1;
	if (in->opcode >= 0x80 && in->opcode <= 0x83)
		return in->reg != 1 && in->reg != 4 && in->reg != 6;
	if (in->opcode < 0x40)
		return (in->opcode >> 3) != 1 && (in->opcode >> 3) != 4 && (in->opcode >> 3) != 6;
	return true;
}

static void compare(const uint8_t *bytes, unsigned len)
{
	static uint64_t memory[4];
	struct machine m = { interesting(), interesting(), interesting(), interesting(),
			     (uint64_t)&memory[2], (uint64_t)&memory[0],
			     0x202 | ((uint64_t)random() & FLAGS_STATUS) };
	uint64_t before, value, new, mask, ignore = 0;
	struct cpu_user_regs regs;
	struct insn in;
	unsigned size;

	assert_true(insn_decode(bytes, 15, &in));
	if (in.len != len || !insn_is_store(&in))
		fail_msg("%02x %02x %02x %02x: length %u of %u, store %d", bytes[0], bytes[1], bytes[2],
			 bytes[3], in.len, len, insn_is_store(&in));
	size = insn_store_size(&in);
	mask = size == 8 ? ~0ULL : (1ULL << 8 * size) - 1;
	memory[0] = interesting();
	memory[2] = interesting();
	if (random() & 1)		/* so that compare-and-exchange succeeds at times */
		m.rax = memory[0] & 0xffffffff, m.rdx = memory[0] >> 32;
	if (random() & 1 && size == 8)
		m.rax = memory[0];
	before = memory[0];
	/* a bit number in a register: inside the word */
	if (in.map == INSN_MAP_0F && (in.opcode & 0xe7) == 0xa3)
		m.rax &= 15, m.rbx &= 15, m.rcx &= 15, m.rdx &= 15;
	regs = to_regs(&m);
	value = memory[2] & mask;
	assert_int_equal(insn_mem_address(&in, &regs, 0, 0), m.rdi);
	assert_true(insn_store(&in, &regs, before & mask, value, &new));

	run_on_cpu(bytes, len, &m);
	ignore = undefined_flags(&in);
	if (ignore == FLAGS_AF && defines_af(&in))
		ignore = 0;
	if (memory[0] != ((before & ~mask) | (new & mask)) || m.rax != regs.rax || m.rbx != regs.rbx ||
	    m.rcx != regs.rcx || m.rdx != regs.rdx || m.rsi != regs.rsi || m.rdi != regs.rdi ||
	    ((m.flags ^ regs.rflags) & FLAGS_STATUS & ~ignore))
		fail_msg("%02x %02x %02x %02x: memory %lx -> %lx, here %lx; rax %lx/%lx rbx %lx/%lx flags "
			 "%lx/%lx", bytes[0], bytes[1], bytes[2], bytes[3], before, memory[0], new,
			 m.rax, regs.rax, m.rbx, regs.rbx, m.flags, regs.rflags);
	assert_int_equal(regs.rip, 0x1000 + len);
}

/* prefixes, opcode bytes, ModRM for (%rdi), immediate; many times with other values. */
static void compare_forms(const uint8_t *opcode, unsigned n, unsigned reg, unsigned imm, bool lockable)
{
	static const uint8_t prefixes[][2] = { { 0 }, { 0x66 }, { 0x48 }, { 0x40 }, { 0xf0 },
					       { 0xf0, 0x48 } };

	for (unsigned p = 0; p < ARRAY_SIZE(prefixes); p++) {
		uint8_t bytes[15] = { 0 };
		unsigned len = 0, imm_len = imm;

		if (prefixes[p][0] == 0xf0 && !lockable)
			continue;
		for (unsigned i = 0; i < 2 && prefixes[p][i]; i++)
			bytes[len++] = prefixes[p][i];
		memcpy(bytes + len, opcode, n);
		len += n;
		bytes[len++] = (uint8_t)(reg << 3 | 7);
		if (imm == 4 && prefixes[p][0] == 0x66)
			imm_len = 2;
		for (unsigned i = 0; i < 200; i++) {
			for (unsigned k = 0; k < imm_len; k++)
				bytes[len + k] = (uint8_t)random();
			compare(bytes, len + imm_len);
		}
	}
}

#define OP(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static void arithmetic_with_a_register_is_as_the_cpu_does_it(void **state)
{
	(void)state;
	for (uint8_t op = 0; op < 7; op++)
		for (unsigned reg = 0; reg < 4; reg++) {
			compare_forms(OP((uint8_t)(op << 3)), reg, 0, true);
			compare_forms(OP((uint8_t)(op << 3 | 1)), reg, 0, true);
		}
}

static void arithmetic_with_a_number_is_as_the_cpu_does_it(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 7; op++) {
		compare_forms(OP(0x80), op, 1, true);
		compare_forms(OP(0x81), op, 4, true);
		compare_forms(OP(0x83), op, 1, true);
	}
}

static void moves_and_exchanges_are_as_the_cpu_does_them(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 4; reg++) {
		compare_forms(OP(0x86), reg, 0, true);
		compare_forms(OP(0x87), reg, 0, true);
		compare_forms(OP(0x88), reg, 0, false);
		compare_forms(OP(0x89), reg, 0, false);
		compare_forms(OP(0x0f, 0xc0), reg, 0, true);
		compare_forms(OP(0x0f, 0xc1), reg, 0, true);
	}
	compare_forms(OP(0xc6), 0, 1, false);
	compare_forms(OP(0xc7), 0, 4, false);
}

static void high_byte_registers_are_the_ones_without_rex(void **state)
{
	(void)state;
	for (unsigned reg = 4; reg < 8; reg++)	/* ah ch dh bh; with REX spl would follow */
		for (unsigned i = 0; i < 200; i++) {
			compare((const uint8_t[15]){ 0x86, (uint8_t)(reg << 3 | 7) }, 2);
			compare((const uint8_t[15]){ 0x00, (uint8_t)(reg << 3 | 7) }, 2);
			compare((const uint8_t[15]){ 0x88, (uint8_t)(reg << 3 | 7) }, 2);
		}
	for (unsigned i = 0; i < 200; i++)	/* sil */
		compare((const uint8_t[15]){ 0x40, 0x88, 6 << 3 | 7 }, 3);
}

static void unary_operations_are_as_the_cpu_does_them(void **state)
{
	(void)state;
	for (unsigned op = 2; op < 4; op++) {
		compare_forms(OP(0xf6), op, 0, true);
		compare_forms(OP(0xf7), op, 0, true);
	}
	for (unsigned op = 0; op < 2; op++) {
		compare_forms(OP(0xfe), op, 0, true);
		compare_forms(OP(0xff), op, 0, true);
	}
}

static void bit_operations_are_as_the_cpu_does_them(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 4; reg++) {
		compare_forms(OP(0x0f, 0xab), reg, 0, true);
		compare_forms(OP(0x0f, 0xb3), reg, 0, true);
		compare_forms(OP(0x0f, 0xbb), reg, 0, true);
	}
	for (unsigned op = 5; op < 8; op++)
		compare_forms(OP(0x0f, 0xba), op, 1, true);
}

static void compare_and_exchange_is_as_the_cpu_does_it(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 4; reg++) {
		compare_forms(OP(0x0f, 0xb0), reg, 0, true);
		compare_forms(OP(0x0f, 0xb1), reg, 0, true);
	}
	for (unsigned i = 0; i < 2000; i++)
		compare((const uint8_t[15]){ 0xf0, 0x0f, 0xc7, 0x0f }, 4);
}

static void string_stores_are_as_the_cpu_does_them(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		compare((const uint8_t[15]){ 0xaa }, 1);
		compare((const uint8_t[15]){ 0xab }, 1);
		compare((const uint8_t[15]){ 0x48, 0xab }, 2);
		compare((const uint8_t[15]){ 0x66, 0xab }, 2);
		compare((const uint8_t[15]){ 0xa4 }, 1);
		compare((const uint8_t[15]){ 0x48, 0xa5 }, 2);
	}
}

static void a_repeated_store_does_one_element_at_a_time(void **state)
{
	const uint8_t bytes[15] = { 0xf3, 0x48, 0xab };
	struct cpu_user_regs r = { .rax = 7, .rcx = 2, .rdi = 0x2000, .rip = 0x1000 };
	struct insn in;
	uint64_t new;

	(void)state;
	assert_true(insn_decode(bytes, 15, &in));
	assert_true(insn_store(&in, &r, 1, 0, &new));
	assert_int_equal(new, 7);
	assert_int_equal(r.rcx, 1);
	assert_int_equal(r.rdi, 0x2008);
	assert_int_equal(r.rip, 0x1000);
	assert_true(insn_store(&in, &r, 1, 0, &new));
	assert_int_equal(r.rcx, 0);
	assert_int_equal(r.rip, 0x1003);
	r.rip = 0x1000;
	assert_true(insn_store(&in, &r, 1, 0, &new));
	assert_int_equal(new, 1);
	assert_int_equal(r.rdi, 0x2010);
	assert_int_equal(r.rip, 0x1003);
}

static void what_does_not_store_is_refused_and_changes_nothing(void **state)
{
	static const uint8_t others[][4] = {
		{ 0x48, 0x8b, 0x07 },		/* mov (%rdi),%rax */
		{ 0x48, 0x39, 0x07 },		/* cmp %rax,(%rdi) */
		{ 0x80, 0x3f, 0x01 },		/* cmpb $1,(%rdi) */
		{ 0xf0, 0x89, 0x07 },		/* lock mov: no instruction */
		{ 0x48, 0x0f, 0xa3, 0x07 },	/* bt %rax,(%rdi) */
		{ 0x48, 0x0f, 0xc7, 0x0f },	/* cmpxchg16b: two entries */
		{ 0x48, 0x89, 0xc7 },		/* mov %rax,%rdi */
		{ 0xff, 0x37 },			/* push (%rdi) */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		struct cpu_user_regs r = { .rax = 5, .rdi = 0x1000 }, was = r;
		uint8_t bytes[15] = { 0 };
		uint64_t new = 99;
		struct insn in;

		memcpy(bytes, others[i], sizeof(others[i]));
		assert_true(insn_decode(bytes, 15, &in));
		assert_false(insn_is_store(&in));
		assert_false(insn_store(&in, &r, 1, 2, &new));
		assert_memory_equal(&r, &was, sizeof(r));
		assert_int_equal(new, 99);
	}
}

static int make_code_page(void **state)
{
	(void)state;
	srandom(7);
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return code == MAP_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_with_a_register_is_as_the_cpu_does_it),
		cmocka_unit_test(arithmetic_with_a_number_is_as_the_cpu_does_it),
		cmocka_unit_test(moves_and_exchanges_are_as_the_cpu_does_them),
		cmocka_unit_test(high_byte_registers_are_the_ones_without_rex),
		cmocka_unit_test(unary_operations_are_as_the_cpu_does_them),
		cmocka_unit_test(bit_operations_are_as_the_cpu_does_them),
		cmocka_unit_test(compare_and_exchange_is_as_the_cpu_does_it),
		cmocka_unit_test(string_stores_are_as_the_cpu_does_them),
		cmocka_unit_test(a_repeated_store_does_one_element_at_a_time),
		cmocka_unit_test(what_does_not_store_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_code_page, NULL);
}
