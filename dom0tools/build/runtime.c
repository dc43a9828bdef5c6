/* SPDX-License-Identifier: MIT */
/*
 * What the decoders' libraries, which Debian compiles for its own C library, want besides newlib: a
 * guard value for their stacks at %fs:40, and somebody to call when it was overwritten. They also
 * use the 128 bytes below the stack pointer; that is safe because events never interrupt a thread here
 * (pvguest/event.h), and nothing else would write there.
 */
#include "build/runtime.h"

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "pvguest/clock.h"
#include "pvguest/hypercall.h"
#include "pvguest/start.h"

/* The x86-64 ABI's thread control block, as far as compilers know it. */
static struct {
	uint64_t used_by_libc[5];
	uint64_t guard;
} block;

_Static_assert(sizeof(block) == 48, "the guard is at 40");

void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
	pv_panic("a decoder has overrun its stack");
}

bool runtime_prepare(void)
{
	static bool done;

	if (!done) {
		/* A byte of zero stops strings; the rest only has to be hard to guess. */
		block.guard = (clock_wall_ns() * 0x9e3779b97f4a7c15) << 8;
		done = !hypercall_set_segment_base(SEGBASE_FS, (unsigned long)&block);
	}
	return done;
}
