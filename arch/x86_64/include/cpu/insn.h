/* SPDX-License-Identifier: MIT */
/*
 * One inline function an instruction, and nothing else. Only arch/x86_64 may
 * include this. What may fault with a guest's value has a name that ends in
 * _safe: it returns 0, or -1 when the instruction faulted (entry code looks the
 * address up in __ex_table: pairs of 32-bit offsets, from, to).
 */
#pragma once

#include <stdint.h>

/* One entry of the exception table, each relative to its own address. */
#define EX_TABLE(from, to)						\
	".pushsection __ex_table, \"a\"\n\t"				\
	".balign 4\n\t"							\
	".long " from " - ., " to " - .\n\t"				\
	".popsection\n\t"

/* ---- model-specific registers ------------------------------------------------ */

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline int rdmsr_safe(uint32_t msr, uint64_t *value)
{
	uint32_t lo, hi;
	int rc;

	__asm__ volatile("xor %k2, %k2\n"
			 "1:	rdmsr\n"
			 "	jmp 3f\n"
			 "2:	mov $-1, %k2\n"
			 "	xor %k0, %k0\n"
			 "	xor %k1, %k1\n"
			 "3:\n\t"
			 EX_TABLE("1b", "2b")
			 : "=&a"(lo), "=&d"(hi), "=&r"(rc) : "c"(msr));
	*value = (uint64_t)hi << 32 | lo;
	return rc;
}

static inline int wrmsr_safe(uint32_t msr, uint64_t value)
{
	int rc;

	__asm__ volatile("xor %k0, %k0\n"
			 "1:	wrmsr\n"
			 "	jmp 3f\n"
			 "2:	mov $-1, %k0\n"
			 "3:\n\t"
			 EX_TABLE("1b", "2b")
			 : "=&r"(rc)
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return rc;
}

/* ---- control, debug and extended control registers --------------------------- */

#define DEFINE_REG(name)						\
static inline uint64_t read_##name(void)				\
{									\
	uint64_t v;							\
									\
	__asm__ volatile("mov %%" #name ", %0" : "=r"(v));		\
	return v;							\
}									\
static inline void write_##name(uint64_t v)				\
{									\
	__asm__ volatile("mov %0, %%" #name : : "r"(v) : "memory");	\
}
DEFINE_REG(cr0)
DEFINE_REG(cr2)
DEFINE_REG(cr3)
DEFINE_REG(cr4)
DEFINE_REG(cr8)
DEFINE_REG(db0)
DEFINE_REG(db1)
DEFINE_REG(db2)
DEFINE_REG(db3)
DEFINE_REG(db6)
DEFINE_REG(db7)
#undef DEFINE_REG

static inline void clts(void)
{
	__asm__ volatile("clts" : : : "memory");
}

static inline uint64_t xgetbv(uint32_t i)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(i));
	return (uint64_t)hi << 32 | lo;
}

static inline void xsetbv(uint32_t i, uint64_t v)
{
	__asm__ volatile("xsetbv" : : "c"(i), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* ---- descriptor tables and selectors ----------------------------------------- */

static inline void lgdt(const void *desc_ptr)
{
	__asm__ volatile("lgdt (%0)" : : "r"(desc_ptr) : "memory");
}

static inline void lidt(const void *desc_ptr)
{
	__asm__ volatile("lidt (%0)" : : "r"(desc_ptr) : "memory");
}

static inline void lldt(uint16_t sel)
{
	__asm__ volatile("lldt %0" : : "r"(sel) : "memory");
}

static inline void ltr(uint16_t sel)
{
	__asm__ volatile("ltr %0" : : "r"(sel) : "memory");
}

#define DEFINE_SELECTOR(name)						\
static inline uint16_t read_##name(void)				\
{									\
	uint32_t v;							\
									\
	__asm__ volatile("mov %%" #name ", %0" : "=r"(v));		\
	return (uint16_t)v;						\
}									\
/* Loads it; when the selector is refused a null one is loaded and -1 returned. */ \
static inline int load_##name##_safe(uint16_t sel)			\
{									\
	int rc;								\
									\
	__asm__ volatile("xor %k0, %k0\n"				\
			 "1:	mov %k1, %%" #name "\n"			\
			 "	jmp 3f\n"				\
			 "2:	xor %k0, %k0\n"				\
			 "	mov %k0, %%" #name "\n"			\
			 "	dec %k0\n"				\
			 "3:\n\t"					\
			 EX_TABLE("1b", "2b")				\
			 : "=&r"(rc) : "r"((uint32_t)sel) : "memory");	\
	return rc;							\
}
DEFINE_SELECTOR(ds)
DEFINE_SELECTOR(es)
DEFINE_SELECTOR(fs)
DEFINE_SELECTOR(gs)
#undef DEFINE_SELECTOR

static inline void swapgs(void)
{
	__asm__ volatile("swapgs" : : : "memory");
}

/* ---- memory ------------------------------------------------------------------ */

static inline void invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

struct invpcid_desc {
	uint64_t pcid, address;
};
#define INVPCID_ADDRESS		0UL
#define INVPCID_CONTEXT		1UL
#define INVPCID_ALL_GLOBAL	2UL
#define INVPCID_ALL_NONGLOBAL	3UL

static inline void invpcid(uint64_t type, uint64_t pcid, uint64_t va)
{
	struct invpcid_desc d = { pcid, va };

	__asm__ volatile("invpcid %0, %1" : : "m"(d), "r"(type) : "memory");
}

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static inline void mfence(void)
{
	__asm__ volatile("mfence" : : : "memory");
}

static inline void rep_stosq(void *to, uint64_t value, uint64_t quadwords)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(quadwords) : "a"(value) : "memory");
}

static inline void rep_movsq(void *to, const void *from, uint64_t quadwords)
{
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(quadwords) : : "memory");
}

/* SMAP: opens and closes the guest's memory; only where the CPU has it. */
static inline void stac(void)
{
	__asm__ volatile("stac" : : : "memory", "cc");
}

static inline void clac(void)
{
	__asm__ volatile("clac" : : : "memory", "cc");
}

/* ---- what the CPU is --------------------------------------------------------- */

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(subleaf));
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* No earlier instruction's work comes after it. */
static inline uint64_t rdtsc_ordered(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* ---- interrupts and waiting -------------------------------------------------- */

static inline void sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* Opens interrupts for those that wait; the nop stands in the shadow of STI. */
static inline void sti_nop_cli(void)
{
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
}

static inline void hlt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* ---- ports ------------------------------------------------------------------- */

#define DEFINE_PORT(suffix, type)						\
static inline type in##suffix(uint16_t port)					\
{										\
	type v;									\
										\
	__asm__ volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port));	\
	return v;								\
}										\
static inline void out##suffix(uint16_t port, type v)				\
{										\
	__asm__ volatile("out" #suffix " %0, %1" : : "a"(v), "Nd"(port));	\
}
DEFINE_PORT(b, uint8_t)
DEFINE_PORT(w, uint16_t)
DEFINE_PORT(l, uint32_t)
#undef DEFINE_PORT

/* ---- floating point and vector state: areas of 64-byte alignment ------------- */

static inline void fninit(void)
{
	__asm__ volatile("fninit" : : : "memory");
}

static inline void fxsave(void *area)
{
	__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void xsave(void *area, uint64_t mask)
{
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32)) : "memory");
}

