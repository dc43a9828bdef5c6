/* SPDX-License-Identifier: MIT */
/*
 * xl vcpu-set, which asks the domain itself to bring its vCPUs up or down, and vcpu-pin, which the
 * hypervisor does. Everything that can be refused is refused before anything changes.
 */
#include "xl/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "build/domctl.h"
#include "domconf/cpumap.h"
#include "pvguest/errno.h"
#include "xl/names.h"
#include "xl/record.h"
#include "xl/store.h"

typedef struct xen_domctl_getdomaininfo info_t;

/* The number of CPUs; 0: a message was printed. */
static unsigned count_cpus(const char *command)
{
	struct xen_sysctl_physinfo phys;
	int err = sysctl_physinfo(&phys);

	if (!err)
		return phys.max_cpu_id + 1;
	fprintf(stderr, "xl %s: asking for the CPUs: %s\n", command, errno_xen_text(err));
	return 0;
}

/* ---- vcpu-set ---------------------------------------------------------------------- */

/* May the domain have this number of vCPUs? */
static bool number_is_good(const info_t *info, const char *text, long n, bool ignore_host)
{
	unsigned cpus;

	if (!info->domain) {
		fprintf(stderr, "xl vcpu-set: domain 0 keeps the vCPUs that it has started with\n");
	} else if (n < 1) {
		fprintf(stderr, "xl vcpu-set: '%s' is no number of vCPUs, which is 1 at least\n", text);
	} else if (n > (long)info->max_vcpu_id + 1) {
		fprintf(stderr, "xl vcpu-set: %ld vCPUs are more than maxvcpus, which is %u\n", n,
			info->max_vcpu_id + 1);
	} else {
		cpus = ignore_host ? n : count_cpus("vcpu-set");
		if (n <= (long)cpus || n <= (long)info->nr_online_vcpus)
			return true;
		if (cpus)
			fprintf(stderr, "You are overcommmitting! You have %u physical CPUs and want %ld "
				"vCPUs! Aborting, use --ignore-host to continue\n", cpus, n);
	}
	return false;
}

int cmd_vcpu_set(struct args *a)
{
	static const struct args_long longs[] = { { "ignore-host", 'i' }, { "help", 'h' },
						  { NULL, 0 } };
	struct xs_handle *h;
	struct record *r;
	bool ignore_host = false;
	int letter, code;
	domid_t domid;
	info_t info;
	long n;

	while ((letter = args_option(a, "ih", longs)) != ARGS_END) {
		if (letter != 'i')
			return xl_option_default(a, letter);
		ignore_host = true;
	}
	if (!xl_check_operands(a, 2, 2, &code))
		return code;
	if (!xl_find_domain(a->operand[0], &domid, &info))
		return XL_FAILURE;
	if (!args_number(a->operand[1], &n))
		n = 0;
	if (!number_is_good(&info, a->operand[1], n, ignore_host))
		return XL_FAILURE;
	h = xl_store();
	if (!h || !store_set_vcpus(h, domid, n, info.max_vcpu_id + 1)) {
		fprintf(stderr, "xl vcpu-set: telling the domain: %s\n", strerror(errno));
		return XL_FAILURE;
	}
	r = record_find(domid);
	if (r)
		r->conf.vcpus = n;
	return XL_OK;
}

/* ---- vcpu-pin ---------------------------------------------------------------------- */

struct pinning {
	domid_t domid;
	unsigned first, last;		/* vCPUs */
	struct cpumap hard, soft;
	bool set_hard, set_soft, force;
};

/* What a vCPU's affinity was. */
struct before {
	uint8_t hard[CPUMAP_BYTES], soft[CPUMAP_BYTES];
};

