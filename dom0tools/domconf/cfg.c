/* SPDX-License-Identifier: MIT */
/*
 * Settings as data: made by the grammar of xlcfg.y or from one word of a command
 * line, looked up by the reader. A later setting replaces an earlier one in
 * place, `+=` lengthens it.
 */
#include "domconf/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xlcfg.tab.h comes first: it declares the types that xlcfg.lex.h uses. */
#include "dom0tools/domconf/xlcfg.tab.h"
#include "dom0tools/domconf/xlcfg.lex.h"

/** The names given to cfg_parse(), kept for the messages about settings. */
struct cfg_origin {
	struct cfg_origin *next;
	char name[];
};

void cfg_init(struct cfg *cfg)
{
	*cfg = (struct cfg){ 0 };
}

void cfg_value_free(struct cfg_value *value)
{
	while (value) {
		struct cfg_value *next = value->next;

		cfg_value_free(value->first);
		free(value->string);
		free(value);
		value = next;
	}
}

void cfg_free(struct cfg *cfg)
{
	while (cfg->first) {
		struct cfg_setting *s = cfg->first;

		cfg->first = s->next;
		cfg_value_free(s->value);
		free(s->key);
		free(s);
	}
	while (cfg->origins) {
		struct cfg_origin *o = cfg->origins;

		cfg->origins = o->next;
		free(o);
	}
}

static struct cfg_value *value_new(enum cfg_type type)
{
	struct cfg_value *value = calloc(1, sizeof(*value));

	if (value)
		value->type = type;
	return value;
}

struct cfg_value *cfg_value_string(char *string)
{
	struct cfg_value *value = value_new(CFG_STRING);

	if (value)
		value->string = string;
	else
		free(string);
	return value;
}

struct cfg_value *cfg_value_number(int64_t number)
{
	struct cfg_value *value = value_new(CFG_NUMBER);

	if (value)
		value->number = number;
	return value;
}

struct cfg_value *cfg_value_list(struct cfg_value *first)
{
	struct cfg_value *value = value_new(CFG_LIST);

	if (value)
		value->first = first;
	else
		cfg_value_free(first);
	return value;
}

/* The value of up to `max` digits of the base at *p, which moves behind them. */
static unsigned escape_number(const char **p, const char *end, unsigned base, unsigned max)
{
	unsigned n = 0;

	for (; max && *p < end; max--, (*p)++) {
		unsigned c = tolower((unsigned char)**p);
		unsigned digit = c >= 'a' ? c - 'a' + 10 : c - '0';

		if (!isxdigit(c) || digit >= base)
			break;
		n = n * base + digit;
	}
	return n;
}

char *cfg_unquote(const char *text, size_t length)
{
	static const char letters[] = "a\ab\bf\fn\nr\rt\tv\v";
	const char *end = text + length;
	char *string = malloc(length + 1), *out = string;

	if (!string)
		return NULL;
	while (text < end) {
		char c = *text++;
		const char *letter;

		if (c != '\\' || text == end) {
			*out++ = c;
		} else if (*text == 'x') {
			text++;
			*out++ = escape_number(&text, end, 16, 2);
		} else if (*text >= '0' && *text <= '7') {
			*out++ = escape_number(&text, end, 8, 3);
		} else {
			letter = strchr(letters, *text);
			/* Letters stand at even places, what they mean behind them. */
			*out++ = letter && *letter && !((letter - letters) & 1) ? letter[1] : *text;
			text++;
		}
	}
	*out = '\0';
	return string;
}

void cfg_scan_error(struct cfg_scan *scan, struct cfg_place place, const char *text)
{
	if (scan->err->text[0])
		return;
	snprintf(scan->err->text, sizeof(scan->err->text), "%s:%u:%u: %s", scan->name, place.line,
		 place.column, text);
}

struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key)
{
	for (struct cfg_setting *s = cfg->first; s; s = s->next)
		if (!strcmp(s->key, key))
			return s;
	return NULL;
}

/* Joins `more` to the end of the setting's value; takes it. Not for numbers. */
static int value_append(struct cfg_value *value, struct cfg_value *more)
{
	int err = -EINVAL;

	if (value->type == CFG_LIST) {
		struct cfg_value **end = &value->first;

		while (*end)
			end = &(*end)->next;
		if (more->type == CFG_LIST) {
			*end = more->first;
			more->first = NULL;
		} else {
			*end = more;
			more = NULL;
		}
		err = 0;
	} else if (value->type == CFG_STRING && more->type == CFG_STRING) {
		char *both = realloc(value->string,
				     strlen(value->string) + strlen(more->string) + 1);

		err = both ? 0 : -ENOMEM;
		if (both)
			value->string = strcat(both, more->string);
	}
	cfg_value_free(more);
	return err;
}

