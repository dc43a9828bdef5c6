/* SPDX-License-Identifier: MIT */
/*
 * The one door to guest memory: copies between the hypervisor and the address
 * space of the current vCPU, with fault fix-up and SMAP opened only inside.
 * Every address is checked to lie outside the hypervisor's part (slots 256 to
 * 271) and to be canonical. Memory is read once, into a local.
 */
#pragma once

#include <hv/types.h>
#ifndef CLOISON_HOST_TEST
#include <arch/usercopy.h>
#endif

/** True when [va, va+len) cannot touch the hypervisor's part and does not wrap. */
bool guest_range_ok(guest_va_t va, uint64_t len);

/** Some guest's top level has named a top level (pt_note_recursive()): what is read for guests is
 *  looked at more closely from then on. (Through such entries nobody can write.) */
extern bool recursive_tops;

#ifdef CLOISON_HOST_TEST
/** Returns 0, or -XEN_EFAULT; after an error the destination's content is undefined. */
int copy_from_guest(void *dst, guest_va_t src, size_t len);
int copy_to_guest(guest_va_t dst, const void *src, size_t len);
/** The same for at most 16 quadwords. */
static inline int copy_words_to_guest(guest_va_t dst, const uint64_t *src, unsigned words)
{
	return copy_to_guest(dst, src, words * sizeof(*src));
}
static inline int copy_words_from_guest(uint64_t *dst, guest_va_t src, unsigned words)
{
	return copy_from_guest(dst, src, words * sizeof(*dst));
}
/** A whole number of words that the compiler knows, at most 16, where every instruction counts. */
static inline int copy_from_guest_in_line(void *dst, guest_va_t src, size_t len)
{
	return copy_from_guest(dst, src, len);
}
/** The frame of a trap, to where its lower end is to be: with cs and flags as given, the rest
 *  from the registers; the second with an error code. 0 or -XEN_EFAULT. */
static inline int copy_trap_frame(guest_va_t to, const struct cpu_user_regs *r, uint64_t cs,
				  uint64_t flags)
{
	const uint64_t frame[] = { r->rcx, r->r11, r->rip, cs, flags, r->rsp, r->ss };

	return copy_to_guest(to, frame, sizeof(frame));
}
static inline int copy_trap_frame_error(guest_va_t to, const struct cpu_user_regs *r, uint64_t cs,
					uint64_t flags, uint64_t error)
{
	const uint64_t frame[] = { r->rcx, r->r11, error, r->rip, cs, flags, r->rsp, r->ss };

	return copy_to_guest(to, frame, sizeof(frame));
}
/** The same, where what follows the first len bytes goes somewhere else: both are whole words. */
static inline int copy_from_guest_two(void *dst, size_t len, void *dst2, size_t len2, guest_va_t src)
{
	int rc = copy_from_guest(dst, src, len);

	return rc ? rc : copy_from_guest(dst2, guest_va(src.a + len), len2);
}
#else
/* Any length; of which the caller knows nothing. */
int usercopy_from(void *dst, guest_va_t src, size_t len);
int usercopy_to(guest_va_t dst, const void *src, size_t len);
/* With recursive_tops all loads come here; of at most USERCOPY_RUN_MAX bytes to this CPU's own place
 * for it: that, or NULL. */
const void *usercopy_guarded(guest_va_t src, size_t len) __attribute__((no_caller_saved_registers));
/* At most 16 words, without a check of the range (arch/x86_64/hypervisor/copyloop.S): 0 or -XEN_EFAULT. */
long usercopy_words(void *dst, const void *src, unsigned words);

/*
 * Of a short piece either end alone tells: what lies between a guest's and our part is not
 * canonical, and faults; what wraps comes to a guest's addresses again.
 */
static inline bool guest_va_is_ours(guest_va_t va)
{
	_Static_assert(HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START == 1UL << 43, "one shift tells");
	return va.a >> 43 == HYPERVISOR_VIRT_START >> 43;
}

