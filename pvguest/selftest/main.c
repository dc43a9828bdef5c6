// SPDX-License-Identifier: MIT
/*
 * Checks the library from inside, on whichever hypervisor it runs: as dom0 (the guest tests do that)
 * or as a domU.
 * Exit code 0 (power-off) when all is well, else the domain crashes.
 */
#include "selftest.h"

#include <stdio.h>

static int number, failed;

void check(bool good, const char *name)
{
	number++;
	failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", number, name);
}

int main(void)
{
	test_memory();
	test_traps();
	test_threads();
	test_events();
	test_grants();
	test_files();
	test_cpus();
	printf("1..%d\n", number);
	printf("# end: %d of %d failed\n", failed, number);
	return failed ? 1 : 0;
}
