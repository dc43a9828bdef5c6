// SPDX-License-Identifier: MIT
/* The hypervisor's own mistakes end a test. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <hv/check.h>
#include <hv/lock.h>

#include "fakes/othercpu.h"

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

void (*other_cpu)(void);

/* Where one thread is all there is, nobody but a test's other CPU would ever let go. */
void arch_relax(void)
{
	void (*lets_go)(void) = other_cpu;

	if (!lets_go)
		panic("a lock is taken twice");
	other_cpu = NULL;
	lets_go();
}
