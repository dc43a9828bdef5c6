/* SPDX-License-Identifier: MIT */
/*
 * What programs ask of a kernel and a kernel of the hypervisor, tried from inside a guest: signals,
 * single steps, fork storms, mappings, floating point across switches. Prints "ok NAME" or
 * "not ok NAME (why)" for each, "end" last. Linked statically; it runs on any Linux.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static void *volatile fault_address;

static void on_signal(int number)
{
	seen = number;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	seen = number;
	fault_address = info->si_addr;
	c->uc_mcontext.gregs[REG_RIP] += 2;	/* every instruction below is of 2 bytes */
}

static void catch(int number)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(number, &a, NULL);
}

static const char *signals_arrive(void)
{
	signal(SIGUSR1, on_signal);
	for (unsigned i = 0; i < 1000; i++) {
		seen = 0;
		raise(SIGUSR1);
		if (seen != SIGUSR1)
			return "one was lost";
	}
	return NULL;
}

/* Each exception as its own signal: page fault, invalid opcode, divide, general protection. */
static const char *faults_become_signals(void)
{
	long bad = 0x1234567000;

	catch(SIGSEGV);
	catch(SIGILL);
	catch(SIGFPE);
	seen = 0;
	asm volatile("movb (%%rax), %%al" : : "a"(bad) : "memory");
	if (seen != SIGSEGV || fault_address != (void *)bad)
		return "page fault";
	seen = 0;
	asm volatile("ud2");
	if (seen != SIGILL)
		return "invalid opcode";
	seen = 0;
	asm volatile("div %%cl" : : "a"(1), "c"(0));
	if (seen != SIGFPE)
		return "divide error";
	seen = 0;
	asm volatile("cli; nop");
	return seen == SIGSEGV ? NULL : "cli";
}

static const char *an_alarm_comes_in_time(void)
{
	struct timespec from, to, nap = { .tv_nsec = 100000000 };
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < 5; i++)
		nanosleep(&nap, NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	return ms >= 500 && ms < 5000 ? NULL : "slept for another time";
}

static const char *time_never_goes_back(void)
{
	struct timespec last = { 0 }, now;

	for (unsigned i = 0; i < 100000; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec < last.tv_sec ||
		    (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec))
			return "it did";
		last = now;
	}
	return NULL;
}

static const char *children_come_and_go(void)
{
	enum { AT_ONCE = 40, ROUNDS = 5 };
	unsigned sum = 0;

	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned i = 0; i < AT_ONCE; i++) {
			pid_t pid = fork();

			if (pid < 0)
				return "fork failed";
			if (!pid)
				_exit(i);
		}
		for (unsigned i = 0; i < AT_ONCE; i++) {
			int status;

			if (wait(&status) < 0 || !WIFEXITED(status))
				return "one died";
			sum += WEXITSTATUS(status);
		}
	}
	return sum == ROUNDS * AT_ONCE * (AT_ONCE - 1) / 2 ? NULL : "wrong exit codes";
}

static const char *copies_on_write_are_private(void)
{
	enum { BYTES = 4 << 20 };
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	memset(p, 'a', BYTES);
	pid = fork();
	if (!pid) {
		memset(p, 'b', BYTES);
		_exit(p[BYTES - 1] != 'b');
	}
	waitpid(pid, &status, 0);
	if (status)
		return "the child does not see its own";
	for (size_t i = 0; i < BYTES; i += 4096)
		if (p[i] != 'a')
			return "the parent sees the child's";
	munmap(p, BYTES);
	return NULL;
}

static const char *mappings_change_as_told(void)
{
	enum { PAGES = 64 };
	char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q;

	memset(p, 1, PAGES * 4096);
	mprotect(p + 4096, 4096, PROT_READ);
	seen = 0;
	asm volatile("movb %%cl, (%%rax)" : : "a"(p + 4096), "c"(2) : "memory");
	if (seen != SIGSEGV)
		return "a read-only page was written";
	mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE);
	p[4096] = 7;
	q = mremap(p, PAGES * 4096, 4 * PAGES * 4096, MREMAP_MAYMOVE);
	if (q == MAP_FAILED || q[4096] != 7 || q[8192] != 1 || q[3 * PAGES * 4096])
		return "mremap";
	madvise(q, 4096, MADV_DONTNEED);
	if (q[0])
		return "MADV_DONTNEED";
	return munmap(q, 4 * PAGES * 4096) ? "munmap" : NULL;
}

static const char *steps_are_single(void)
{
	struct user_regs_struct r;
	unsigned steps = 0;
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		asm volatile("mov $100, %%ecx; 1: dec %%ecx; jnz 1b" : : : "ecx");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	while (WIFSTOPPED(status) && steps < 100000) {
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		waitpid(pid, &status, 0);
		steps++;
	}
	return WIFEXITED(status) && steps > 200 ? NULL : "too few steps";
}

