/* SPDX-License-Identifier: MIT */
/* A program of 32 bits without a C library: its system calls, by the old gate and by the vDSO's way. */

static int call3(int number, int a, const void *b, int c)
{
	int result;

	asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

/* __kernel_vsyscall, from the auxiliary vector (AT_SYSINFO, 32) behind arguments and environment. */
static int call_vdso(void *entry, int number, int a, const void *b, int c)
{
	int result;

	asm volatile("call *%1" : "=a"(result) : "r"(entry), "0"(number), "b"(a), "c"(b), "d"(c)
		     : "memory");
	return result;
}

__attribute__((used)) void begin(unsigned *stack)
{
	enum { AT_SYSINFO = 32, EXIT = 1, WRITE = 4 };
	unsigned *p = stack + 1;

	call3(WRITE, 1, "ok int80_in_32_bits\n", 20);
	while (*p++)
		;
	while (*p++)
		;
	while (p[0] && p[0] != AT_SYSINFO)
		p += 2;
	if (p[0] == AT_SYSINFO)
		call_vdso((void *)p[1], WRITE, 1, "ok vdso_in_32_bits\n", 19);
	call3(EXIT, 0, 0, 0);
}

asm(".globl _start; _start: mov %esp, %eax; push %eax; call begin");
