/* SPDX-License-Identifier: MIT */
/*
 * What all readers of keys share: values of the right kind between bounds, and one line that says
 * why not.
 */
#include "domconf/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "file:line:column: key: text" into the report; the first error stays. */
int reader_refuse(struct reader *r, const struct cfg_setting *s, const char *format, ...)
{
	char *text = r->report->error.text;
	size_t size = sizeof(r->report->error.text);
	va_list args;
	int n = 0;

	if (text[0])
		return -EINVAL;
	if (s)
		n = snprintf(text, size, "%.120s:%u:%u: %.40s: ", s->origin, s->place.line,
			     s->place.column, s->key);
	va_start(args, format);
	vsnprintf(text + n, size - n, format, args);
	va_end(args);
	/* A value that is quoted may hold anything: one line it stays. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return -EINVAL;
}

int reader_out_of_memory(struct reader *r)
{
	snprintf(r->report->error.text, sizeof(r->report->error.text),
		 "not enough memory to read the configuration");
	return -ENOMEM;
}

void reader_warn(struct reader *r, const struct cfg_setting *s, const char *text)
{
	char line[320];

	if (!r->report->warn)
		return;
	snprintf(line, sizeof(line), "%.120s:%u:%u: warning: %.60s: %s", s->origin, s->place.line,
		 s->place.column, s->key, text);
	r->report->warn(r->report->ctx, line);
}

struct cfg_setting *reader_take(struct reader *r, const char *key)
{
	struct cfg_setting *s = cfg_find(r->cfg, key);

	if (s)
		s->used = true;
	return s;
}

/* Leaves *out alone when the key is missing. */
int reader_string(struct reader *r, const char *key, char **out)
{
	const struct cfg_setting *s = reader_take(r, key);

	if (!s)
		return 0;
	if (s->value->type != CFG_STRING)
		return reader_refuse(r, s, "needs a string in quotes");
	*out = strdup(s->value->string);
	return *out ? 0 : reader_out_of_memory(r);
}

/* A number, or a string that is one, between the bounds. */
int reader_number(struct reader *r, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const struct cfg_setting *s = reader_take(r, key);
	char *end;

	if (!s)
		return 0;
	if (s->value->type == CFG_NUMBER) {
		*out = s->value->number;
	} else if (s->value->type == CFG_STRING) {
		errno = 0;
		*out = strtoll(s->value->string, &end, 0);
		if (end == s->value->string || *end || errno)
			return reader_refuse(r, s, "needs a number, not '%.40s'", s->value->string);
	} else {
		return reader_refuse(r, s, "needs a number, not a list");
	}
	if (*out < min || *out > max)
		return reader_refuse(r, s,
				     "%" PRId64 " is not in the range from %" PRId64 " to %" PRId64,
				     *out, min, max);
	return 0;
}

int reader_unsigned(struct reader *r, const char *key, unsigned min, unsigned max, unsigned *out)
{
	int64_t n = *out;
	int err = reader_number(r, key, min, max, &n);

	*out = n;
	return err;
}

int reader_int(struct reader *r, const char *key, int min, int max, int *out)
{
	int64_t n = *out;
	int err = reader_number(r, key, min, max, &n);

	*out = n;
	return err;
}
