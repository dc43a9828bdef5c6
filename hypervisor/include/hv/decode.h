/* SPDX-License-Identifier: MIT */
/*
 * A decoder of x86-64 instructions: lengths and operands of all of the one-byte
 * and 0f maps, and what the instructions mean that store to memory in ways a
 * kernel changes page-table entries. Pure: bytes and registers in, facts out.
 *
 *     struct insn in;
 *     if (!insn_decode(bytes, n, &in)) ...unknown, or longer than n bytes
 *     at = insn_mem_address(&in, regs, fs_base, gs_base);
 *     if (insn_is_store(&in) && insn_store(&in, &copy_of_regs, old, src, &new)) ...
 *
 * The decoder reads at most 15 bytes. VEX, EVEX, 0f38, 0f3a and 16-bit
 * addressing (not there in 64-bit mode) are unknown to it.
 */
#pragma once

#include <hv/types.h>

#define INSN_MAX_LEN 15

enum insn_map {
	INSN_MAP_1,	/* one-byte opcodes */
	INSN_MAP_0F,	/* two bytes, 0f first */
};

enum insn_seg {		/* override; only those two have a base in 64-bit mode */
	INSN_SEG_NONE,
	INSN_SEG_FS,
	INSN_SEG_GS,
};

#define INSN_NO_REG 0xff
#define INSN_RIP    0xfe

struct insn {
	uint8_t len;		/* bytes */
	uint8_t map;		/* enum insn_map */
	uint8_t opcode;
	uint8_t opsize;		/* bytes of an operand that is not 1 by the opcode: 2, 4, 8 */
	uint8_t rex;		/* 0: none, else 0x40-0x4f */
	uint8_t rep;		/* 0, 0xf2 or 0xf3: the last of them */
	bool lock;
	bool opsize_prefix;	/* 66 */
	bool addr32;		/* 67 */
	uint8_t seg;		/* enum insn_seg */
	bool has_modrm;
	bool mem;		/* r/m is memory (also for the moffs forms) */
	uint8_t mod;
	uint8_t reg;		/* with REX.R: register number or opcode extension (& 7) */
	uint8_t rm;		/* with REX.B, when !mem */
	uint8_t base, index;	/* register numbers, INSN_NO_REG; base may be INSN_RIP */
	uint8_t scale;		/* 1, 2, 4, 8 */
	int64_t disp;
	uint64_t imm;		/* sign-extended to 64 bits */
};

/** Decodes n bytes; false when they are no known instruction or end too early. */
bool insn_decode(const uint8_t *bytes, unsigned n, struct insn *in);

/**
 * The same for what a program of 32 bits may be allowed of its kernel: IN and OUT (no strings),
 * CLI, STI, RDTSC, CPUID. Anything else is false.
 */
bool insn_decode32(const uint8_t *bytes, unsigned n, struct insn *in);

/** The address that r/m, moffs, or a string store (rdi) stands for. BTS and its like with
 *  a register's bit number may lie further on: that is included. */
uint64_t insn_mem_address(const struct insn *in, const struct cpu_user_regs *regs,
			  uint64_t fs_base, uint64_t gs_base);

/** General register n (0 rax .. 15 r15) in a saved frame. */
uint64_t *insn_reg(struct cpu_user_regs *regs, unsigned n);

/** True when the instruction stores to memory in a way that insn_store() knows. */
bool insn_is_store(const struct insn *in);
/** True when it is no more than a MOV or an XCHG of a whole register and what another points to, with a
 *  displacement or not. */
bool insn_is_plain_store(const struct insn *in);
/** Bytes that it stores: 1, 2, 4, 8. */
unsigned insn_store_size(const struct insn *in);
/** True for MOVS, whose value is in memory too: at *src (rsi). */
bool insn_store_source(const struct insn *in, const struct cpu_user_regs *regs,
		       uint64_t fs_base, uint64_t gs_base, uint64_t *src);
/**
 * Executes the store on plain data: old is what memory holds (insn_store_size() bytes,
 * zero-extended), src what insn_store_source() asked for. Sets *new to what it shall hold and
 * changes regs as the instruction does (destination registers, flags, rdi/rsi/rcx; rip goes
 * behind the instruction, or stays when a REP has more to do). On false nothing has changed:
 * not a store. A REP with rcx = 0 leaves *new = old.
 */
bool insn_store(const struct insn *in, struct cpu_user_regs *regs, uint64_t old, uint64_t src,
		uint64_t *new);
