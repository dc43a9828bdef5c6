/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The format of xen.efi's configuration file:
 *
 *	# a comment, also behind a value
 *	[global]
 *	default=main
 *
 *	[main]
 *	options=console=com1
 *	kernel=dom0 its arguments
 *
 * Text of printable ASCII, lines ended by LF or CR LF; spaces around keys and values do not count;
 * '#' starts a comment anywhere, ';' at the start of a line. Nothing is copied or changed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "hv/str.h"

struct conf_error {
	unsigned line;		/* from 1 on */
	const char *reason;
};

/** One setting of the file. */
struct conf_item {
	struct str_span section;	/* len 0: before the first section */
	struct str_span key;
	struct str_span value;
	unsigned line;
};

struct conf {
	struct str_span rest;
	struct str_span section;
	unsigned line;
};

void conf_open(struct conf *conf, const char *text, size_t size);

/** Returns 1 with the next setting, 0 at the end, -1 with error filled in. */
int conf_next(struct conf *conf, struct conf_item *item, struct conf_error *error);

/** Reads the whole text. Returns false with the first error. */
bool conf_check(const char *text, size_t size, struct conf_error *error);

/**
 * Finds the first value of key in section; section NULL takes the first in the file. The text
 * must have passed conf_check(). Returns false when there is none.
 */
bool conf_find(const char *text, size_t size, const char *section, const char *key,
	       struct conf_item *item);

/** True when the text has a section of that name, with or without settings. */
bool conf_has_section(const char *text, size_t size, const char *section);
