/* SPDX-License-Identifier: MIT */
/*
 * What the storing instructions do, on plain values (Intel SDM volume 2). The
 * ones that kernels change page-table entries with: mov, xchg, and/or/xor and
 * the other arithmetic with or without lock, bit operations, compare-and-exchange,
 * exchange-and-add, and the string stores.
 */
#include <hv/decode.h>

#include <format/eflags.h>

enum store_kind {
	STORE_NONE,
	STORE_MOV,
	STORE_XCHG,
	STORE_ALU,
	STORE_NOT,
	STORE_NEG,
	STORE_INC,
	STORE_DEC,
	STORE_BIT,		/* bts, btr, btc */
	STORE_CMPXCHG,
	STORE_CMPXCHG8B,
	STORE_XADD,
	STORE_MOVS,
	STORE_STOS,
};

enum alu_op { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

struct store {
	uint8_t kind;		/* enum store_kind */
	uint8_t op;		/* enum alu_op; or of a bit: 1 set, 2 reset, 3 complement */
	uint8_t size;		/* bytes */
	bool imm;		/* the operand is immediate, not a register */
};

/* ---- which one is it? -------------------------------------------------------- */

static struct store group_store(const struct insn *in, uint8_t size)
{
	static const uint8_t f6[8] = { [2] = STORE_NOT, [3] = STORE_NEG };
	static const uint8_t fe[8] = { [0] = STORE_INC, [1] = STORE_DEC };
	unsigned ext = in->reg & 7;

	return (struct store){ .kind = (in->opcode & 8) ? fe[ext] : f6[ext], .size = size };
}

static struct store classify_1(const struct insn *in)
{
	uint8_t op = in->opcode, size = op & 1 ? in->opsize : 1;
	uint8_t alu = (op >> 3) & 7;

	if (op < 0x40 && (op & 7) <= 1 && alu != ALU_CMP)
		return (struct store){ STORE_ALU, alu, size, false };
	switch (op) {
	case 0x80: case 0x81: case 0x83:
		if ((in->reg & 7) == ALU_CMP)
			break;
		return (struct store){ STORE_ALU, in->reg & 7, size, true };
	case 0x86: case 0x87:
		return (struct store){ STORE_XCHG, 0, size, false };
	case 0x88: case 0x89: case 0xa2: case 0xa3:
		return (struct store){ STORE_MOV, 0, size, false };
	case 0xc6: case 0xc7:
		if (in->reg & 7)
			break;
		return (struct store){ STORE_MOV, 0, size, true };
	case 0xa4: case 0xa5:
		return (struct store){ STORE_MOVS, 0, size, false };
	case 0xaa: case 0xab:
		return (struct store){ STORE_STOS, 0, size, false };
	case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return group_store(in, size);
	}
	return (struct store){ 0 };
}

static struct store classify_0f(const struct insn *in)
{
	uint8_t op = in->opcode, size = op & 1 ? in->opsize : 1;

	switch (op) {
	case 0xab: case 0xb3: case 0xbb:
		return (struct store){ STORE_BIT, ((op >> 3) & 3), in->opsize, false };
	case 0xba:
		if ((in->reg & 7) < 5)
			break;
		return (struct store){ STORE_BIT, in->reg & 3, in->opsize, true };
	case 0xb0: case 0xb1:
		return (struct store){ STORE_CMPXCHG, 0, size, false };
	case 0xc0: case 0xc1:
		return (struct store){ STORE_XADD, 0, size, false };
	case 0xc3:
		if (in->opsize == 2 || in->rep)
			break;
		return (struct store){ STORE_MOV, 0, in->opsize, false };
	case 0xc7:
		if ((in->reg & 7) != 1 || in->opsize == 8)
			break;
		return (struct store){ STORE_CMPXCHG8B, 0, 8, false };
	}
	return (struct store){ 0 };
}

static bool is_string(const struct store *s)
{
	return s->kind == STORE_MOVS || s->kind == STORE_STOS;
}

static struct store classify(const struct insn *in)
{
	struct store s = in->map == INSN_MAP_1 ? classify_1(in) : classify_0f(in);