/* As a call that keeps all registers: so hardly anybody who reads a few words has to save some. */
static inline const void *usercopy_guarded_in_line(guest_va_t src, size_t len)
{
	const void *words;

	__asm__ volatile("call %P1" : "=a"(words) : "i"(usercopy_guarded), "D"(src.a), "S"(len)
			 : "memory", "cc");
	return words;
}

/* The length is known to the compiler, and even: a run of loads and stores of words, and the rest. */
static inline __attribute__((always_inline)) int copy_from_guest_two(void *dst, size_t len, void *dst2,
								     size_t len2, guest_va_t src)
{
	if (unlikely(guest_va_is_ours(src)))
		return -XEN_EFAULT;
	if (unlikely(recursive_tops)) {
		const char *words = usercopy_guarded_in_line(src, len + len2);

		if (!words)
			return -XEN_EFAULT;
		/* By words, as below: what they go to may then live in registers. */
#pragma GCC unroll 16
		for (size_t i = 0; i < len / 8 * 8; i += 8)
			__builtin_memcpy((char *)dst + i, words + i, 8);
		__builtin_memcpy((char *)dst + len / 8 * 8, words + len / 8 * 8, len % 8);
		__builtin_memcpy(dst2, words + len, len2);
		return 0;
	}
	guest_open();
#pragma GCC unroll 16
	for (size_t i = 0; i < len / 8 * 8; i += 8) {
		uint64_t word;

		guest_load(word, (const uint64_t *)(src.a + i));
		__builtin_memcpy((char *)dst + i, &word, sizeof(word));
	}
#pragma GCC unroll 16
	for (size_t i = 0; i < len2; i += 8) {
		uint64_t word;

		guest_load(word, (const uint64_t *)(src.a + len + i));
		__builtin_memcpy((char *)dst2 + i, &word, sizeof(word));
	}
	if (len & 4) {
		uint32_t word;

		guest_load(word, (const uint32_t *)(src.a + len / 8 * 8));
		__builtin_memcpy((char *)dst + len / 8 * 8, &word, sizeof(word));
	}
	if (len & 2) {
		uint16_t word;

		guest_load(word, (const uint16_t *)(src.a + len / 4 * 4));
		__builtin_memcpy((char *)dst + len / 4 * 4, &word, sizeof(word));
	}
	guest_close();
	return 0;
fault:
	guest_close();
	return -XEN_EFAULT;
}

static inline __attribute__((always_inline)) int usercopy_load(void *dst, guest_va_t src, size_t len)
{
	return copy_from_guest_two(dst, len, dst, 0, src);
}

#define copy_from_guest_in_line usercopy_load

static inline __attribute__((always_inline)) int usercopy_store(guest_va_t dst, const void *src,
								size_t len)
{
	if (unlikely(guest_va_is_ours(dst)))
		return -XEN_EFAULT;
	guest_open();
#pragma GCC unroll 16
	for (size_t i = 0; i < len / 8 * 8; i += 8) {
		uint64_t word;

		__builtin_memcpy(&word, (const char *)src + i, sizeof(word));
		guest_store(word, (uint64_t *)(dst.a + i));
	}
	if (len & 4) {
		uint32_t word;

		__builtin_memcpy(&word, (const char *)src + len / 8 * 8, sizeof(word));
		guest_store(word, (uint32_t *)(dst.a + len / 8 * 8));
	}
	if (len & 2) {
		uint16_t word;

		__builtin_memcpy(&word, (const char *)src + len / 4 * 4, sizeof(word));
		guest_store(word, (uint16_t *)(dst.a + len / 4 * 4));
	}
	guest_close();
	return 0;
fault:
	guest_close();
	return -XEN_EFAULT;
}

/** The same for at most 16 quadwords, as many as the caller found out just now. */
static inline int copy_words_to_guest(guest_va_t dst, const uint64_t *src, unsigned words)
{
	if (unlikely(guest_va_is_ours(dst)))
		return -XEN_EFAULT;
	return (int)usercopy_words((void *)dst.a, src, words);
}

