// SPDX-License-Identifier: MIT
/* Xen's error numbers, their names, and what they are called in the C library. */
#include <pvguest/errno.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/errno.h>

/* The C library has no ERESTART. */
#ifndef ERESTART
#define ERESTART EINTR
#endif
#ifndef EDEADLOCK
#define EDEADLOCK EDEADLK
#endif

static const struct {
	int xen;
	int libc;
	const char *name;
} numbers[] = {
#define XEN_ERRNO(name_, value_) { value_, name_, #name_ },
#include <xen/errno.h>
};

#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

static size_t find_xen(long xen)
{
	size_t i = 0;

	if (xen < 0)
		xen = -xen;
	while (i < COUNT && numbers[i].xen != xen)
		i++;
	return i;
}

int errno_from_xen(long xen)
{
	size_t i = find_xen(xen);

	if (!xen)
		return 0;
	return i < COUNT ? numbers[i].libc : EIO;
}

int errno_to_xen(int err)
{
	if (!err)
		return 0;
	for (size_t i = 0; i < COUNT; i++)
		if (numbers[i].libc == err)
			return numbers[i].xen;
	return XEN_EIO;
}

const char *errno_xen_name(long xen)
{
	size_t i = find_xen(xen);

	return i < COUNT ? numbers[i].name : "E?";
}

int errno_xen_number(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(numbers[i].name, name))
			return numbers[i].xen;
	return 0;
}

const char *errno_xen_text(long xen)
{
	static const char *const text[] = {
		[XEN_EPERM] = "operation not permitted",
		[XEN_ENOENT] = "no such file or directory",
		[XEN_ESRCH] = "no such domain",
		[XEN_EIO] = "input/output error",
		[XEN_ENXIO] = "no such device or address",
		[XEN_E2BIG] = "argument too long",
		[XEN_ENOEXEC] = "not an executable image",
		[XEN_EBADF] = "bad file number",
		[XEN_EAGAIN] = "try again",
		[XEN_ENOMEM] = "out of memory",
		[XEN_EACCES] = "permission denied",
		[XEN_EFAULT] = "bad address",
		[XEN_EBUSY] = "busy",
		[XEN_EEXIST] = "exists already",
		[XEN_ENODEV] = "no such device",
		[XEN_ENOTDIR] = "not a directory",
		[XEN_EISDIR] = "is a directory",
		[XEN_EINVAL] = "invalid argument",
		[XEN_ENOSPC] = "no space left",
		[XEN_EROFS] = "read-only",
		[XEN_ERANGE] = "out of range",
		[XEN_ENAMETOOLONG] = "name too long",
		[XEN_ENOSYS] = "not implemented",
		[XEN_ENOTEMPTY] = "not empty",
		[XEN_EOVERFLOW] = "value too large",
		[XEN_EOPNOTSUPP] = "not supported",
		[XEN_ENOTCONN] = "not connected",
		[XEN_ETIMEDOUT] = "timed out",
		[XEN_ECONNREFUSED] = "connection refused",
	};
	unsigned long i = xen < 0 ? -xen : xen;

	if (!i)
		return "no error";
	return i < sizeof(text) / sizeof(text[0]) && text[i] ? text[i] : errno_xen_name(xen);
}