	if (!is_string(&s) && !in->mem)
		s.kind = STORE_NONE;
	/* lock before these is no instruction */
	if (in->lock && (s.kind == STORE_MOV || is_string(&s)))
		s.kind = STORE_NONE;
	return s;
}

bool insn_is_store(const struct insn *in)
{
	return classify(in).kind != STORE_NONE;
}

bool insn_is_plain_store(const struct insn *in)
{
	return in->map == INSN_MAP_1 && (in->opcode == 0x87 || in->opcode == 0x89) &&
	       in->opsize == 8 && in->mem && in->base < 16 && in->index == INSN_NO_REG &&
	       in->seg == INSN_SEG_NONE && !in->addr32 && !in->lock && !in->rep;
}

unsigned insn_store_size(const struct insn *in)
{
	return classify(in).size;
}

bool insn_store_source(const struct insn *in, const struct cpu_user_regs *regs,
		       uint64_t fs_base, uint64_t gs_base, uint64_t *src)
{
	uint64_t seg = in->seg == INSN_SEG_FS ? fs_base : in->seg == INSN_SEG_GS ? gs_base : 0;

	if (classify(in).kind != STORE_MOVS)
		return false;
	*src = (in->addr32 ? (uint32_t)regs->rsi : regs->rsi) + seg;
	return true;
}

/* ---- registers --------------------------------------------------------------- */

static uint64_t width_mask(unsigned size)
{
	return ~0ULL >> (64 - 8 * size);
}

/* ah, ch, dh, bh: without any REX prefix the byte registers 4 to 7. */
static bool is_high_byte(const struct insn *in, unsigned reg, unsigned size)
{
	return size == 1 && !in->rex && reg >= 4 && reg < 8;
}

static uint64_t get_reg(const struct insn *in, struct cpu_user_regs *regs, unsigned reg,
			unsigned size)
{
	if (is_high_byte(in, reg, size))
		return (*insn_reg(regs, reg - 4) >> 8) & 0xff;
	return *insn_reg(regs, reg) & width_mask(size);
}

static void set_reg(const struct insn *in, struct cpu_user_regs *regs, unsigned reg, unsigned size,
		    uint64_t value)
{
	uint64_t *r, mask = width_mask(size);

	if (is_high_byte(in, reg, size)) {
		r = insn_reg(regs, reg - 4);
		*r = (*r & ~0xff00ULL) | (value & 0xff) << 8;
		return;
	}
	r = insn_reg(regs, reg);
	if (size == 4)
		*r = value & mask;	/* clears the upper half */
	else
		*r = (*r & ~mask) | (value & mask);
}

/* ---- arithmetic -------------------------------------------------------------- */

static uint64_t result_flags(uint64_t res, unsigned size)
{
	uint64_t flags = 0;

	if (!(res & width_mask(size)))
		flags |= FLAGS_ZF;
	if (res >> (8 * size - 1) & 1)
		flags |= FLAGS_SF;
	if (!(__builtin_popcount((unsigned)(res & 0xff)) & 1))
		flags |= FLAGS_PF;
	return flags;
}

/* With a and b within size: the carry out of each bit follows from operands and result. */
static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t res, unsigned size)
{
	uint64_t carry = (a & b) | ((a | b) & ~res), top = 8 * size - 1;
	uint64_t flags = result_flags(res, size);

	flags |= carry >> top & 1 ? FLAGS_CF : 0;
	flags |= carry >> 3 & 1 ? FLAGS_AF : 0;
	flags |= ((a ^ res) & (b ^ res)) >> top & 1 ? FLAGS_OF : 0;
	return flags;
}

static uint64_t sub_flags(uint64_t a, uint64_t b, uint64_t res, unsigned size)
{
	uint64_t borrow = (~a & b) | ((~a | b) & res), top = 8 * size - 1;
	uint64_t flags = result_flags(res, size);

	flags |= borrow >> top & 1 ? FLAGS_CF : 0;
	flags |= borrow >> 3 & 1 ? FLAGS_AF : 0;
	flags |= ((a ^ b) & (a ^ res)) >> top & 1 ? FLAGS_OF : 0;
	return flags;
}

static void set_status(struct cpu_user_regs *regs, uint64_t mask, uint64_t flags)
{
	regs->rflags = (regs->rflags & ~mask) | (flags & mask);
}

static uint64_t alu(unsigned op, uint64_t a, uint64_t b, unsigned size, struct cpu_user_regs *regs)
{
	uint64_t carry = op == ALU_ADC || op == ALU_SBB ? regs->rflags & FLAGS_CF : 0;
	uint64_t mask = width_mask(size), res, flags;

	switch (op) {
	case ALU_ADD: case ALU_ADC:
		res = (a + b + carry) & mask;
		flags = add_flags(a, b, res, size);
		break;
	case ALU_SUB: case ALU_SBB:
		res = (a - b - carry) & mask;
		flags = sub_flags(a, b, res, size);
		break;
	default:
		res = op == ALU_AND ? a & b : op == ALU_OR ? a | b : a ^ b;
		flags = result_flags(res, size);
		break;
	}
	set_status(regs, FLAGS_STATUS, flags);
	return res;
}

/* ---- execution --------------------------------------------------------------- */

