/* SPDX-License-Identifier: MIT */
/* A domain's configuration as JSON, in the shape that xl prints. Pure: all goes to `out`. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "domconf/domconf.h"

/** What only a living domain has. */
struct json_live {
	unsigned domid;
	bool has_sched;		/* the next two were asked for and answered */
	unsigned weight, cap;
};

/** `xl create -n`: the configuration alone. */
void json_config(FILE *out, const struct domconf *conf);

/** One element of `xl list -l`, indented as a member of an array. conf is as it was created. */
void json_domain(FILE *out, const struct domconf *conf, const struct json_live *live);

/** The same for domain 0, of which only the memory is known. */
void json_domain0(FILE *out, uint64_t max_kb, uint64_t target_kb, const struct json_live *live);
