// SPDX-License-Identifier: MIT
/* The first stack frame of a thread. Serves the host tests too. */
#include <pvguest/arch.h>

void thread_first_return(void);

void *arch_thread_stack(void *stack, size_t bytes, void (*fn)(void))
{
	uint64_t *sp = (uint64_t *)((char *)stack + (bytes & ~15UL));

	sp -= 2;				/* keeps the alignment of a call */
	*--sp = (uint64_t)thread_first_return;
	*--sp = 0;				/* rbp */
	*--sp = (uint64_t)fn;			/* rbx */
	for (int i = 0; i < 4; i++)		/* r12 to r15 */
		*--sp = 0;
	return sp;
}