/* One of the sets; "-" leaves it as it is. */
static bool read_cpus(const char *text, unsigned cpus, struct cpumap *map, bool *set)
{
	const char *wrong;

	*set = strcmp(text, "-") != 0;
	if (!*set)
		return true;
	wrong = cpumap_parse(map, text);
	if (wrong) {
		fprintf(stderr, "xl vcpu-pin: '%s' %s\n", text, wrong);
		return false;
	}
	if (cpumap_fit(map, cpus))
		return true;
	if (map->last >= (int)cpus)
		fprintf(stderr, "xl vcpu-pin: CPU %d is not there: the machine has %u, the last is %u\n",
			map->last, cpus, cpus - 1);
	else
		fprintf(stderr, "xl vcpu-pin: '%s' leaves no CPU to run on\n", text);
	return false;
}

/* Which vCPUs: a number, or all. */
static bool read_vcpus(const char *text, const info_t *info, struct pinning *p)
{
	long n;

	if (!strcmp(text, "all")) {
		p->first = 0;
		p->last = info->max_vcpu_id;
		if (p->force)
			fprintf(stderr, "xl vcpu-pin: --force is for one vCPU, not for all\n");
		return !p->force;
	}
	if (!args_number(text, &n) || n < 0) {
		fprintf(stderr, "Error: Invalid argument %s as VCPU.\n", text);
		return false;
	}
	if (n > (long)info->max_vcpu_id) {
		fprintf(stderr, "xl vcpu-pin: domain %u has no vCPU %ld, the last is %u\n", info->domain,
			n, info->max_vcpu_id);
		return false;
	}
	p->first = p->last = n;
	return true;
}

static int pin_one(const struct pinning *p, unsigned vcpu, struct before *before)
{
	int err = domctl_vcpu_affinity(p->domid, vcpu, before->hard, before->soft, CPUMAP_BYTES);

	return err ? err : domctl_set_vcpu_affinity(p->domid, vcpu,
						    p->set_hard ? p->hard.bits : NULL,
						    p->set_soft ? p->soft.bits : NULL,
						    CPUMAP_BYTES, p->force);
}

/* All of them, or none: what was done before an error is undone. */
static int pin(const struct pinning *p)
{
	struct before *before = calloc(p->last - p->first + 1, sizeof(*before));
	unsigned vcpu = p->first;
	int err = before ? 0 : -XEN_ENOMEM;

	for (; !err && vcpu <= p->last; vcpu++)
		err = pin_one(p, vcpu, &before[vcpu - p->first]);
	if (err && before) {
		fprintf(stderr, err == -XEN_EBUSY ?
			"xl vcpu-pin: vCPU %u: %s: its kernel has pinned it, --force ends that\n" :
			"xl vcpu-pin: vCPU %u: %s\n", vcpu - 1, errno_xen_text(err));
		for (vcpu--; vcpu-- > p->first;)
			domctl_set_vcpu_affinity(p->domid, vcpu, before[vcpu - p->first].hard,
						 before[vcpu - p->first].soft, CPUMAP_BYTES, false);
	} else if (err) {
		fprintf(stderr, "xl vcpu-pin: %s\n", errno_xen_text(err));
	}
	free(before);
	return err ? XL_FAILURE : XL_OK;
}

int cmd_vcpu_pin(struct args *a)
{
	static const struct args_long longs[] = { { "force", 'f' }, { "help", 'h' }, { NULL, 0 } };
	struct pinning p = { .force = a->force };
	unsigned cpus;
	int letter, code;
	info_t info;

	while ((letter = args_option(a, "fh", longs)) != ARGS_END) {
		if (letter != 'f')
			return xl_option_default(a, letter);
		p.force = true;
	}
	if (!xl_check_operands(a, 3, 4, &code))
		return code;
	if (!xl_find_domain(a->operand[0], &p.domid, &info) ||
	    !read_vcpus(a->operand[1], &info, &p))
		return XL_FAILURE;
	cpus = count_cpus("vcpu-pin");
	if (!cpus || !read_cpus(a->operand[2], cpus, &p.hard, &p.set_hard) ||
	    !read_cpus(a->count > 3 ? a->operand[3] : "-", cpus, &p.soft, &p.set_soft))
		return XL_FAILURE;
	return p.set_hard || p.set_soft || p.force ? pin(&p) : XL_OK;
}
