/* SPDX-License-Identifier: MIT */
/*
 * Commands about the machine: memory, time, the end.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"

#include "dom0/terminal.h"

#include "pvguest/arch.h"
#include "pvguest/clock.h"
#include "pvguest/errno.h"
#include "pvguest/hypercall.h"
#include "pvguest/memory.h"
#include "pvguest/start.h"
#include "pvguest/thread.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>

static int host_memory(unsigned long *total, unsigned long *free_pages)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_physinfo,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};
	long err = hypercall_sysctl(&op);

	if (err < 0)
		return (int)err;
	*total = op.u.physinfo.total_pages;
	*free_pages = op.u.physinfo.free_pages;
	return 0;
}

static void free_row(const char *name, unsigned long total, unsigned long used, unsigned unit)
{
	printf("%-8s %12lu %12lu %12lu\n", name, total / unit, used / unit, (total - used) / unit);
}

/* newlib 3.3 declares the structure with size_t, but fills one with int. */
static unsigned long heap_used(void)
{
	enum { UORDBLKS = 7 };
	union {
		struct mallinfo declared;
		int filled[sizeof(struct mallinfo) / sizeof(size_t)];
	} heap = { .declared = mallinfo() };

	return (unsigned long)heap.filled[UORDBLKS];
}

/* What malloc() has and what of it is in use; what else dom0 keeps on purpose: page tables, stacks. */
static void free_parts(void)
{
	unsigned long tables = memory_table_pages() * PAGE_SIZE, stacks = thread_stacks_kept();

	free_row("heap", memory_heap_pages() * PAGE_SIZE, heap_used(), 1);
	free_row("tables", tables, tables, 1);
	free_row("stacks", stacks, 0, 1);
}

/* In bytes also with what parts of dom0's memory are for. */
int command_free(int argc, char **argv)
{
	bool bytes = argc == 2 && !strcmp(argv[1], "-b");
	unsigned long total = 0, free_pages = 0;
	unsigned unit = bytes ? 1 : 1024;
	int err;

	if (argc > 1 && !bytes)
		return command_misused(argv[0]);
	err = host_memory(&total, &free_pages);
	if (err) {
		fprintf(stderr, "free: the hypervisor says %s\n", errno_xen_text(err));
		return 1;
	}
	printf("%-8s %12s %12s %12s\n", bytes ? "bytes" : "KiB", "total", "used", "free");
	free_row("machine", total * PAGE_SIZE, (total - free_pages) * PAGE_SIZE, unit);
	free_row("dom0", memory_total_pages() * PAGE_SIZE,
		 (memory_total_pages() - memory_free_pages()) * PAGE_SIZE, unit);
	if (bytes)
		free_parts();
	return 0;
}

int command_uptime(int argc, char **argv)
{
	unsigned long seconds = (unsigned long)(clock_monotonic_ns() / NSEC_PER_SEC);

	if (argc > 1)
		return command_misused(argv[0]);
	printf("up ");
	if (seconds >= 86400)
		printf("%lu day%s, ", seconds / 86400, seconds >= 2 * 86400 ? "s" : "");
	printf("%lu:%02lu:%02lu\n", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
	return 0;
}

/* For how long this vCPU ran: the rest of the time it waited. */
static uint64_t time_running(void)
{
	struct vcpu_runstate_info info = { 0 };

	return hypercall_vcpu_op(VCPUOP_get_runstate_info, 0, &info) ?
	       0 : info.time[RUNSTATE_running];
}

/* Ticks are instructions where the machine counts those (docs/benchmarks.md). */
int command_time(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	uint64_t ticks, end, ns, ran;
	int status;

	if (argc < 2)
		return command_misused(argv[0]);
	if (!command) {
		fprintf(stderr, "time: %s: no such command\n", argv[1]);
		return 127;
	}
	ran = time_running();
	ns = clock_monotonic_ns();
	ticks = arch_tsc();
	status = command->run(argc - 1, argv + 1);
	end = arch_tsc();
	ns = clock_monotonic_ns() - ns;
	ran = time_running() - ran;
	fflush(stdout);
	fprintf(stderr, "time: %.6f s, dom0 ran %.6f s of it; %llu ticks of the TSC, up to %llu\n",
		(double)ns / (double)NSEC_PER_SEC, (double)ran / (double)NSEC_PER_SEC,
		(unsigned long long)(end - ticks), (unsigned long long)end);
	return status;
}

/* First a command, then what that one offers. */
void complete_time(struct completion *c, int argc, char **argv)
{
	const struct command *command = argc > 2 ? command_find(argv[1]) : NULL;

	if (argc == 2)
		for (size_t i = 0; command_at(i); i++)
			completion_add(c, command_at(i)->name);
	else if (command && command->complete)
		command->complete(c, argc - 1, argv + 1);
}

int command_date(int argc, char **argv)
{
	time_t now = (time_t)(clock_wall_ns() / NSEC_PER_SEC);
	struct tm tm;
	char text[64];

	if (argc > 1)
		return command_misused(argv[0]);
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S UTC %Y", gmtime_r(&now, &tm));
	puts(text);
	return 0;
}

int command_sleep(int argc, char **argv)
{
	char *end;
	double seconds = argc == 2 ? strtod(argv[1], &end) : -1;

	if (argc != 2 || end == argv[1] || *end || !(seconds >= 0 && seconds < 1e9))
		return command_misused(argv[0]);
	fflush(stdout);
	return terminal_sleep((uint64_t)(seconds * (double)NSEC_PER_SEC)) ? 0 : 130;
}

int command_poweroff(int argc, char **argv)
{
	if (argc > 1)
		return command_misused(argv[0]);
	puts("The machine is switched off.");
	pv_shutdown(SHUTDOWN_poweroff);
}

int command_reboot(int argc, char **argv)
{
	if (argc > 1)
		return command_misused(argv[0]);
	puts("The machine restarts.");
	pv_shutdown(SHUTDOWN_reboot);
}
