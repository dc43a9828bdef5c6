// SPDX-License-Identifier: MIT
/* From the first C function of a guest to main(), and from its end to the domain's. */
#include <pvguest/start.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hv/cpio.h>
#include <hv/fmt.h>

#include <pvguest/arch.h>
#include <pvguest/clock.h>
#include <pvguest/console.h>
#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/fs.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/startup.h>
#include <pvguest/thread.h>
#include <pvguest/threadhost.h>
#include <pvguest/trap.h>

#include <xen/memory.h>
#include <xen/vcpu.h>

#define ARGS_MAX	64
#define FLUSH_NS	(2 * NSEC_PER_SEC)

extern char pv_shared_info_page[], pv_boot_stack_guard[];
extern char pv_image_start[], pv_text_end[], pv_rodata_end[];
extern void (*const pv_init_array[])(void), (*const pv_init_array_end[])(void);
int main(int argc, char **argv);
void __call_exitprocs(int code, void *handle);

struct start_info *pv_start_info;
struct shared_info *pv_shared_info;
const char *const pv_program_name __attribute__((weak)) = "guest";

static char cmdline[MAX_GUEST_CMDLINE + 1];
static unsigned int exit_reason = SHUTDOWN_crash;

bool pv_is_dom0(void)
{
	return pv_start_info->flags & SIF_INITDOMAIN;
}

const char *pv_cmdline(void)
{
	return cmdline;
}

const void *pv_ramdisk(unsigned long *len)
{
	*len = pv_start_info->mod_len;
	return *len ? (const void *)pv_start_info->mod_start : NULL;
}

void pv_exit_reason(unsigned int reason)
{
	exit_reason = reason;
}

void pv_shutdown_now(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	for (;;)
		hypercall_sched_op(SCHEDOP_shutdown, &op);
}

void pv_shutdown(unsigned int reason)
{
	thread_libc_flush();
	console_flush(FLUSH_NS);
	pv_shutdown_now(reason);
}

/*
 * In place of newlib's, which closes all files and so waits for the thread that reads from stdin.
 * Files in memory need no closing any more.
 */
void exit(int code)
{
	__call_exitprocs(code, NULL);
	thread_libc_flush();
	_exit(code);
}

void _exit(int code)
{
	char line[80];

	/* stdio may be in the middle of something. */
	if (code)
		console_write(line, fmt_snprintf(line, sizeof(line), "%.40s: exit code %d\n",
						 pv_program_name, code));
	console_flush(FLUSH_NS);
	pv_shutdown_now(code ? exit_reason : SHUTDOWN_poweroff);
}

static void map_shared_info(void)
{
	long rc = hypercall_update_va_mapping((unsigned long)pv_shared_info_page,
					      pv_start_info->shared_info | 0x67,
					      UVMF_INVLPG | UVMF_LOCAL);

	if (rc)
		pv_shutdown_now(SHUTDOWN_crash);
	pv_shared_info = (struct shared_info *)pv_shared_info_page;
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

/* Code and constants become read-only, page 0 and the page below the stack vanish. */
static void protect_image(void)
{
	for (char *p = pv_image_start; p < pv_rodata_end; p += PAGE_SIZE)
		mmu_protect(p, MAP_READ);
	mmu_protect(pv_boot_stack_guard, 0);
	mmu_protect(NULL, 0);
}

/* Splits the command line at blanks; "a b" and 'a b' are one word. */
static int split_words(char *at, char **argv, int max)
{
	int n = 0;

	while (n < max) {
		char *out, quote = 0;

		at += strspn(at, " \t");
		if (!*at)
			break;
		argv[n++] = out = at;
		for (; *at && (quote || !strchr(" \t", *at)); at++) {
			if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			else
				*out++ = *at;
		}
		if (*at)
			at++;
		*out = '\0';
	}
	return n;
}

static char *argv[ARGS_MAX + 2];

const char *pv_cmdline_get(const char *name)
{
	size_t n = strlen(name);

	for (char **word = argv + 1; *word; word++) {
		if (strncmp(*word, name, n))
			continue;
		if ((*word)[n] == '=')
			return *word + n + 1;
		if (!(*word)[n])
			return "";
	}
	return NULL;
}

static int make_args(void)
{
	static char words[sizeof(cmdline)];

	memcpy(words, cmdline, sizeof(words));
	argv[0] = (char *)pv_program_name;
	return 1 + split_words(words, argv + 1, ARGS_MAX);
}

static void load_ramdisk(void)
{
	unsigned long len;
	const void *ramdisk = pv_ramdisk(&len);

	if (ramdisk && cpio_has_magic(ramdisk, len) && fs_load_cpio(ramdisk, len) < 0)
		fprintf(stderr, "ramdisk: the cpio archive is damaged; %s\n",
			"what came before the damage is there");
}

void pv_start(struct start_info *si)
{
	int argc;

	pv_start_info = si;
	memcpy(cmdline, si->cmd_line, MAX_GUEST_CMDLINE);
	pv_cpu_init(&((struct shared_info *)pv_shared_info_page)->vcpu_info[0]);
	trap_init();
	map_shared_info();
	memory_init(si);
	protect_image();
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	event_init();
	clock_init();
	thread_init();
	console_init();
	fs_init();
	for (void (*const *fn)(void) = pv_init_array; fn < pv_init_array_end; fn++)
		(*fn)();
	load_ramdisk();
	argc = make_args();
	exit(main(argc, argv));
}
