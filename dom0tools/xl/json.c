/* SPDX-License-Identifier: MIT */
/*
 * Members in the order of libxl's types, two levels of state: how deep we are,
 * and whether a comma is due. An empty object has an empty line inside, as the
 * library that xl uses writes it.
 */
#include "xl/json.h"

#include <inttypes.h>
#include <string.h>

struct json {
	FILE *out;
	unsigned depth;
	bool first;	/* no member yet in the innermost object or array */
};

static void indent(struct json *j)
{
	for (unsigned i = 0; i < j->depth; i++)
		fputs("    ", j->out);
}

static void quote(struct json *j, const char *text)
{
	fputc('"', j->out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(j->out, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", j->out);
		else if (*p < ' ')
			fprintf(j->out, "\\u%04x", *p);
		else
			fputc(*p, j->out);
	}
	fputc('"', j->out);
}

/* The start of a member; key NULL in an array. */
static void member(struct json *j, const char *key)
{
	if (!j->first)
		fputs(",\n", j->out);
	j->first = false;
	indent(j);
	if (key) {
		quote(j, key);
		fputs(": ", j->out);
	}
}

static void open_with(struct json *j, char bracket)
{
	fprintf(j->out, "%c\n", bracket);
	j->depth++;
	j->first = true;
}

static void close_with(struct json *j, char bracket)
{
	fputc('\n', j->out);
	j->depth--;
	indent(j);
	fputc(bracket, j->out);
	j->first = false;
}

static void object(struct json *j, const char *key)
{
	member(j, key);
	open_with(j, '{');
}

static void end_object(struct json *j)
{
	close_with(j, '}');
}

static void empty_object(struct json *j, const char *key)
{
	object(j, key);
	end_object(j);
}

static void string(struct json *j, const char *key, const char *value)
{
	if (!value)
		return;
	member(j, key);
	quote(j, value);
}

static void number(struct json *j, const char *key, uint64_t value)
{
	member(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

static void action(struct json *j, const char *key, enum domconf_action value)
{
	char name[32];

	if (value == ACTION_DESTROY)
		return;
	snprintf(name, sizeof(name), "%s", domconf_action_name(value));
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	string(j, key, name);
}

static void create_info(struct json *j, const struct domconf *conf, const struct json_live *live)
{
	char uuid[UUID_TEXT];

	domconf_uuid_text(uuid, conf->uuid);
	object(j, "c_info");
	string(j, "type", "pv");
	string(j, "name", conf->name);
	if (live)
		number(j, "domid", UINT32_MAX);
	string(j, "uuid", uuid);
	string(j, "run_hotplug_scripts", "True");
	end_object(j);
}

static void sched_params(struct json *j, const struct domconf *conf, const struct json_live *live)
{
	object(j, "sched_params");
	if (live && live->has_sched) {
		string(j, "sched", "credit2");
		number(j, "weight", live->weight);
		number(j, "cap", live->cap);
	} else if (conf) {
		if (conf->cpu_weight >= 0)
			number(j, "weight", conf->cpu_weight);
		if (conf->cap >= 0)
			number(j, "cap", conf->cap);
	}
	end_object(j);
}

/* type.pv, arch_arm and arch_x86, which have nothing to say. */
static void arch_info(struct json *j, bool live)
{
	empty_object(j, "type.pv");
	empty_object(j, "arch_arm");
	object(j, "arch_x86");
	if (live)
		string(j, "msr_relaxed", "False");
	end_object(j);
}

/* An array of arrays of CPUs; nothing when there is none. */
static void affinity(struct json *j, const char *key, const struct domconf_affinity *a)
{
	if (!a->count)
		return;
	member(j, key);
	open_with(j, '[');
	for (unsigned i = 0; i < a->count; i++) {
		member(j, NULL);
		open_with(j, '[');
		for (unsigned cpu = 0; cpu < CPUMAP_CPUS; cpu++)
			if (cpumap_has(&a->maps[i], cpu))
				number(j, NULL, cpu);
		close_with(j, ']');
	}
	close_with(j, ']');
}

static void build_info(struct json *j, const struct domconf *conf, const struct json_live *live)
{
	object(j, "b_info");
	number(j, "max_vcpus", conf->maxvcpus);
	member(j, "avail_vcpus");
	open_with(j, '[');
	for (unsigned i = 0; i < conf->vcpus; i++)
		number(j, NULL, i);
	close_with(j, ']');
	affinity(j, "vcpu_hard_affinity", &conf->hard);
	affinity(j, "vcpu_soft_affinity", &conf->soft);
	if (conf->hard.count || conf->soft.count)
		string(j, "numa_placement", "False");
	number(j, "max_memkb", conf->maxmem_kb);
	number(j, "target_memkb", conf->memory_kb);
	if (live)
		number(j, "video_memkb", 0);
	sched_params(j, conf, live);
	string(j, "claim_mode", "True");
	string(j, "kernel", conf->kernel);
	string(j, "cmdline", conf->cmdline);
	string(j, "ramdisk", conf->ramdisk);
	arch_info(j, live);
	end_object(j);
}

static void config(struct json *j, const struct domconf *conf, const struct json_live *live)
{
	create_info(j, conf, live);
	build_info(j, conf, live);
	action(j, "on_poweroff", conf->on_poweroff);
	action(j, "on_reboot", conf->on_reboot);
	action(j, "on_watchdog", conf->on_watchdog);
	action(j, "on_crash", conf->on_crash);
	action(j, "on_soft_reset", conf->on_soft_reset);
}

void json_config(FILE *out, const struct domconf *conf)
{
	struct json j = { .out = out };

	open_with(&j, '{');
	config(&j, conf, NULL);
	close_with(&j, '}');
	fputc('\n', out);
}

void json_domain(FILE *out, const struct domconf *conf, const struct json_live *live)
{
	struct json j = { .out = out, .depth = 1, .first = true };

	object(&j, NULL);
	number(&j, "domid", live->domid);
	object(&j, "config");
	config(&j, conf, live);
	end_object(&j);
	end_object(&j);
}

void json_domain0(FILE *out, uint64_t max_kb, uint64_t target_kb, const struct json_live *live)
{
	struct json j = { .out = out, .depth = 1, .first = true };

	object(&j, NULL);
	number(&j, "domid", live->domid);
	object(&j, "config");
	object(&j, "c_info");
	string(&j, "type", "pv");
	string(&j, "name", "Domain-0");
	end_object(&j);
	object(&j, "b_info");
	number(&j, "max_memkb", max_kb);
	number(&j, "target_memkb", target_kb);
	sched_params(&j, NULL, live);
	arch_info(&j, false);
	end_object(&j);
	end_object(&j);
	end_object(&j);
}
