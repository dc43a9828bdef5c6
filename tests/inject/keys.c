/* SPDX-License-Identifier: MIT */
/*
 * Debug keys of the test build: digits make a number, P, F, L and I take it. They come in by the
 * console or by sysctl, as all keys do.
 */
#include <hv/keys.h>

#include "inject.h"

void __real_debug_key(char key);
void __wrap_debug_key(char key);

void __wrap_debug_key(char key)
{
	static unsigned number;

	if (key >= '0' && key <= '9') {
		number = number * 10 + (unsigned)(key - '0');
		return;
	}
	if (key == 'P')
		inject_probe(number);
	else if (key == 'F')
		inject_failure(number);
	else if (key == 'L')
		inject_longest(number);
	else if (key == 'I')
		inject_interrupt(number);
	else
		__real_debug_key(key);
	number = 0;
}
