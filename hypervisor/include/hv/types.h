/* SPDX-License-Identifier: MIT */
/*
 * The integers of the hypervisor that have a meaning of their own. A frame
 * number, a guest's pseudo-physical frame number and a guest's address are
 * distinct types, so that the compiler refuses to mix them; a guest's address
 * cannot be dereferenced, only handed to the copy helpers of hv/usercopy.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/errno.h>

#ifndef XEN_ERESTART
/** "Execute the hypercall again": never seen by a guest, so the ABI's header hides it. */
#define XEN_ERESTART 85
#endif

/** A machine frame number: machine address >> 12. */
typedef struct {
	uint64_t n;
} mfn_t;

/** A pseudo-physical frame number as a guest counts its own memory. */
typedef struct {
	uint64_t n;
} pfn_t;

/** A virtual address in the address space of the running guest; never trusted. */
typedef struct {
	uint64_t a;
} guest_va_t;

#define INVALID_MFN_N (~0ULL)

static inline mfn_t mfn(uint64_t n)
{
	return (mfn_t){ n };
}

static inline pfn_t pfn(uint64_t n)
{
	return (pfn_t){ n };
}

static inline guest_va_t guest_va(uint64_t a)
{
	return (guest_va_t){ a };
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define __noreturn __attribute__((noreturn))
#define __printf(f, a) __attribute__((format(printf, f, a)))

/** Reads or writes a location that another agent may change, exactly once. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

static inline uint32_t load_acquire32(const volatile uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/** index if index < bound, else some number below it, without a branch that speculation could skip. */
static inline __attribute__((always_inline)) uint64_t index_clamp(uint64_t index, uint64_t bound)
{
	uint64_t mask;

	if (__builtin_constant_p(bound) && !(bound & (bound - 1)))
		return index & (bound - 1);
	__asm__("cmp %2, %1; sbb %0, %0" : "=r"(mask) : "r"(index), "re"(bound) : "cc");
	return index & mask;
}
