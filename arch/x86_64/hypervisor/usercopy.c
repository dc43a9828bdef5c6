/* SPDX-License-Identifier: MIT */
/* The checks of hv/usercopy.h in front of the copying loops of copyloop.S. */
#include <hv/usercopy.h>

#include <format/layout.h>

long usercopy_raw(void *dst, const void *src, size_t len);
long usercopy_clear_raw(void *dst, size_t len);
long usercopy_words(void *dst, const void *src, unsigned words);

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	if (va.a < HV_VIRT_START)
		return len <= HV_VIRT_START - va.a;
	return va.a >= HV_VIRT_END && (len == 0 || va.a + (len - 1) >= va.a);
}

int copy_from_guest(void *dst, guest_va_t src, size_t len)
{
	if (unlikely(!guest_range_ok(src, len)))
		return -XEN_EFAULT;
	return usercopy_raw(dst, (const void *)src.a, len);
}

int copy_to_guest(guest_va_t dst, const void *src, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_raw((void *)dst.a, src, len);
}

/* So few words that either end alone tells: what lies between a guest's and our part is not
 * canonical, and faults. */
static bool in_hypervisor(uint64_t va)
{
	return va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START;
}

int copy_words_to_guest(guest_va_t dst, const uint64_t *src, unsigned words)
{
	if (unlikely(in_hypervisor(dst.a)))
		return -XEN_EFAULT;
	return (int)usercopy_words((void *)dst.a, src, words);
}

int copy_words_from_guest(uint64_t *dst, guest_va_t src, unsigned words)
{
	if (unlikely(in_hypervisor(src.a)))
		return -XEN_EFAULT;
	return (int)usercopy_words(dst, (const void *)src.a, words);
}

int clear_guest(guest_va_t dst, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_clear_raw((void *)dst.a, len);
}
