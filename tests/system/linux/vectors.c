/* SPDX-License-Identifier: MIT */
/*
 * Fills the vector registers with numbers of its own and looks again and again whether they still
 * hold them, without a system call, so that only interrupts come between: vectors NUMBER SECONDS.
 * It does so twice at once, for the guest's kernel to switch, too. The rounding modes of both
 * floating-point units differ from one number to the next. Says "vectors NUMBER: kept N times", or
 * "changed".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 32, REGISTERS = 16, TURNS = 20000 };

static uint8_t want[REGISTERS][BYTES], got[REGISTERS][BYTES];

#define EACH(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) \
	op(13) op(14) op(15)
#define LOAD_YMM(n) "vmovups 32*" #n "(%[want]), %%ymm" #n "\n"
#define SAVE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%[got])\n"
#define LOAD_XMM(n) "movups 32*" #n "(%[want]), %%xmm" #n "\n"
#define SAVE_XMM(n) "movups %%xmm" #n ", 32*" #n "(%[got])\n"

struct modes {
	uint16_t x87;
	uint32_t sse;
	double pi;
};

/* Loads all, waits for a while, saves all: one piece, so that the compiler uses none of them. */
#define ROUND(load, save)                                                                         \
	asm volatile("fldcw %[cw]\nldmxcsr %[csr]\nfldpi\n" EACH(load)                             \
		     "mov %[turns], %%ecx\n1: dec %%ecx\njnz 1b\n" EACH(save)                      \
		     "fnstcw %[cw_now]\nstmxcsr %[csr_now]\nfstpl %[pi]\n"                         \
		     : [cw_now] "=m"(now.x87), [csr_now] "=m"(now.sse), [pi] "=m"(now.pi)          \
		     : [want] "r"(want), [got] "r"(got), [cw] "m"(set->x87), [csr] "m"(set->sse),  \
		       [turns] "i"(TURNS)                                                          \
		     : "ecx", "memory", "cc", "st", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",        \
		       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
		       "xmm14", "xmm15")

static bool round_keeps(const struct modes *set, bool avx)
{
	const uint32_t flags = 0x3f;	/* of exceptions that happened */
	struct modes now = { 0 };

	memset(got, 0, sizeof(got));
	if (avx)
		ROUND(LOAD_YMM, SAVE_YMM);
	else
		ROUND(LOAD_XMM, SAVE_XMM);
	for (unsigned i = 0; i < REGISTERS; i++)
		if (memcmp(got[i], want[i], avx ? BYTES : BYTES / 2))
			return false;
	return now.x87 == set->x87 && (now.sse & ~flags) == set->sse && now.pi > 3.14159 &&
	       now.pi < 3.14160;
}

static int watch(unsigned number, unsigned seconds)
{
	const struct modes set = {
		.x87 = 0x37f | (number & 3) << 10,
		.sse = 0x1f80 | (number & 3) << 13,
	};
	bool avx = __builtin_cpu_supports("avx");
	time_t end = time(NULL) + seconds;
	unsigned long kept = 0;

	for (unsigned i = 0; i < REGISTERS; i++)
		for (unsigned j = 0; j < BYTES; j++)
			want[i][j] = number * 37 + i * 11 + j;
	for (; time(NULL) < end; kept++) {
		if (round_keeps(&set, avx))
			continue;
		printf("vectors %u: changed\n", number);
		return 1;
	}
	printf("vectors %u: kept %lu times, %s\n", number, kept, avx ? "ymm" : "xmm");
	return 0;
}

int main(int argc, char **argv)
{
	unsigned number = argc > 1 ? atoi(argv[1]) : 1, seconds = argc > 2 ? atoi(argv[2]) : 5;
	pid_t child = fork();
	int code, status;

	if (!child)
		return watch(number + 101, seconds);
	code = watch(number, seconds);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		code = 1;
	return code;
}
