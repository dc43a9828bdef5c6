/* SPDX-License-Identifier: MIT */
/*
 * Instruction lengths and operands (Intel SDM volume 2, chapter 2 and appendix A).
 * Two maps of 256 letters say what follows each opcode:
 *
 *   .  nothing          b  8 bits immediate       z  16 or 32 bits, by operand size
 *   m  ModRM            B  ModRM and 8 bits       Z  ModRM and 16 or 32 bits
 *   v  16 to 64 bits    w  16 bits                e  16 and 8 bits (enter)
 *   o  an address       g  f6, G  f7: ModRM, and an immediate for /0 and /1 only
 *   r  ModRM whose r/m is always a register
 *   x  no instruction of 64-bit mode, or one of a map that is not known here
 */
#include <hv/decode.h>

static const char map_1[] =
	"mmmmbzxx" "mmmmbzxx" "mmmmbzxx" "mmmmbzxx"	/* 00 */
	"mmmmbzxx" "mmmmbzxx" "mmmmbzxx" "mmmmbzxx"	/* 20 */
	"xxxxxxxx" "xxxxxxxx" "........" "........"	/* 40: REX prefixes */
	"xxxmxxxx" "zZbB...." "bbbbbbbb" "bbbbbbbb"	/* 60 */
	"BZxBmmmm" "mmmmmmmm" "........" "..x....."	/* 80 */
	"oooo...." "bz......" "bbbbbbbb" "vvvvvvvv"	/* a0 */
	"BBw.xxBZ" "e.w..bx." "mmmmxxx." "mmmmmmmm"	/* c0 */
	"bbbbbbbb" "zzxb...." "x.xx..gG" "......mm";	/* e0 */

static const char map_0f[] =
	"mmmmx..." "..x.xm.x" "mmmmmmmm" "mmmmmmmm"	/* 00 */
	"rrrrxxxx" "mmmmmmmm" "......x." "xxxxxxxx"	/* 20 */
	"mmmmmmmm" "mmmmmmmm" "mmmmmmmm" "mmmmmmmm"	/* 40 */
	"mmmmmmmm" "mmmmmmmm" "BBBBmmm." "mmxxmmmm"	/* 60 */
	"zzzzzzzz" "zzzzzzzz" "mmmmmmmm" "mmmmmmmm"	/* 80 */
	"...mBmxx" "...mBmmm" "mmmmmmmm" "mmBmmmmm"	/* a0 */
	"mmBmBBBm" "........" "mmmmmmmm" "mmmmmmmm"	/* c0 */
	"mmmmmmmm" "mmmmmmmm" "mmmmmmmm" "mmmmmmmm";	/* e0 */

_Static_assert(sizeof(map_1) == 257 && sizeof(map_0f) == 257, "a letter for each opcode");

struct reader {
	const uint8_t *bytes;
	unsigned n, at;
	bool short_of;		/* asked for more than there is */
};

static uint64_t take(struct reader *r, unsigned size)
{
	uint64_t v = 0;

	if (size > r->n - r->at) {
		r->short_of = true;
		r->at = r->n;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)r->bytes[r->at++] << 8 * i;
	return v;
}

static uint64_t sign_extend(uint64_t v, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

static uint64_t take_signed(struct reader *r, unsigned size)
{
	return sign_extend(take(r, size), size);
}

/* True when c was a prefix (REX is not handled here: it must be the last). */
static bool legacy_prefix(struct insn *in, uint8_t c)
{
	switch (c) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:	/* no base in 64-bit mode */
		return true;
	case 0x64:
		in->seg = INSN_SEG_FS;
		return true;
	case 0x65:
		in->seg = INSN_SEG_GS;
		return true;
	case 0x66:
		in->opsize_prefix = true;
		return true;
	case 0x67:
		in->addr32 = true;
		return true;
	case 0xf0:
		in->lock = true;
		return true;
	case 0xf2: case 0xf3:
		in->rep = c;
		return true;
	}
	return false;
}

static uint8_t take_prefixes(struct reader *r, struct insn *in)
{
	uint8_t c;

	do {
		c = (uint8_t)take(r, 1);
	} while (!r->short_of && legacy_prefix(in, c));
	if ((c & 0xf0) == 0x40) {
		in->rex = c;
		c = (uint8_t)take(r, 1);
	}
	in->opsize = in->rex & 8 ? 8 : in->opsize_prefix ? 2 : 4;
	return c;
}

