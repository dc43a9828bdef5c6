/* SPDX-License-Identifier: MIT */
/*
 * The syntax of xl.cfg(5): a list of settings, each a key with a string, a
 * number or a list of those. What the keys mean is domconf.h's matter. Nothing
 * here prints or opens files: text in, settings or one line of error out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cfg_type {
	CFG_STRING,
	CFG_NUMBER,
	CFG_LIST,
};

/** Where something stands in the text; both count from 1. */
struct cfg_place {
	unsigned line, column;
};

struct cfg_value {
	enum cfg_type type;
	char *string;			/* CFG_STRING */
	int64_t number;			/* CFG_NUMBER */
	struct cfg_value *first;	/* CFG_LIST: its members, none of them a list */
	struct cfg_value *next;		/* the next member of the same list */
};

struct cfg_setting {
	char *key;
	struct cfg_value *value;
	struct cfg_place place;		/* of the key */
	const char *origin;		/* the name given to cfg_parse(), owned by the cfg */
	bool used;			/* for the reader: keys nobody asked for are warned of */
	struct cfg_setting *next;
};

/** All settings in their order. A key set twice is here once, with its last value. */
struct cfg {
	struct cfg_setting *first;
	struct cfg_origin *origins;
};

/** One line without a newline, "" when there was no error. */
struct cfg_error {
	char text[320];
};

void cfg_init(struct cfg *cfg);
/** Frees everything and leaves an empty cfg. */
void cfg_free(struct cfg *cfg);

/**
 * Adds the settings of the text. `name` stands in front of line and column in
 * errors. Returns 0, -EINVAL or -ENOMEM with err filled; the cfg is usable (and
 * must be freed) either way.
 */
int cfg_parse(struct cfg *cfg, const char *name, const char *text, size_t length,
	      struct cfg_error *err);

/**
 * Adds one key=value of a command line. A value that is neither quoted, a number
 * nor a list is taken as a string, since the shell has eaten the quotes.
 */
int cfg_override(struct cfg *cfg, const char *setting, struct cfg_error *err);

/** The setting of this key or NULL. */
struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key);

/** Frees a value with all its members; NULL is fine. */
void cfg_value_free(struct cfg_value *value);
