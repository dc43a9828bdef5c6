/* SPDX-License-Identifier: MIT */
/* The checks of hv/usercopy.h in front of the copying loops of copyloop.S. */
#include <hv/usercopy.h>

#include <format/layout.h>

long usercopy_raw(void *dst, const void *src, size_t len);
long usercopy_clear_raw(void *dst, size_t len);

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	if (va.a < HV_VIRT_START)
		return len <= HV_VIRT_START - va.a;
	return va.a >= HV_VIRT_END && (len == 0 || va.a + (len - 1) >= va.a);
}

int usercopy_from(void *dst, guest_va_t src, size_t len)
{
	if (unlikely(!guest_range_ok(src, len)))
		return -XEN_EFAULT;
	return usercopy_raw(dst, (const void *)src.a, len);
}

int usercopy_to(guest_va_t dst, const void *src, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_raw((void *)dst.a, src, len);
}

int clear_guest(guest_va_t dst, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_clear_raw((void *)dst.a, len);
}
