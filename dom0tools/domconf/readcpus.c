/* SPDX-License-Identifier: MIT */
/* The keys about CPUs: how many, where they may run, and what share of the time they get. */
#include "domconf/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_numbers(struct reader *r, struct domconf *conf)
{
	const struct cfg_setting *max = cfg_find(r->cfg, "maxvcpus");
	int err;

	conf->vcpus = 1;
	err = reader_unsigned(r, "vcpus", 1, DOMCONF_MAX_VCPUS, &conf->vcpus);
	if (err)
		return err;
	conf->maxvcpus = conf->vcpus;
	err = reader_unsigned(r, "maxvcpus", 1, DOMCONF_MAX_VCPUS, &conf->maxvcpus);
	if (!err && conf->maxvcpus < conf->vcpus)
		err = reader_refuse(r, max, "%u is less than vcpus=%u", conf->maxvcpus,
				    conf->vcpus);
	return err;
}

static int read_map(struct reader *r, const struct cfg_setting *s, const struct cfg_value *v,
		    struct cpumap *map)
{
	char number[24];
	const char *text = v->string, *wrong;

	if (v->type == CFG_NUMBER) {
		snprintf(number, sizeof(number), "%lld", (long long)v->number);
		text = number;
	}
	wrong = cpumap_parse(map, text);
	return wrong ? reader_refuse(r, s, "'%.60s' %s", text, wrong) : 0;
}

/*
 * One set for all vCPUs, or a list with one for each; those behind the end of the list may run
 * anywhere, and sets for vCPUs that the domain has not are not looked at.
 */
static int read_affinity(struct reader *r, const char *key, unsigned vcpus,
			 struct domconf_affinity *a)
{
	const struct cfg_setting *s = reader_take(r, key);
	const struct cfg_value *v;
	int err = 0;

	if (!s)
		return 0;
	a->maps = calloc(vcpus, sizeof(a->maps[0]));
	if (!a->maps)
		return reader_out_of_memory(r);
	if (s->value->type == CFG_LIST) {
		for (v = s->value->first; v && a->count < vcpus && !err; v = v->next)
			err = read_map(r, s, v, &a->maps[a->count++]);
		return err;
	}
	err = read_map(r, s, s->value, &a->maps[0]);
	while (!err && ++a->count < vcpus)
		a->maps[a->count] = a->maps[0];
	return err;
}

int reader_cpus(struct reader *r, struct domconf *conf)
{
	int err = read_numbers(r, conf);

	if (!err)
		err = read_affinity(r, "cpus", conf->maxvcpus, &conf->hard);
	if (!err)
		err = read_affinity(r, "cpus_soft", conf->maxvcpus, &conf->soft);
	if (!err)
		err = reader_int(r, "cpu_weight", 1, DOMCONF_MAX_WEIGHT, &conf->cpu_weight);
	if (!err)
		err = reader_int(r, "cap", 0, 100 * (int)conf->maxvcpus, &conf->cap);
	return err;
}

static int fit(struct domconf_affinity *a, const char *key, unsigned cpus, struct cfg_error *err)
{
	for (unsigned i = 0; i < a->count; i++) {
		int last = a->maps[i].last;

		if (cpumap_fit(&a->maps[i], cpus))
			continue;
		if (last >= (int)cpus)
			snprintf(err->text, sizeof(err->text), "%s: CPU %d is not there: the machine "
				 "has %u, the last is %u", key, last, cpus, cpus - 1);
		else
			snprintf(err->text, sizeof(err->text), "%s: no CPU is left to run on", key);
		return -EINVAL;
	}
	return 0;
}

int domconf_fit_cpus(struct domconf *conf, unsigned cpus, struct cfg_error *err)
{
	int code = fit(&conf->hard, "cpus", cpus, err);

	return code ? code : fit(&conf->soft, "cpus_soft", cpus, err);
}
