// SPDX-License-Identifier: MIT
/*
 * What a program asks of Linux, in instructions: the first program of a guest, or of the bare machine. Under QEMU's
 * -icount shift=0 a TSC tick is an instruction. Each row is the least of several batches, so that a timer interrupt
 * does not count. Lines: "bench NAME COUNT"; "start TSC IDLE" is the moment when it began, and for how many ticks the
 * CPU had slept until then. Linked statically, so that an exec is the kernel's work alone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096
#define PAGES	64

static inline uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static void bench(const char *name, unsigned batches, unsigned n, void (*once)(void))
{
	uint64_t best = ~0UL;

	for (unsigned batch = 0; batch < batches; batch++) {
		uint64_t start = ticks(), took;

		for (unsigned i = 0; i < n; i++)
			once();
		took = ticks() - start;
		if (took < best)
			best = took;
	}
	printf("bench %s %lu\n", name, (unsigned long)(best / n));
}

static void null_call(void)
{
	syscall(SYS_getppid);
}

static void read_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
}

static void on_signal(int number)
{
	(void)number;
}

static void signal_self(void)
{
	raise(SIGUSR1);
}

static char *wild;

static void on_fault(int number)
{
	(void)number;
	mprotect(wild, PAGE, PROT_READ | PROT_WRITE);
}

static void fault_signal(void)
{
	mprotect(wild, PAGE, PROT_NONE);
	*(volatile char *)wild = 1;
}

static void *map(unsigned pages)
{
	void *p = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void map_unmap(void)
{
	munmap(map(1), PAGE);
}

static void map_touch_unmap(void)
{
	char *p = map(PAGES);

	for (unsigned i = 0; i < PAGES; i++)
		*(volatile char *)(p + (size_t)i * PAGE) = 1;
	munmap(p, (size_t)PAGES * PAGE);
}

/* First touches alone: mapping and unmapping are outside. */
static void page_fault(void)
{
	uint64_t best = ~0UL;

	for (unsigned batch = 0; batch < 20; batch++) {
		char *p = map(PAGES);
		uint64_t start, took;

		*(volatile char *)p = 1;
		start = ticks();
		for (unsigned i = 1; i < PAGES; i++)
			*(volatile char *)(p + (size_t)i * PAGE) = 1;
		took = ticks() - start;
		if (took < best)
			best = took;
		munmap(p, (size_t)PAGES * PAGE);
	}
	printf("bench page fault %lu\n", (unsigned long)(best / (PAGES - 1)));
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void fork_exec(void)
{
	char *const argv[] = { "/init", "exit", NULL };
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], argv);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static int there[2], back[2];

static void round_trip(void)
{
	char c = 0;

	if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
		abort();
}

/* Two processes, each with its own address space, that give a byte to each other. */
static void pipes(void)
{
	pid_t pid;
	char c;

	if (pipe(there) || pipe(back))
		abort();
	pid = fork();
	if (!pid) {
		close(there[1]);
		while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	close(there[0]);
	bench("pipe round trip", 10, 50, round_trip);
	close(there[1]);
	waitpid(pid, NULL, 0);
}

/* The second figure of /proc/uptime: seconds that the CPU slept. */
static double idle(void)
{
	double up = 0, slept = 0;
	FILE *f;

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	f = fopen("/proc/uptime", "r");
	if (!f || fscanf(f, "%lf %lf", &up, &slept) != 2)
		slept = 0;
	if (f)
		fclose(f);
	return slept;
}

int main(int argc, char **argv)
{
	uint64_t start = ticks();

	if (argc > 1)
		return argv[1][0] != 'e';
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("start %lu %.0f\n", (unsigned long)start, idle() * 1e9);
	signal(SIGUSR1, on_signal);
	signal(SIGSEGV, on_fault);
	wild = map(1);
	bench("null system call", 10, 200, null_call);
	bench("clock_gettime", 10, 200, read_clock);
	pipes();
	bench("fork and exit", 10, 5, fork_exit);
	bench("fork and exec", 10, 5, fork_exec);
	page_fault();
	bench("mmap and munmap", 10, 100, map_unmap);
	bench("mmap, 64 pages touched, munmap", 10, 5, map_touch_unmap);
	bench("signal to self", 10, 100, signal_self);
	bench("page fault to signal handler", 10, 50, fault_signal);
	puts("bench end");
	reboot(RB_POWER_OFF);
	return 0;
}