static inline void xsaveopt(void *area, uint64_t mask)
{
	__asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32)) : "memory");
}

/* On AMD CPUs fxrstor and xrstor keep the last instruction and data pointers where no exception
 * is pending: this overwrites them with harmless ones. */
static inline void fpu_forget_pointers(void)
{
	static const uint32_t zero;

	__asm__ volatile("fnclex; ffree %%st(7); fildl %0" : : "m"(zero));
}

/* The restoring forms fault on an area that is malformed: -1, registers as they were. */
static inline int fxrstor_safe(const void *area)
{
	int rc;

	__asm__ volatile("xor %k0, %k0\n"
			 "1:	fxrstor64 (%1)\n"
			 "	jmp 3f\n"
			 "2:	mov $-1, %k0\n"
			 "3:\n\t"
			 EX_TABLE("1b", "2b")
			 : "=&r"(rc) : "r"(area) : "memory");
	return rc;
}

static inline int xrstor_safe(const void *area, uint64_t mask)
{
	int rc;

	__asm__ volatile("xor %k0, %k0\n"
			 "1:	xrstor64 (%1)\n"
			 "	jmp 3f\n"
			 "2:	mov $-1, %k0\n"
			 "3:\n\t"
			 EX_TABLE("1b", "2b")
			 : "=&r"(rc) : "r"(area), "a"((uint32_t)mask),
			   "d"((uint32_t)(mask >> 32)) : "memory");
	return rc;
}
