/* SPDX-License-Identifier: MIT */
/* xl vcpu-list and uptime: per-domain tables with facts from elsewhere. */
#include "xl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "build/domctl.h"
#include "domconf/domconf.h"
#include "pvguest/clock.h"
#include "pvguest/errno.h"
#include "xl/format.h"
#include "xl/names.h"

enum { MAX_CPUS = 1024 };

/* Calls fn for each domain named, or for all; stops at the first that returns other than XL_OK. */
static int for_each(const struct args *a,
		    int (*fn)(const struct xen_domctl_getdomaininfo *info, void *ctx), void *ctx)
{
	struct xen_domctl_getdomaininfo info, *all;
	domid_t domid;
	unsigned count;
	int code = XL_OK;

	for (int i = 0; i < a->count && !code; i++)
		code = xl_find_domain(a->operand[i], &domid, &info) ? fn(&info, ctx) : XL_FAILURE;
	if (a->count)
		return code;
	all = xl_all_domains(&count);
	if (!all)
		return XL_FAILURE;
	for (unsigned i = 0; i < count && !code; i++)
		code = fn(&all[i], ctx);
	free(all);
	return code;
}

static int list_vcpus(const struct xen_domctl_getdomaininfo *info, void *ctx)
{
	const unsigned *cpus = ctx;
	uint8_t hard[MAX_CPUS / 8], soft[MAX_CPUS / 8];
	struct xen_domctl_getvcpuinfo v;
	char name[XL_NAME_SIZE];
	int err;

	xl_domain_name(info->domain, name);
	for (unsigned i = 0; info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID &&
			     i <= info->max_vcpu_id; i++) {
		err = domctl_vcpu_info(info->domain, i, &v);
		if (err == -XEN_ESRCH)
			continue;
		if (!err)
			err = domctl_vcpu_affinity(info->domain, i, hard, soft, sizeof(hard));
		if (err) {
			fprintf(stderr, "xl vcpu-list: domain %u, vCPU %u: %s\n", info->domain, i,
				errno_xen_text(err));
			return XL_FAILURE;
		}
		format_vcpu_line(stdout, name, info->domain, i, &v, hard, soft, *cpus);
	}
	return XL_OK;
}

int cmd_vcpu_list(struct args *a)
{
	struct xen_sysctl_physinfo phys;
	unsigned cpus;
	int code, err;

	if (!xl_read_operands(a, 0, ARGS_MAX_OPERANDS, &code))
		return code;
	err = sysctl_physinfo(&phys);
	if (err) {
		fprintf(stderr, "xl vcpu-list: %s\n", errno_xen_text(err));
		return XL_FAILURE;
	}
	cpus = phys.max_cpu_id < MAX_CPUS ? phys.max_cpu_id + 1 : MAX_CPUS;
	format_vcpu_header(stdout);
	return for_each(a, list_vcpus, &cpus);
}

/* Seconds since the time that xl create left in xenstore; domain 0 is as old as the machine. */
static uint64_t uptime_of(const struct xen_domctl_getdomaininfo *info)
{
	const double now = clock_wall_ns() / 1e9;
	struct xs_handle *h = xl_store();
	char path[96], uuid[UUID_TEXT], *value = NULL;
	double start = now;

	if (!info->domain)
		return clock_monotonic_ns() / NSEC_PER_SEC;
	domconf_uuid_text(uuid, info->handle);
	snprintf(path, sizeof(path), "/vm/%s/start_time", uuid);
	if (h)
		value = xs_read(h, XBT_NULL, path, NULL);
	if (value)
		start = strtod(value, NULL);
	free(value);
	return start < now ? now - start : 0;
}

static int print_uptime(const struct xen_domctl_getdomaininfo *info, void *ctx)
{
	const bool *brief = ctx;
	uint64_t now = clock_wall_ns() / NSEC_PER_SEC, up = uptime_of(info);
	char name[XL_NAME_SIZE];

	xl_domain_name(info->domain, name);
	if (*brief)
		format_uptime_short(stdout, name, info->domain, up, now % 86400);
	else
		format_uptime_line(stdout, name, info->domain, up);
	return XL_OK;
}

int cmd_uptime(struct args *a)
{
	static const struct args_long longs[] = { { "short", 's' }, { "help", 'h' }, { NULL, 0 } };
	bool brief = false;
	int letter;

	while ((letter = args_option(a, "sh", longs)) != ARGS_END) {
		if (letter != 's')
			return xl_option_default(a, letter);
		brief = true;
	}
	if (!brief)
		format_uptime_header(stdout);
	return for_each(a, print_uptime, &brief);
}
