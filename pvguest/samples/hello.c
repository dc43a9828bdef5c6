// SPDX-License-Identifier: MIT
/* The smallest useful guest: says where it is, and ends. */
#include <stdio.h>

#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>

#include <xen/version.h>

int main(int argc, char **argv)
{
	long version = hypercall_xen_version(XENVER_version, NULL);

	printf("Hello from domain %u on Xen ABI %ld.%ld\n", pv_domid(), version >> 16,
	       version & 0xffff);
	printf("memory %lu KiB, command line \"%s\"\n", memory_total_pages() * 4, pv_cmdline());
	for (int i = 1; i < argc; i++)
		printf("word %d is %s\n", i, argv[i]);
	return 0;
}