int cfg_set(struct cfg_scan *scan, char *key, struct cfg_value *value, struct cfg_place place,
	    bool append)
{
	struct cfg_setting **end = &scan->cfg->first, *s;
	int err = 0;

	while (*end && strcmp((*end)->key, key))
		end = &(*end)->next;
	s = *end;
	if (s && append) {
		err = value_append(s->value, value);
		if (err == -EINVAL)
			cfg_scan_error(scan, place, "'+=' needs a list, or two strings");
		free(key);
		return err;
	}
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s) {
			free(key);
			cfg_value_free(value);
			return -ENOMEM;
		}
		*end = s;
	} else {
		free(s->key);
		cfg_value_free(s->value);
	}
	s->key = key;
	s->value = value;
	s->place = place;
	s->origin = scan->name;
	return 0;
}

/* Keeps the name as long as the settings, which point at it. */
static const char *origin_keep(struct cfg *cfg, const char *name)
{
	struct cfg_origin *o = malloc(sizeof(*o) + strlen(name) + 1);

	if (!o)
		return NULL;
	strcpy(o->name, name);
	o->next = cfg->origins;
	cfg->origins = o;
	return o->name;
}

static int no_memory(const char *name, struct cfg_error *err)
{
	snprintf(err->text, sizeof(err->text), "%s: not enough memory to read it", name);
	return -ENOMEM;
}

static void scan_text(struct cfg_scan *scan, const char *text, size_t length)
{
	yyscan_t scanner;

	if (xlcfg_lex_init_extra(scan, &scanner)) {
		scan->result = -ENOMEM;
		return;
	}
	if (setjmp(scan->out_of_memory)) {
		scan->result = -ENOMEM;
	} else {
		xlcfg__scan_bytes(text, (int)length, scanner);
		switch (xlcfg_parse(scanner, scan)) {
		case 0:
			break;
		case 2:
			scan->result = -ENOMEM;
			break;
		default:
			if (!scan->result)
				scan->result = -EINVAL;
			break;
		}
	}
	xlcfg_lex_destroy(scanner);
}

int cfg_parse(struct cfg *cfg, const char *name, const char *text, size_t length,
	      struct cfg_error *err)
{
	struct cfg_scan scan = { .cfg = cfg, .err = err, .at = { 1, 1 } };

	err->text[0] = '\0';
	scan.name = origin_keep(cfg, name);
	if (!scan.name)
		return no_memory(name, err);
	if (length > 1024 * 1024) {
		snprintf(err->text, sizeof(err->text), "%s: larger than 1 MiB, no configuration",
			 name);
		return -EINVAL;
	}
	scan_text(&scan, text, length);
	if (scan.result == -ENOMEM)
		return no_memory(name, err);
	return scan.result;
}

/* Does the grammar know such a value, or has the shell eaten the quotes? */
static bool override_is_written(const char *value)
{
	char *end;

	if (*value == '"' || *value == '\'' || *value == '[')
		return true;
	if (!isdigit((unsigned char)*value) && *value != '-')
		return false;
	strtoll(value, &end, 0);
	return end != value && !*end;
}

static int override_string(struct cfg *cfg, const char *setting, const char *sign,
			   struct cfg_scan *scan)
{
	bool append = sign > setting && sign[-1] == '+';
	char *key = strndup(setting, sign - setting - append);
	char *string = strdup(sign + 1);
	struct cfg_value *value = string ? cfg_value_string(string) : NULL;

	if (!key || !value) {
		free(key);
		cfg_value_free(value);
		return -ENOMEM;
	}
	scan->cfg = cfg;
	return cfg_set(scan, key, value, scan->at, append);
}

int cfg_override(struct cfg *cfg, const char *setting, struct cfg_error *err)
{
	static const char name[] = "<command line>";
	const char *sign = strchr(setting, '=');
	struct cfg_scan scan = { .err = err, .at = { 1, 1 } };
	int result;

	err->text[0] = '\0';
	for (const char *p = setting; sign && p < sign; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && !(*p == '+' && p + 1 == sign))
			sign = NULL;
	if (!sign || sign == setting) {
		snprintf(err->text, sizeof(err->text), "'%.200s' is not of the form key=value",
			 setting);
		return -EINVAL;
	}
	if (override_is_written(sign + 1))
		return cfg_parse(cfg, name, setting, strlen(setting), err);
	scan.name = origin_keep(cfg, name);
	if (!scan.name)
		return no_memory(name, err);
	result = override_string(cfg, setting, sign, &scan);
	return result == -ENOMEM ? no_memory(name, err) : result;
}
