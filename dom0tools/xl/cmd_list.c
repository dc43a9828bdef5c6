/* SPDX-License-Identifier: MIT */
/* xl list and vm-list: tables of domains, and `list -l` as JSON. */
#include "xl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "xl/format.h"
#include "xl/json.h"
#include "xl/names.h"
#include "xl/record.h"

typedef struct xen_domctl_getdomaininfo info_t;

/* The domains named on the line, or all: a malloc() block. NULL: a message was printed. */
static info_t *chosen_domains(const struct args *a, unsigned *count)
{
	info_t *infos;
	domid_t domid;

	if (!a->count)
		return xl_all_domains(count);
	*count = a->count;
	infos = malloc(a->count * sizeof(*infos));
	if (!infos)
		fprintf(stderr, "xl: dom0 has not enough memory\n");
	for (int i = 0; infos && i < a->count; i++) {
		if (!xl_find_domain(a->operand[i], &domid, &infos[i])) {
			free(infos);
			return NULL;
		}
	}
	return infos;
}

static void print_table(const struct list_columns *c, const info_t *infos, unsigned count)
{
	char name[XL_NAME_SIZE];

	format_list_header(stdout, c);
	for (unsigned i = 0; i < count; i++) {
		xl_domain_name(infos[i].domain, name);
		format_list_line(stdout, c, name, &infos[i]);
	}
}

/* A domain that somebody else made: what the hypervisor and xenstore know of it. */
static void print_unknown(const info_t *info, const struct json_live *live)
{
	char name[XL_NAME_SIZE];
	struct domconf conf = {
		.name = name,
		.memory_kb = info->tot_pages * 4,
		.maxmem_kb = info->max_pages * 4,
		.vcpus = info->nr_online_vcpus,
		.maxvcpus = info->max_vcpu_id + 1,
		.cpu_weight = -1,
		.cap = -1,
	};

	xl_domain_name(info->domain, name);
	memcpy(conf.uuid, info->handle, sizeof(conf.uuid));
	json_domain(stdout, &conf, live);
}

static void print_details(const info_t *info)
{
	struct record *r = record_find(info->domain);
	struct json_live live = { .domid = info->domain };

	live.has_sched = !domctl_sched_get(info->domain, &live.weight, &live.cap);
	if (!info->domain) {
		json_domain0(stdout, info->tot_pages * 4, info->tot_pages * 4, &live);
	} else if (r) {
		/* Printing waits for the console. */
		record_hold(r);
		json_domain(stdout, &r->conf, &live);
		record_drop(r);
	} else {
		print_unknown(info, &live);
	}
}

static void print_long(const info_t *infos, unsigned count)
{
	printf("[\n");
	for (unsigned i = 0; i < count; i++) {
		if (i)
			printf(",\n");
		print_details(&infos[i]);
	}
	printf("\n]\n\n");
}

int cmd_list(struct args *a)
{
	static const struct args_long longs[] = {
		{ "long", 'l' }, { "verbose", 'v' }, { "context", 'Z' }, { "cpupool", 'c' },
		{ "numa", 'n' }, { "help", 'h' }, { NULL, 0 },
	};
	struct list_columns c = { 0 };
	bool details = false;
	unsigned count;
	info_t *infos;
	int letter;

	while ((letter = args_option(a, "lvZcnh", longs)) != ARGS_END) {
		switch (letter) {
		case 'l': details = true; break;
		case 'v': c.verbose = true; break;
		case 'Z': c.label = true; break;
		case 'c': c.pool = true; break;
		case 'n': c.numa = true; break;
		default: return xl_option_default(a, letter);
		}
	}
	infos = chosen_domains(a, &count);
	if (!infos)
		return XL_FAILURE;
	if (details)
		print_long(infos, count);
	else
		print_table(&c, infos, count);
	free(infos);
	return XL_OK;
}

int cmd_vm_list(struct args *a)
{
	char name[XL_NAME_SIZE], uuid[UUID_TEXT];
	unsigned count;
	info_t *infos;
	int code;

	if (!xl_read_operands(a, 0, 0, &code))
		return code;
	infos = xl_all_domains(&count);
	if (!infos)
		return XL_FAILURE;
	printf("UUID                                  ID    name\n");
	for (unsigned i = 0; i < count; i++) {
		if (!infos[i].domain)
			continue;
		domconf_uuid_text(uuid, infos[i].handle);
		xl_domain_name(infos[i].domain, name);
		printf("%s  %d    %-30s\n", uuid, infos[i].domain, name);
	}
	free(infos);
	return XL_OK;
}
