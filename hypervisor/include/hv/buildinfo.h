/* SPDX-License-Identifier: MIT */
/* What was built from what, by whom, and the command line it was booted with. */
#pragma once

#include <hv/types.h>

struct build_info {
	const char *extraversion;	/* follows "4.17" */
	const char *compiler;
	const char *compiled_by;
	const char *compiled_on;	/* domain of the machine */
	const char *date;
	const char *changeset;
};

extern const struct build_info build_info;

/** The image's build id; NULL and *len = 0 when the linker made none. */
const void *build_id(size_t *len);
/** Keeps (a copy of) the command line; boot calls it once. */
void build_set_cmdline(const char *cmdline);
const char *build_cmdline(void);
