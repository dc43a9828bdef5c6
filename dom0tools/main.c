/* SPDX-License-Identifier: MIT */
/*
 * dom0's start, one call a line: event channels, files, xenstore, consoles, domain monitor, /etc/rc, the
 * domains that start by themselves, the prompt.
 *
 * Words of the kernel command line: norc leaves out /etc/rc, noauto the domains in
 * /etc/xen/auto. Other words are for other kernels and are not looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0/console.h"
#include "dom0/shell.h"
#include "dom0/terminal.h"
#include "dom0/xenstored.h"
#include "dom0/xl.h"

#include "pvguest/console.h"
#include "pvguest/event.h"
#include "pvguest/fs.h"
#include "pvguest/start.h"

extern const char dom0_root[], dom0_root_end[];

const char *const pv_program_name = "dom0";

/* The image's own files below, the boot loader's ramdisk on top. */
static void files_load(void)
{
	unsigned long len;
	const void *ramdisk = pv_ramdisk(&len);

	if (fs_load_cpio(dom0_root, (size_t)(dom0_root_end - dom0_root)) < 0)
		perror("dom0: the image's own files");
	if (ramdisk && fs_load_cpio(ramdisk, len) < 0)
		fprintf(stderr, "dom0: the ramdisk (%lu bytes) is no newc archive\n", len);
}

static void step(const char *what, int err)
{
	if (err)
		fprintf(stderr, "dom0: %s does not start: %s\n", what, strerror(-err));
}

/* Two ports for each domain: the bitmap's are enough for 2,000. */
static void events_start(void)
{
	int err = event_use_fifo();

	if (err)
		fprintf(stderr, "dom0: no more than 4095 event ports can be had (%d)\n", err);
}

static void autostart(void)
{
	struct fs_dir *dir = fs_opendir("/etc/xen/auto");
	const struct fs_dirent *entry;

	while (dir && (entry = fs_readdir(dir))) {
		char path[256];
		char *argv[] = { "xl", "create", "-q", path, NULL };

		if (entry->is_dir || !strcmp(entry->name, "README"))
			continue;
		snprintf(path, sizeof(path), "/etc/xen/auto/%s", entry->name);
		printf("dom0: starting %s\n", path);
		if (xl_main(4, argv))
			fprintf(stderr, "dom0: %s was not started\n", path);
	}
	if (dir)
		fs_closedir(dir);
}

int main(int argc, char **argv)
{
	bool rc = !pv_cmdline_get("norc"), automatic = !pv_cmdline_get("noauto");
	size_t len;

	(void)argc;
	(void)argv;
	console_set_mode(CONSOLE_RAW);
	if (!pv_is_dom0()) {
		fprintf(stderr, "dom0: this image must be the first domain\n");
		return EXIT_FAILURE;
	}
	events_start();
	files_load();
	step("the terminal", terminal_start());
	step("xenstore", xenstored_start());
	step("the console daemon", consoled_start());
	xl_monitor_start();
	if (rc && fs_contents("/etc/rc", &len))
		shell_run_script("/etc/rc");
	if (automatic)
		autostart();
	printf("\nCloison dom0. `help` lists the commands, `xl help` those about domains.\n");
	shell_run();
	return EXIT_SUCCESS;
}
