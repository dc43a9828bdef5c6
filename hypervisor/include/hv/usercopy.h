/* SPDX-License-Identifier: MIT */
/*
 * The one door to guest memory: copies between the hypervisor and the address
 * space of the current vCPU, with fault fix-up and SMAP opened only inside.
 * Every address is checked to lie outside the hypervisor's part (slots 256 to
 * 271) and to be canonical. Memory is read once, into a local.
 */
#pragma once

#include <hv/types.h>

/** True when [va, va+len) cannot touch the hypervisor's part and does not wrap. */
bool guest_range_ok(guest_va_t va, uint64_t len);

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
#else
/* Any length; of which the caller knows nothing. */
int usercopy_from(void *dst, guest_va_t src, size_t len);
int usercopy_to(guest_va_t dst, const void *src, size_t len);
/* Without a check of the range (arch/x86_64/hypervisor/copyloop.S): 0 or -XEN_EFAULT. */
long usercopy_four(void *dst, const void *src);
long usercopy_eight(void *dst, const void *src);
long usercopy_words(void *dst, const void *src, unsigned words);
long usercopy_frame(uint64_t to, const struct cpu_user_regs *r, uint64_t cs, uint64_t flags);
long usercopy_frame_error(uint64_t to, const struct cpu_user_regs *r, uint64_t cs, uint64_t flags,
			  uint64_t error);

/*
 * Of a short piece either end alone tells: what lies between a guest's and our part is not
 * canonical, and faults; what wraps comes to a guest's addresses again.
 */
static inline bool guest_va_is_ours(guest_va_t va)
{
	return va.a - HYPERVISOR_VIRT_START < HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START;
}

/* A length that the compiler knows, of whole words; the copy is a run without a loop then. */
static inline __attribute__((always_inline)) bool usercopy_is_short(size_t len)
{
	return __builtin_constant_p(len) && (len == 4 || (len % 8 == 0 && len && len <= 128));
}

static inline __attribute__((always_inline)) int usercopy_short(void *dst, const void *src,
								size_t len)
{
	if (len == 4)
		return (int)usercopy_four(dst, src);
	if (len == 8)
		return (int)usercopy_eight(dst, src);
	return (int)usercopy_words(dst, src, (unsigned)(len / 8));
}

/** Returns 0, or -XEN_EFAULT; after an error the destination's content is undefined. */
static inline __attribute__((always_inline)) int copy_from_guest(void *dst, guest_va_t src,
								 size_t len)
{
	if (!usercopy_is_short(len))
		return usercopy_from(dst, src, len);
	if (unlikely(guest_va_is_ours(src)))
		return -XEN_EFAULT;
	return usercopy_short(dst, (const void *)src.a, len);
}

static inline __attribute__((always_inline)) int copy_to_guest(guest_va_t dst, const void *src,
							       size_t len)
{
	if (!usercopy_is_short(len))
		return usercopy_to(dst, src, len);
	if (unlikely(guest_va_is_ours(dst)))
		return -XEN_EFAULT;
	return usercopy_short((void *)dst.a, src, len);
}

/** The same for at most 16 quadwords, as many as the caller found out just now: stack frames. */
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
	return (int)usercopy_words(dst, (const void *)src.a, words);
}

static inline int copy_trap_frame(guest_va_t to, const struct cpu_user_regs *r, uint64_t cs,
				  uint64_t flags)
{
	if (unlikely(guest_va_is_ours(to)))
		return -XEN_EFAULT;
	return (int)usercopy_frame(to.a, r, cs, flags);
}

static inline int copy_trap_frame_error(guest_va_t to, const struct cpu_user_regs *r, uint64_t cs,
					uint64_t flags, uint64_t error)
{
	if (unlikely(guest_va_is_ours(to)))
		return -XEN_EFAULT;
	return (int)usercopy_frame_error(to.a, r, cs, flags, error);
}
#endif

/** Returns 0 or -XEN_EFAULT. */
int clear_guest(guest_va_t dst, size_t len);
/** The address inside a XEN_GUEST_HANDLE of the ABI headers. */
#define handle_va(h) guest_va((uint64_t)(uintptr_t)(h).p)
/** Element i of the guest's array at va; the caller has bounded i. */
#define guest_index(va, i, type) guest_va((va).a + (uint64_t)(i) * sizeof(type))
