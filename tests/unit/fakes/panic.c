// SPDX-License-Identifier: MIT
/* The hypervisor's own mistakes end a test. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <hv/check.h>
#include <hv/lock.h>

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* Where one thread is all there is, nobody would ever let go. */
void arch_relax(void)
{
	panic("a lock is taken twice");
}
