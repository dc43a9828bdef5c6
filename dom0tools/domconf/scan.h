/* SPDX-License-Identifier: MIT */
/* What the scanner, the grammar and cfg.c share; nobody else includes this. */
#pragma once

#include <setjmp.h>

#include "domconf/cfg.h"

/* bison prefixes its types, flex does not know. */
#define YYSTYPE XLCFG_STYPE
#define YYLTYPE XLCFG_LTYPE

struct cfg_scan {
	struct cfg *cfg;
	const char *name;
	struct cfg_error *err;
	struct cfg_place at;	/* of the next character */
	int result;		/* of the whole parse, when bison says that it failed */
	jmp_buf out_of_memory;	/* flex has no other way to report it than exit() */
};

/** Fills err with "name:line:column: text", unless it says something already. */
void cfg_scan_error(struct cfg_scan *scan, struct cfg_place place, const char *text);
/** Takes key and value, also when it fails (-ENOMEM, -EINVAL for += of unlike things). */
int cfg_set(struct cfg_scan *scan, char *key, struct cfg_value *value, struct cfg_place place,
	    bool append);
/** A new value; takes the string. NULL: out of memory, the string is freed. */
struct cfg_value *cfg_value_string(char *string);
struct cfg_value *cfg_value_number(int64_t number);
/** Takes the members. */
struct cfg_value *cfg_value_list(struct cfg_value *first);
/** The text between the quotes with the escapes replaced; NULL: out of memory. */
char *cfg_unquote(const char *text, size_t length);