static void take_sib(struct reader *r, struct insn *in)
{
	uint8_t sib = (uint8_t)take(r, 1);

	in->scale = (uint8_t)(1u << (sib >> 6));
	in->index = (uint8_t)(((sib >> 3) & 7) | (in->rex & 2) << 2);
	if (in->index == 4)
		in->index = INSN_NO_REG;
	in->base = (uint8_t)((sib & 7) | (in->rex & 1) << 3);
	if ((sib & 7) == 5 && in->mod == 0) {
		in->base = INSN_NO_REG;
		in->disp = (int64_t)take_signed(r, 4);
	}
}

static void take_modrm(struct reader *r, struct insn *in, bool register_only)
{
	uint8_t modrm = (uint8_t)take(r, 1);

	in->has_modrm = true;
	in->mod = register_only ? 3 : modrm >> 6;
	in->reg = (uint8_t)(((modrm >> 3) & 7) | (in->rex & 4) << 1);
	in->rm = (uint8_t)((modrm & 7) | (in->rex & 1) << 3);
	if (in->mod == 3)
		return;
	in->mem = true;
	if ((modrm & 7) == 4) {
		take_sib(r, in);
	} else if ((modrm & 7) == 5 && in->mod == 0) {
		in->base = INSN_RIP;
		in->disp = (int64_t)take_signed(r, 4);
	} else {
		in->base = in->rm;
	}
	if (in->mod == 1)
		in->disp = (int64_t)take_signed(r, 1);
	else if (in->mod == 2)
		in->disp = (int64_t)take_signed(r, 4);
}

/* True when the letter is one that stands for an instruction. */
static bool take_operands(struct reader *r, struct insn *in, char letter)
{
	unsigned z = MIN(in->opsize, 4);

	switch (letter) {
	case '.':
		return true;
	case 'm': case 'B': case 'Z': case 'g': case 'G': case 'r':
		take_modrm(r, in, letter == 'r');
		if (letter == 'B' || (letter == 'g' && (in->reg & 7) < 2))
			in->imm = take_signed(r, 1);
		else if (letter == 'Z' || (letter == 'G' && (in->reg & 7) < 2))
			in->imm = take_signed(r, z);
		return true;
	case 'b':
		in->imm = take_signed(r, 1);
		return true;
	case 'z':
		in->imm = take_signed(r, z);
		return true;
	case 'v':
		in->imm = take_signed(r, in->opsize);
		return true;
	case 'w':
		in->imm = take(r, 2);
		return true;
	case 'e':
		in->imm = take(r, 3);
		return true;
	case 'o':
		in->mem = true;
		in->disp = (int64_t)take(r, in->addr32 ? 4 : 8);
		return true;
	}
	return false;
}

/* Branches (e8, e9, 0f 8x) have 32 bits always; a 66 before them means different things to
 * different makers, so they are unknown with it. */
static bool branch_with_66(const struct insn *in, char letter)
{
	return in->opsize == 2 && letter == 'z' &&
	       (in->map == INSN_MAP_0F || in->opcode == 0xe8 || in->opcode == 0xe9);
}

#define PLAIN_LEN 3

/*
 * What has neither prefix, memory operand nor immediate, as most privileged instructions: decoded
 * as below, but in one step. PLAIN_LEN bytes are there.
 */
static inline bool decode_plain(const uint8_t *bytes, struct insn *in)
{
	bool is_0f = bytes[0] == 0x0f;
	uint8_t opcode = bytes[is_0f];
	char letter = is_0f ? map_0f[opcode] : map_1[opcode];
	uint8_t modrm = bytes[2];

	if (letter != '.' && (letter != 'r' || !is_0f))
		return false;
	*in = (struct insn){ .len = is_0f ? 2 : 1, .map = is_0f ? INSN_MAP_0F : INSN_MAP_1,
			     .opcode = opcode, .opsize = 4, .base = INSN_NO_REG,
			     .index = INSN_NO_REG, .scale = 1 };
	if (letter == '.')
		return true;
	in->len = PLAIN_LEN;
	in->has_modrm = true;
	in->mod = 3;
	in->reg = modrm >> 3 & 7;
	in->rm = modrm & 7;
	return true;
}