static inline int copy_words_from_guest(uint64_t *dst, guest_va_t src, unsigned words)
{
	if (unlikely(guest_va_is_ours(src)))
		return -XEN_EFAULT;
	if (unlikely(recursive_tops))
		return usercopy_from(dst, src, words * sizeof(*dst));
	return (int)usercopy_words(dst, (const void *)src.a, words);
}

/* Known to the compiler, short, and even. */
static inline __attribute__((always_inline)) bool usercopy_is_run(size_t len, size_t max)
{
	return __builtin_constant_p(len) && len % 2 == 0 && len && len <= max;
}

static inline __attribute__((always_inline)) bool usercopy_is_words(size_t len, size_t max)
{
	return usercopy_is_run(len, max) && len % 8 == 0;
}

/** Returns 0, or -XEN_EFAULT; after an error the destination's content is undefined. */
static inline __attribute__((always_inline)) int copy_from_guest(void *dst, guest_va_t src,
								 size_t len)
{
	if (usercopy_is_run(len, 40))
		return usercopy_load(dst, src, len);
	if (usercopy_is_words(len, 128))
		return copy_words_from_guest(dst, src, (unsigned)(len / 8));
	return usercopy_from(dst, src, len);
}

static inline __attribute__((always_inline)) int copy_to_guest(guest_va_t dst, const void *src,
							       size_t len)
{
	if (usercopy_is_run(len, 40))
		return usercopy_store(dst, src, len);
	if (usercopy_is_words(len, 128))
		return copy_words_to_guest(dst, src, (unsigned)(len / 8));
	return usercopy_to(dst, src, len);
}

/* Each word is loaded when its turn comes: so the frame needs one register. */
static inline __attribute__((always_inline)) int copy_trap_frame(guest_va_t to,
								 const struct cpu_user_regs *r,
								 uint64_t cs, uint64_t flags)
{
	uint64_t *frame = (uint64_t *)to.a;

	if (unlikely(guest_va_is_ours(to)))
		return -XEN_EFAULT;
	guest_open();
	guest_store(r->rcx, &frame[0]);
	guest_store(r->r11, &frame[1]);
	guest_store(r->rip, &frame[2]);
	guest_store(cs, &frame[3]);
	guest_store(flags, &frame[4]);
	guest_store(r->rsp, &frame[5]);
	guest_store((uint64_t)r->ss, &frame[6]);
	guest_close();
	return 0;
fault:
	guest_close();
	return -XEN_EFAULT;
}

static inline __attribute__((always_inline)) int copy_trap_frame_error(guest_va_t to,
	const struct cpu_user_regs *r, uint64_t cs, uint64_t flags, uint64_t error)
{
	uint64_t *frame = (uint64_t *)to.a;

	if (unlikely(guest_va_is_ours(to)))
		return -XEN_EFAULT;
	guest_open();
	guest_store(r->rcx, &frame[0]);
	guest_store(r->r11, &frame[1]);
	guest_store(error, &frame[2]);
	guest_store(r->rip, &frame[3]);
	guest_store(cs, &frame[4]);
	guest_store(flags, &frame[5]);
	guest_store(r->rsp, &frame[6]);
	guest_store((uint64_t)r->ss, &frame[7]);
	guest_close();
	return 0;
fault:
	guest_close();
	return -XEN_EFAULT;
}
#endif

/** Returns 0 or -XEN_EFAULT. */
int clear_guest(guest_va_t dst, size_t len);
/** The address inside a XEN_GUEST_HANDLE of the ABI headers. */
#define handle_va(h) guest_va((uint64_t)(uintptr_t)(h).p)
/** Element i of the guest's array at va; the caller has bounded i. */
#define guest_index(va, i, type) guest_va((va).a + (uint64_t)(i) * sizeof(type))
