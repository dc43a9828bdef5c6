// SPDX-License-Identifier: MIT
/* See guestmem.h. */
#include "fakes/guestmem.h"

#include <stdbool.h>
#include <string.h>

#include <hv/usercopy.h>

#include "fakes/initialised.h"

uint64_t guestmem_bad;

static bool faults(guest_va_t va)
{
	return va.a >> 32 == 0 || va.a == guestmem_bad;
}

int copy_from_guest(void *dst, guest_va_t src, size_t len)
{
	if (faults(src))
		return -XEN_EFAULT;
	memcpy(dst, (const void *)src.a, len);
	is_the_guests(dst, len);
	return 0;
}

int copy_to_guest(guest_va_t dst, const void *src, size_t len)
{
	if (faults(dst))
		return -XEN_EFAULT;
	check_initialised(src, len);
	memcpy((void *)dst.a, src, len);
	return 0;
}

int clear_guest(guest_va_t dst, size_t len)
{
	if (faults(dst))
		return -XEN_EFAULT;
	memset((void *)dst.a, 0, len);
	return 0;
}
