/* SPDX-License-Identifier: MIT */
/* The rest of dom0 for xl's tests: files, consoles, the log. */
#pragma once

#include <stddef.h>

extern char fake_log[8192];		/* what log_write() was given */
extern const char *fake_last_words;	/* what a domain's console shows */
extern const char *fake_typed;		/* what the terminal gives to who reads keys */
extern unsigned fake_attached;		/* times that a console was joined */

void fake_dom0_reset(void);
/** The file has these contents, which must stay. */
void fake_file(const char *path, const void *data, size_t size);
