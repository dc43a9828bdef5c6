/* SPDX-License-Identifier: MIT */
/*
 * Where a CPU sits: its APIC id is cut into socket, core and thread by widths that CPUID tells
 * (Intel SDM volume 3, 9.9.5; AMD APM volume 3, appendix E), the same for all.
 */
#include "topology.h"

#include <cpu/insn.h>

static unsigned thread_bits, socket_shift;

/* Bits that number n things. */
static unsigned width(unsigned n)
{
	return n > 1 ? 32 - (unsigned)__builtin_clz(n - 1) : 0;
}

#define LEVEL(r)    ((r)[2] >> 8 & 0xff)
#define LEVEL_SMT   1
#define LEVEL_CORE  2

/* Leaf 0xb: a sub-leaf a level, with the shift to the next. */
static bool by_levels(uint32_t max_leaf)
{
	uint32_t r[4];

	if (max_leaf < 0xb)
		return false;
	cpuid(0xb, 0, r);
	if (!r[1] || LEVEL(r) != LEVEL_SMT)
		return false;
	thread_bits = r[0] & 31;
	socket_shift = thread_bits;
	cpuid(0xb, 1, r);
	if (LEVEL(r) == LEVEL_CORE)
		socket_shift = r[0] & 31;
	return true;
}

/* Before that: logical CPUs and cores of a socket. */
static void by_counts(uint32_t max_leaf)
{
	uint32_t r[4];
	unsigned logical = 1, cores = 1;

	cpuid(1, 0, r);
	if (r[3] & (1u << 28))
		logical = r[1] >> 16 & 0xff;
	cpuid(0x80000000, 0, r);
	if (r[0] >= 0x80000008) {
		cpuid(0x80000008, 0, r);
		cores = (r[2] & 0xff) + 1;
	}
	if (cores == 1 && max_leaf >= 4) {
		cpuid(4, 0, r);
		if (r[0] & 31)
			cores = (r[0] >> 26) + 1;
	}
	socket_shift = width(logical > cores ? logical : cores);
	thread_bits = socket_shift - width(cores);
}

void topology_init(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (!by_levels(r[0]))
		by_counts(r[0]);
}

void topology_place(uint32_t apic_id, uint32_t *socket, uint32_t *core)
{
	*socket = (uint32_t)((uint64_t)apic_id >> socket_shift);
	*core = (apic_id & (uint32_t)((1UL << socket_shift) - 1)) >> thread_bits;
}
