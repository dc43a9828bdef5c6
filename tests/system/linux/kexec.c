/* SPDX-License-Identifier: MIT */
/*
 * Asks for another kernel (of three bytes), and with an argument starts it. No PV guest can: Linux
 * has no code for it. Says what the system calls said, if it lives.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

#define WHERE 0x2000000UL

static char code[4096] = { 0xf4, 0xeb, 0xfd };	/* hlt, again and again */

int main(int argc, char **argv)
{
	struct kexec_segment s = {
		.buf = code, .bufsz = sizeof(code), .mem = (void *)WHERE, .memsz = sizeof(code),
	};
	long result = syscall(SYS_kexec_load, WHERE, 1L, &s, KEXEC_ARCH_X86_64);

	(void)argv;
	printf("kexec_load: %s\n", result ? strerror(errno) : "loaded");
	fflush(stdout);
	if (argc > 1 && !result) {
		result = syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
				 LINUX_REBOOT_CMD_KEXEC, NULL);
		printf("reboot: %s\n", strerror(errno));
	}
	return result != 0;
}
