// SPDX-License-Identifier: MIT
/*
 * Threads' stacks on the host, and telling the address sanitizer when a thread's stack is switched
 * to: it keeps the bounds of one stack and must learn of the others.
 */
#include <stdlib.h>

#include <sanitizer/common_interface_defs.h>

#include <pvguest/arch.h>
#include <pvguest/threadhost.h>

#define STACKS 64

struct stack {
	char *bottom;
	size_t size;
	void (*fn)(void);
	void *fake;		/* the sanitizer's, while the thread does not run */
};

void thread_switch_raw(void **save_sp, void *next_sp);
void thread_first_return(void);

static struct stack stacks[STACKS];	/* entry 0: the program's own */
static struct stack *running = &stacks[0];

void *thread_stack_alloc(size_t *bytes)
{
	struct stack *s = &stacks[1];

	while (s < stacks + STACKS && s->bottom)
		s++;
	if (s == stacks + STACKS)
		return NULL;
	s->bottom = malloc(*bytes);
	s->size = *bytes;
	return s->bottom;
}

void thread_stack_free(void *stack, size_t bytes)
{
	(void)bytes;
	for (struct stack *s = &stacks[1]; s < stacks + STACKS; s++)
		if (s->bottom == stack)
			*s = (struct stack){ 0 };
	free(stack);
}

static struct stack *stack_of(const char *sp)
{
	for (struct stack *s = &stacks[1]; s < stacks + STACKS; s++)
		if (s->bottom && sp >= s->bottom && sp < s->bottom + s->size)
			return s;
	return &stacks[0];
}

static void arrive(struct stack *from)
{
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(running->fake, &bottom, &size);
	if (from == &stacks[0]) {
		from->bottom = (char *)bottom;
		from->size = size;
	}
}

static struct stack *left;

void thread_switch_stack(void **save_sp, void *next_sp)
{
	struct stack *next = stack_of(next_sp);

	left = running;
	__sanitizer_start_switch_fiber(&running->fake, next->bottom, next->size);
	running = next;
	thread_switch_raw(save_sp, next_sp);
	arrive(left);
}

static void fiber_first(void)
{
	arrive(left);
	running->fn();
}

/* The same frame as the library makes, with fiber_first() between. */
void *arch_thread_stack(void *stack, size_t bytes, void (*fn)(void))
{
	uint64_t *sp = (uint64_t *)((char *)stack + (bytes & ~15UL));

	stack_of(stack)->fn = fn;
	sp -= 2;
	*--sp = (uint64_t)thread_first_return;
	*--sp = 0;
	*--sp = (uint64_t)fiber_first;
	for (int i = 0; i < 4; i++)
		*--sp = 0;
	return sp;
}
