/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * From what the boot loader has left in memory to what is to be started: which bytes are dom0's
 * kernel, which its ramdisk, and which command lines count. Three cases:
 *
 *	module 0 is an ELF image	it is dom0's kernel, module 1 (if any) its ramdisk
 *	module 0 is a newc cpio archive	it holds cloison.cfg (or xen.cfg) and the files named there
 *	the UEFI application		reads the same file by itself and passes two modules
 */
#include <stdbool.h>
#include <stddef.h>

#include "hv/str.h"

#define BOOT_CMDLINE_MAX	1024	/* with NUL; as long as start_info's */
#define BOOT_OPTIONS_MAX	2048
#define BOOT_NAME_MAX		256
#define BOOT_ERROR_MAX		160

/** What one section of the configuration file says. */
struct boot_config {
	char section[64];		/* the one that was taken; "" when the file has none */
	char options[BOOT_OPTIONS_MAX];	/* for the hypervisor */
	char kernel[BOOT_NAME_MAX];	/* file name */
	char kernel_args[BOOT_CMDLINE_MAX];
	char ramdisk[BOOT_NAME_MAX];	/* file name, or "" */
	char warning[BOOT_ERROR_MAX];	/* something was not understood; "" when nothing */
};

struct boot_module {
	const void *data;
	size_t size;
	const char *cmdline;	/* or NULL */
};

struct boot_plan {
	struct boot_config config;	/* as read from the archive, else empty */
	const void *kernel;
	size_t kernel_size;
	const void *ramdisk;	/* NULL: none */
	size_t ramdisk_size;
	char options[BOOT_OPTIONS_MAX];		/* for bootopts_parse() */
	char dom0_args[BOOT_CMDLINE_MAX];	/* dom0's whole command line */
	char warning[BOOT_ERROR_MAX];		/* one line to print, or "" */
};

/**
 * Reads a configuration file. section NULL or "": the one that [global] default= names, or, when
 * none is named, the first value of each key in the file. file_name is for the messages.
 * Returns true, or false with one line in error (BOOT_ERROR_MAX bytes) that names file and reason.
 */
bool bootconf_read(struct boot_config *config, const char *file_name, const char *text, size_t size,
		   const char *section, char *error);

/**
 * Works out what to boot. cmdline is the loader's line for the hypervisor; the options of a
 * configuration file come before it, so that what was typed has the last word. What stands behind
 * a lone "--" in either joins dom0's command line.
 * Returns true, or false with one line in error (BOOT_ERROR_MAX bytes).
 */
bool bootconf_plan(struct boot_plan *plan, const struct boot_module *modules, size_t count,
		   const char *cmdline, char *error);

/**
 * Checks that a file can be dom0's kernel: a whole ELF image with notes of Xen's. Returns true, or
 * false with one line in error that names the file and the reason (also what else it seems to be).
 */
bool bootconf_check_kernel(const char *name, const void *data, size_t size, char *error);

/**
 * What stands behind a lone "--" in the options is dom0's: it moves to the end of args, so that more
 * options can follow. Returns false when args would be longer than args_size allows.
 */
bool bootconf_move_dom0_part(char *options, char *args, size_t args_size);

/**
 * Puts two parts of a command line together, with a space in between where one is needed.
 * Returns false when it was cut.
 */
bool bootconf_join(char *to, size_t size, const char *first, const char *second);