static int watched;

static const char *watchpoints_stop(void)
{
	const size_t dr0 = offsetof(struct user, u_debugreg[0]);
	const size_t dr7 = offsetof(struct user, u_debugreg[7]);
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		*(volatile int *)&watched = 5;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (ptrace(PTRACE_POKEUSER, pid, dr0, &watched) ||
	    ptrace(PTRACE_POKEUSER, pid, dr7, 0xd0001))
		return "the registers are refused";
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		return "it went on";
	errno = 0;
	if (ptrace(PTRACE_PEEKDATA, pid, &watched, 0) != 5)
		return "stopped at the wrong time";
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? NULL : "it did not end";
}

static void *compute(void *arg)
{
	double *x = arg;

	for (unsigned i = 1; i < 2000000; i++)
		*x += 1.0 / ((double)i * i);
	return NULL;
}

static const char *threads_keep_their_registers(void)
{
	enum { THREADS = 4 };
	double x[THREADS] = { 0 };
	pthread_t t[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, compute, &x[i]))
			return "no thread";
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (unsigned i = 1; i < THREADS; i++)
		if (x[i] != x[0])
			return "results differ";
	return x[0] > 1.6449 && x[0] < 1.6450 ? NULL : "a wrong result";
}

/*
 * A process that this system call kills. Not by seccomp's strict mode, which forbids RDTSC as well.
 */
static bool forbid_clock_gettime(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(rules) / sizeof(rules[0]), .filter = rules,
	};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static const char *the_clock_needs_no_system_call(void)
{
	struct timespec now;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!forbid_clock_gettime())
			_exit(1);
		for (unsigned i = 0; i < 1000; i++)
			clock_gettime(CLOCK_MONOTONIC, &now);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		return "it made one";
	return WEXITSTATUS(status) ? "no filter can be set" : NULL;
}

/* Wide registers, full of the process's own number, while others do the same. */
static __attribute__((target("avx"))) bool vectors_stay(uint64_t own)
{
	typedef uint64_t wide __attribute__((vector_size(32)));
	wide in = { own, ~own, own << 32, own * 3 }, out[3];

	asm volatile("vmovups %0, %%ymm0; vmovups %0, %%ymm7; vmovups %0, %%ymm15" : : "m"(in)
		     : "xmm0", "xmm7", "xmm15");
	for (unsigned i = 0; i < 200; i++)
		asm volatile("syscall" : : "a"(SYS_sched_yield) : "rcx", "r11", "memory");
	asm volatile("vmovups %%ymm0, %0; vmovups %%ymm7, %1; vmovups %%ymm15, %2"
		     : "=m"(out[0]), "=m"(out[1]), "=m"(out[2]));
	return !memcmp(&out[0], &in, sizeof(in)) && !memcmp(&out[1], &in, sizeof(in)) &&
	       !memcmp(&out[2], &in, sizeof(in));
}

static const char *wide_registers_are_each_processs_own(void)
{
	enum { AT_ONCE = 4 };
	bool right = true;
	int status;

	if (!__builtin_cpu_supports("avx"))
		return NULL;
	for (unsigned i = 0; i < AT_ONCE; i++)
		if (!fork())
			_exit(!vectors_stay(0x1111111111111111UL * (i + 1)));
	for (unsigned i = 0; i < AT_ONCE; i++)
		right &= wait(&status) > 0 && !status;
	return right ? NULL : "they are not";
}

int main(void)
{
	static const struct {
		const char *name;
		const char *(*run)(void);
	} tests[] = {
		{ "signals_arrive", signals_arrive },
		{ "faults_become_signals", faults_become_signals },
		{ "an_alarm_comes_in_time", an_alarm_comes_in_time },
		{ "time_never_goes_back", time_never_goes_back },
		{ "children_come_and_go", children_come_and_go },
		{ "copies_on_write_are_private", copies_on_write_are_private },
		{ "mappings_change_as_told", mappings_change_as_told },
		{ "steps_are_single", steps_are_single },
		{ "watchpoints_stop", watchpoints_stop },
		{ "threads_keep_their_registers", threads_keep_their_registers },
		{ "the_clock_needs_no_system_call", the_clock_needs_no_system_call },
		{ "wide_registers_are_each_processs_own", wide_registers_are_each_processs_own },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		const char *wrong = tests[i].run();

		if (wrong)
			printf("not ok %s (%s)\n", tests[i].name, wrong);
		else
			printf("ok %s\n", tests[i].name);
	}
	puts("end");
	return 0;
}
