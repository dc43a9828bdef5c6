/* SPDX-License-Identifier: MIT */
/* xl sched-credit2 and cpupool-list: the shares of the domains, and the pool that has all CPUs. */
#include "xl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "domconf/domconf.h"
#include "pvguest/errno.h"
#include "xl/format.h"
#include "xl/names.h"

#define POOL "Pool-0"

enum { MIN_RATELIMIT_US = 100, MAX_RATELIMIT_US = 500000 };

typedef struct xen_domctl_getdomaininfo info_t;

struct sched_options {
	const char *domain, *pool, *weight, *cap, *ratelimit;	/* NULL: not given */
	bool pool_parameters;
};

static int hypervisor_refuses(const struct args *a, const char *what, int err)
{
	fprintf(stderr, "xl %s: %s: %s\n", a->command, what, errno_xen_text(err));
	return XL_FAILURE;
}

static bool read_options(struct args *a, struct sched_options *o, int *code)
{
	static const struct args_long longs[] = {
		{ "domain", 'd' }, { "weight", 'w' }, { "cap", 'c' }, { "schedparam", 's' },
		{ "ratelimit_us", 'r' }, { "cpupool", 'p' }, { "help", 'h' }, { NULL, 0 },
	};
	int letter;

	while ((letter = args_option(a, "d:w:c:sr:p:h", longs)) != ARGS_END) {
		switch (letter) {
		case 'd': o->domain = a->value; break;
		case 'w': o->weight = a->value; break;
		case 'c': o->cap = a->value; break;
		case 's': o->pool_parameters = true; break;
		case 'r': o->ratelimit = a->value; break;
		case 'p': o->pool = a->value; break;
		default:
			*code = xl_option_default(a, letter);
			return false;
		}
	}
	return xl_check_operands(a, 0, 0, code);
}

/* Do the options go together? */
static bool check_options(const struct args *a, const struct sched_options *o)
{
	if ((o->weight || o->cap) && !o->domain)
		fprintf(stderr, "Must specify a domain.\n");
	else if (o->pool && o->domain)
		fprintf(stderr, "Specifying a cpupool is not allowed with other options.\n");
	else if (o->pool_parameters && o->domain)
		fprintf(stderr, "Specifying pool parameters with domain/weight/cap options not "
			"allowed.\n");
	else if (o->ratelimit && !o->pool_parameters)
		fprintf(stderr, "xl %s: -r is one of the scheduler's own parameters: use -s -r\n",
			a->command);
	else if (o->pool && strcmp(o->pool, POOL) && strcmp(o->pool, "0"))
		fprintf(stderr, "unknown cpupool '%s'\n", o->pool);
	else
		return true;
	return false;
}

/* The value of an option that takes a number between the bounds; -1 when it is not given. */
static bool read_value(const struct args *a, const char *what, const char *text, long min, long max,
		       int *value)
{
	long n;

	*value = -1;
	if (!text)
		return true;
	if (!args_number(text, &n)) {
		fprintf(stderr, "xl %s: %s: '%s' is no number\n", a->command, what, text);
		return false;
	}
	if (n < min || n > max) {
		fprintf(stderr, "xl %s: %s: %ld is not in the range from %ld to %ld\n", a->command, what,
			n, min, max);
		return false;
	}
	*value = n;
	return true;
}

static int set_domain(const struct args *a, const struct sched_options *o, const info_t *info)
{
	int weight, cap, err;

	if (!read_value(a, "weight", o->weight, 1, DOMCONF_MAX_WEIGHT, &weight) ||
	    !read_value(a, "cap", o->cap, 0, 100L * (info->max_vcpu_id + 1), &cap))
		return XL_FAILURE;
	err = domctl_sched_set(info->domain, weight, cap);
	return err ? hypervisor_refuses(a, "setting weight and cap", err) : XL_OK;
}