static uint64_t do_unary(const struct store *s, struct cpu_user_regs *regs, uint64_t old)
{
	uint64_t carry = regs->rflags & FLAGS_CF, res;

	switch (s->kind) {
	case STORE_NOT:
		return ~old & width_mask(s->size);
	case STORE_NEG:
		return alu(ALU_SUB, 0, old, s->size, regs);
	case STORE_INC:
		res = alu(ALU_ADD, old, 1, s->size, regs);
		break;
	default:
		res = alu(ALU_SUB, old, 1, s->size, regs);
		break;
	}
	set_status(regs, FLAGS_CF, carry);	/* inc and dec leave it */
	return res;
}

static uint64_t do_bit(const struct insn *in, const struct store *s, struct cpu_user_regs *regs,
		       uint64_t old)
{
	uint64_t n = (s->imm ? in->imm : *insn_reg(regs, in->reg)) & (8u * s->size - 1);
	uint64_t bit = 1ULL << n;

	set_status(regs, FLAGS_CF, old & bit ? FLAGS_CF : 0);
	return s->op == 1 ? old | bit : s->op == 2 ? old & ~bit : old ^ bit;
}

static uint64_t do_cmpxchg(const struct insn *in, const struct store *s,
			   struct cpu_user_regs *regs, uint64_t old)
{
	uint64_t acc = regs->rax & width_mask(s->size);

	alu(ALU_SUB, acc, old, s->size, regs);
	if (acc == old)
		return get_reg(in, regs, in->reg, s->size);
	if (s->size == 4)
		regs->rax = old;
	else
		regs->rax = (regs->rax & ~width_mask(s->size)) | old;
	return old;
}

static uint64_t do_cmpxchg8b(struct cpu_user_regs *regs, uint64_t old)
{
	bool same = old == ((uint64_t)(uint32_t)regs->rdx << 32 | (uint32_t)regs->rax);

	set_status(regs, FLAGS_ZF, same ? FLAGS_ZF : 0);
	if (same)
		return (uint64_t)(uint32_t)regs->rcx << 32 | (uint32_t)regs->rbx;
	regs->rax = (uint32_t)old;
	regs->rdx = old >> 32;
	return old;
}

static void advance(const struct insn *in, uint64_t *reg, uint64_t by)
{
	*reg = in->addr32 ? (uint32_t)(*reg + by) : *reg + by;
}

/* One element; rip moves on with the last. */
static uint64_t do_string(const struct insn *in, const struct store *s,
			  struct cpu_user_regs *regs, uint64_t old, uint64_t src)
{
	uint64_t step = regs->rflags & FLAGS_DF ? -(uint64_t)s->size : s->size;
	uint64_t count = in->addr32 ? (uint32_t)regs->rcx : regs->rcx;

	if (in->rep) {
		if (count == 0) {
			regs->rip += in->len;
			return old;
		}
		advance(in, &regs->rcx, ~0ULL);
	}
	advance(in, &regs->rdi, step);
	if (s->kind == STORE_MOVS)
		advance(in, &regs->rsi, step);
	if (!in->rep || count == 1)
		regs->rip += in->len;
	return (s->kind == STORE_MOVS ? src : regs->rax) & width_mask(s->size);
}

/* The operand that is not memory. moffs forms store the accumulator: reg is 0 there. */
static uint64_t operand(const struct insn *in, const struct store *s, struct cpu_user_regs *regs)
{
	return s->imm ? in->imm & width_mask(s->size) : get_reg(in, regs, in->reg, s->size);
}

bool insn_store(const struct insn *in, struct cpu_user_regs *regs, uint64_t old, uint64_t src,
		uint64_t *new)
{
	struct store s = classify(in);

	switch (s.kind) {
	case STORE_NONE:
		return false;
	case STORE_MOVS:
	case STORE_STOS:
		*new = do_string(in, &s, regs, old, src);
		return true;
	case STORE_MOV:
		*new = operand(in, &s, regs);
		break;
	case STORE_XCHG:
		*new = operand(in, &s, regs);
		set_reg(in, regs, in->reg, s.size, old);
		break;
	case STORE_ALU:
		*new = alu(s.op, old, operand(in, &s, regs), s.size, regs);
		break;
	case STORE_XADD:
		*new = alu(ALU_ADD, old, operand(in, &s, regs), s.size, regs);
		set_reg(in, regs, in->reg, s.size, old);
		break;
	case STORE_BIT:
		*new = do_bit(in, &s, regs, old);
		break;
	case STORE_CMPXCHG:
		*new = do_cmpxchg(in, &s, regs, old);
		break;
	case STORE_CMPXCHG8B:
		*new = do_cmpxchg8b(regs, old);
		break;
	default:
		*new = do_unary(&s, regs, old);
		break;
	}
	regs->rip += in->len;
	return true;
}
