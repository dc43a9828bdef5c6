/* SPDX-License-Identifier: MIT */
/*
 * How the readers of keys (domconf.c, readcpus.c) look at settings: each marks what it
 * has used, and the first refusal stays. All int results are 0, -EINVAL or -ENOMEM, with the
 * report's error filled; what is read stays as it was when the key is missing.
 */
#pragma once

#include "domconf/domconf.h"

struct reader {
	struct cfg *cfg;
	struct domconf_report *report;
};

/** The setting of this key, marked as used; NULL when there is none. */
struct cfg_setting *reader_take(struct reader *r, const char *key);

/** Puts "file:line:column: key: text" into the report; s may be NULL. Returns -EINVAL. */
int reader_refuse(struct reader *r, const struct cfg_setting *s, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same for want of memory. Returns -ENOMEM. */
int reader_out_of_memory(struct reader *r);

/** Gives one line about the setting to whoever wants warnings. */
void reader_warn(struct reader *r, const struct cfg_setting *s, const char *text);

/** A malloc() copy of the key's string. */
int reader_string(struct reader *r, const char *key, char **out);

/** A number, or a string that is one, between the bounds. */
int reader_number(struct reader *r, const char *key, int64_t min, int64_t max, int64_t *out);
int reader_unsigned(struct reader *r, const char *key, unsigned min, unsigned max, unsigned *out);
int reader_int(struct reader *r, const char *key, int min, int max, int *out);

/** vcpus, maxvcpus, cpus, cpus_soft, cpu_weight and cap. */
int reader_cpus(struct reader *r, struct domconf *conf);