static __attribute__((noinline)) bool decode_any(const uint8_t *bytes, unsigned n, struct insn *in)
{
	struct reader r = { .bytes = bytes, .n = MIN(n, INSN_MAX_LEN) };
	char letter;

	*in = (struct insn){ .base = INSN_NO_REG, .index = INSN_NO_REG, .scale = 1 };
	in->opcode = take_prefixes(&r, in);
	letter = map_1[in->opcode];
	if (in->opcode == 0x0f) {
		in->map = INSN_MAP_0F;
		in->opcode = (uint8_t)take(&r, 1);
		letter = map_0f[in->opcode];
	}
	if (r.short_of || branch_with_66(in, letter) || !take_operands(&r, in, letter))
		return false;
	in->len = (uint8_t)r.at;
	return !r.short_of;
}

bool insn_decode(const uint8_t *bytes, unsigned n, struct insn *in)
{
	return (n >= PLAIN_LEN && decode_plain(bytes, in)) || decode_any(bytes, n, in);
}

bool insn_decode32(const uint8_t *bytes, unsigned n, struct insn *in)
{
	struct reader r = { .bytes = bytes, .n = MIN(n, INSN_MAX_LEN) };
	uint8_t c;

	*in = (struct insn){ .base = INSN_NO_REG, .index = INSN_NO_REG, .scale = 1 };
	do {		/* 40 to 4f are INC and DEC here, no prefixes */
		c = (uint8_t)take(&r, 1);
	} while (!r.short_of && legacy_prefix(in, c));
	in->opsize = in->opsize_prefix ? 2 : 4;
	if (c == 0x0f) {
		in->map = INSN_MAP_0F;
		c = (uint8_t)take(&r, 1);
	}
	in->opcode = c;
	if (in->map == INSN_MAP_0F ? c != 0x31 && c != 0xa2
				   : (c & 0xf4) != 0xe4 && c != 0xfa && c != 0xfb)
		return false;
	if (in->map == INSN_MAP_1 && (c & 0xfc) == 0xe4)
		in->imm = take_signed(&r, 1);
	in->len = (uint8_t)r.at;
	return !r.short_of;
}

uint64_t *insn_reg(struct cpu_user_regs *regs, unsigned n)
{
	static const uint8_t offset[16] = {
		offsetof(struct cpu_user_regs, rax), offsetof(struct cpu_user_regs, rcx),
		offsetof(struct cpu_user_regs, rdx), offsetof(struct cpu_user_regs, rbx),
		offsetof(struct cpu_user_regs, rsp), offsetof(struct cpu_user_regs, rbp),
		offsetof(struct cpu_user_regs, rsi), offsetof(struct cpu_user_regs, rdi),
		offsetof(struct cpu_user_regs, r8), offsetof(struct cpu_user_regs, r9),
		offsetof(struct cpu_user_regs, r10), offsetof(struct cpu_user_regs, r11),
		offsetof(struct cpu_user_regs, r12), offsetof(struct cpu_user_regs, r13),
		offsetof(struct cpu_user_regs, r14), offsetof(struct cpu_user_regs, r15),
	};

	return (uint64_t *)((char *)regs + offset[n & 15]);
}

static uint64_t reg_value(const struct cpu_user_regs *regs, unsigned n)
{
	return *insn_reg((struct cpu_user_regs *)regs, n);
}

/* BT, BTS, BTR, BTC with a register: its upper bits choose the word. */
static int64_t bit_string_offset(const struct insn *in, const struct cpu_user_regs *regs)
{
	int64_t bit;

	if (in->map != INSN_MAP_0F || (in->opcode & 0xe7) != 0xa3)
		return 0;
	bit = (int64_t)sign_extend(reg_value(regs, in->reg), in->opsize);
	return (bit >> (in->opsize == 8 ? 6 : in->opsize == 4 ? 5 : 4)) * in->opsize;
}

uint64_t insn_mem_address(const struct insn *in, const struct cpu_user_regs *regs,
			  uint64_t fs_base, uint64_t gs_base)
{
	uint64_t at = (uint64_t)in->disp, seg = 0;

	if (in->has_modrm || in->map == INSN_MAP_0F || (in->opcode & 0xfc) == 0xa0) {
		if (in->base == INSN_RIP)
			at += regs->rip + in->len;
		else if (in->base != INSN_NO_REG)
			at += reg_value(regs, in->base);
		if (in->index != INSN_NO_REG)
			at += reg_value(regs, in->index) * in->scale;
		at += (uint64_t)bit_string_offset(in, regs);
		seg = in->seg == INSN_SEG_FS ? fs_base : in->seg == INSN_SEG_GS ? gs_base : 0;
	} else {
		at = regs->rdi;		/* string stores: always es */
	}
	if (in->addr32)
		at = (uint32_t)at;
	return at + seg;
}