static int print_domain(const struct args *a, const info_t *info)
{
	char name[XL_NAME_SIZE];
	unsigned weight, cap;
	int err = domctl_sched_get(info->domain, &weight, &cap);

	if (err)
		return hypervisor_refuses(a, "asking for weight and cap", err);
	xl_domain_name(info->domain, name);
	format_sched_line(stdout, name, info->domain, weight, cap);
	return XL_OK;
}

static int print_pool(const struct args *a)
{
	unsigned us;
	int err = sysctl_ratelimit_get(&us);

	if (err)
		return hypervisor_refuses(a, "asking for the rate limit", err);
	printf("Cpupool " POOL ": ratelimit=%uus\n", us);
	return XL_OK;
}

static int set_pool(const struct args *a, const char *ratelimit)
{
	long n;
	int us, err;

	/* No limit at all, or one that makes sense. */
	if (!args_number(ratelimit, &n) || n) {
		if (!read_value(a, "ratelimit", ratelimit, MIN_RATELIMIT_US, MAX_RATELIMIT_US, &us))
			return XL_FAILURE;
		n = us;
	}
	err = sysctl_ratelimit_set(n);
	return err ? hypervisor_refuses(a, "setting the rate limit", err) : XL_OK;
}

static int print_all(const struct args *a)
{
	unsigned count;
	info_t *all = xl_all_domains(&count);
	int code = all ? print_pool(a) : XL_FAILURE;

	if (!code)
		format_sched_header(stdout);
	for (unsigned i = 0; !code && i < count; i++)
		code = print_domain(a, &all[i]);
	free(all);
	return code;
}

int cmd_sched_credit2(struct args *a)
{
	struct sched_options o = { 0 };
	domid_t domid;
	info_t info;
	int code;

	if (!read_options(a, &o, &code))
		return code;
	if (!check_options(a, &o))
		return XL_FAILURE;
	if (o.pool_parameters)
		return o.ratelimit ? set_pool(a, o.ratelimit) : print_pool(a);
	if (!o.domain)
		return print_all(a);
	if (!xl_find_domain(o.domain, &domid, &info))
		return XL_FAILURE;
	if (o.weight || o.cap)
		return set_domain(a, &o, &info);
	format_sched_header(stdout);
	return print_domain(a, &info);
}

static bool has_cpu(const uint8_t *map, unsigned cpu)
{
	return map[cpu / 8] >> cpu % 8 & 1;
}

static void print_pool_line(bool list, const struct xen_sysctl_cpupool_op *pool,
			    const uint8_t *cpus)
{
	const char *comma = "";
	unsigned count = 0;

	printf("%-19s", POOL);
	for (unsigned i = 0; i < CPUMAP_CPUS; i++) {
		if (!has_cpu(cpus, i))
			continue;
		count++;
		if (list)
			printf("%s%u", comma, i);
		comma = ",";
	}
	if (!list)
		printf("%3u %9s       y       %4u", count,
		       pool->sched_id == XEN_SCHEDULER_CREDIT2 ? "credit2" : "unknown", pool->n_dom);
	printf("\n");
}

int cmd_cpupool_list(struct args *a)
{
	static const struct args_long longs[] = { { "cpus", 'c' }, { "help", 'h' }, { NULL, 0 } };
	struct xen_sysctl_cpupool_op pool;
	uint8_t cpus[CPUMAP_BYTES];
	bool list = false;
	int letter, code, err;

	while ((letter = args_option(a, "ch", longs)) != ARGS_END) {
		if (letter != 'c')
			return xl_option_default(a, letter);
		list = true;
	}
	if (!xl_check_operands(a, 0, 1, &code))
		return code;
	if (a->count && strcmp(a->operand[0], POOL) && strcmp(a->operand[0], "0")) {
		fprintf(stderr, "Pool '%s' does not exist\n", a->operand[0]);
		return XL_FAILURE;
	}
	err = sysctl_cpupool(&pool, cpus, sizeof(cpus));
	if (err)
		return hypervisor_refuses(a, "asking for the pool", err);
	printf("%-19s%s\n", "Name", list ? "CPU list" : "CPUs   Sched     Active   Domain count");
	print_pool_line(list, &pool, cpus);
	return XL_OK;
}
