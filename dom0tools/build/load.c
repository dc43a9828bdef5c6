/* SPDX-License-Identifier: MIT */
/*
 * The builder's order of events: everything that can be refused from the files
 * alone is refused before the domain exists; then it gets its limits, its
 * memory, its contents, and last its first vCPU. Whatever fails on the way
 * destroys the domain.
 */
#include "build/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "build/domctl.h"
#include "build/image.h"
#include "build/kernel.h"
#include "build/memory.h"
#include "build/plan.h"
#include "build/start.h"
#include "pvguest/errno.h"
#include "pvguest/hypercall.h"
#include "pvguest/memory.h"
#include "pvguest/thread.h"

#define SLACK_KB 1024	/* what a domain may have above its memory, as Xen's tools allow */

struct load {
	const struct domconf *conf;
	const struct load_images *images;
	struct load_result *result;
	struct build_error *err;
	struct image image;
	struct plan plan;
	uint64_t *mfns;		/* by pfn, as the guest's own list */
	struct xen_sysctl_physinfo machine;	/* before anything was taken */
	domid_t domid;
};

static int fail(struct load *l, int code, const char *what)
{
	return build_fail(l->err, code, "%s: %s", what, errno_xen_text(code));
}

/* Whichever step found it out, and whatever that said: this is what the user can act on. */
static int out_of_memory(struct load *l)
{
	l->err->text[0] = '\0';
	return build_fail(l->err, -XEN_ENOMEM, "not enough memory: %llu MiB asked, %llu MiB free",
			  (unsigned long long)l->conf->memory_kb / 1024,
			  (unsigned long long)l->machine.free_pages / 256);
}

/* Early, before anything is taken; the real answer is the hypervisor's. */
static int check_free_memory(struct load *l)
{
	int err = sysctl_physinfo(&l->machine);

	if (err)
		return fail(l, err, "asking for the free memory");
	return l->machine.free_pages < l->plan.nr_pages ? out_of_memory(l) : 0;
}

/* The version of grant tables that the domain may use. */
static unsigned grant_version(const struct load *l)
{
	if (l->conf->max_grant_version)
		return l->conf->max_grant_version;
	return l->machine.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? 2 : 1;
}

static int kernel_fault(struct load *l, int err, const struct build_error *why)
{
	return build_fail(l->err, err, "kernel '%s': %s", l->conf->kernel, why->text);
}

static int open_kernel(struct load *l)
{
	struct build_error why = { "" };
	int err = image_open(&l->image, l->images->kernel, l->images->kernel_bytes,
			     l->conf->memory_kb * 1024, &why);

	return err ? kernel_fault(l, err, &why) : 0;
}

static int plan_domain(struct load *l)
{
	int err = open_kernel(l);

	if (!err)
		err = plan_make(&l->plan, &l->image.kernel, l->images->ramdisk_bytes,
				l->conf->memory_kb / 4, l->err);
	if (!err)
		err = check_free_memory(l);
	if (err)
		return err;
	l->mfns = malloc(l->plan.nr_pages * sizeof(l->mfns[0]));
	if (!l->mfns)
		return build_fail(l->err, -XEN_ENOMEM, "dom0 has not enough memory to list %llu pages",
				  (unsigned long long)l->plan.nr_pages);
	return 0;
}

static int create_domain(struct load *l)
{
	const struct domconf *conf = l->conf;
	struct domctl_limits limits = {
		.max_vcpus = conf->maxvcpus,
		.max_event_channels = conf->max_event_channels,
		.max_grant_frames = conf->max_grant_frames,
		.max_maptrack_frames = conf->max_maptrack_frames,
		.max_grant_version = grant_version(l),
	};
	int err;

	memcpy(limits.uuid, conf->uuid, sizeof(limits.uuid));
	err = domctl_create(&limits, &l->domid);
	if (err == -XEN_ENOMEM)
		return out_of_memory(l);
	return err ? fail(l, err, "the hypervisor refuses to create the domain") : 0;
}

static int optional(int err)
{
	return err == -XEN_ENOSYS || err == -XEN_EOPNOTSUPP ? 0 : err;
}

/* Where each vCPU may run, as far as the configuration says. */
static int set_affinity(struct load *l)
{
	const struct domconf_affinity *hard = &l->conf->hard, *soft = &l->conf->soft;
	int err = 0;

	for (unsigned i = 0; !err && (i < hard->count || i < soft->count); i++)
		err = domctl_set_vcpu_affinity(l->domid, i,
					       i < hard->count ? hard->maps[i].bits : NULL,
					       i < soft->count ? soft->maps[i].bits : NULL,
					       CPUMAP_BYTES, false);
	return err ? fail(l, err, "setting cpus and cpus_soft") : 0;
}

static int set_limits(struct load *l)
{
	const struct domconf *conf = l->conf;
	int err = domctl_max_vcpus(l->domid, conf->maxvcpus);

	if (err == -XEN_ENOMEM)
		return out_of_memory(l);
	if (err)
		return fail(l, err, "setting the number of vCPUs");
	err = domctl_max_mem(l->domid, conf->maxmem_kb + SLACK_KB);
	if (err)
		return fail(l, err, "setting the memory limit");
	err = domctl_set_64bit(l->domid);
	if (err)
		return fail(l, err, "making it a 64-bit domain");
	/* A guest without a map takes nr_pages for it: no reason to fail. */
	err = optional(memory_set_map(l->domid, conf->maxmem_kb * 1024));
	if (err)
		return fail(l, err, "setting the memory map");
	if (conf->tsc_mode && (err = domctl_set_tsc_mode(l->domid, conf->tsc_mode)))
		return fail(l, err, "setting tsc_mode");
	if (conf->rtc_timeoffset && (err = domctl_set_time_offset(l->domid, conf->rtc_timeoffset)))
		return fail(l, err, "setting rtc_timeoffset");
	if (conf->cpu_weight >= 0 || conf->cap >= 0)
		err = domctl_sched_set(l->domid, conf->cpu_weight, conf->cap);
	return err ? fail(l, err, "setting cpu_weight and cap") : set_affinity(l);
}

static int make_ports(struct load *l)
{
	int xenstore = domctl_alloc_port(l->domid, 0);
	int console = domctl_alloc_port(l->domid, 0);

	if (xenstore < 0 || console < 0)
		return fail(l, xenstore < 0 ? xenstore : console, "making event channels");
	l->result->xenstore_port = xenstore;
	l->result->console_port = console;
	return 0;
}

static int write_at(struct load *l, uint64_t pfn, size_t offset, const void *source, size_t bytes)
{
	int err = memory_write(l->domid, l->mfns, pfn, offset, source, bytes);

	return err ? fail(l, err, "writing the domain's memory") : 0;
}

static int put_kernel(void *ctx, uint64_t address, const void *data, size_t bytes)
{
	struct load *l = ctx;

	return write_at(l, 0, address - l->plan.virt_base, data, bytes);
}

/* Zeroes of the mapped region, by offsets from its start. */
static int zero(struct load *l, uint64_t from, uint64_t to)
{
	return from < to ? write_at(l, 0, from, NULL, to - from) : 0;
}

/* What no segment's bytes will cover. Segments are in order, else all is zeroed first. */
static int zero_kernel(struct load *l)
{
	const struct plan_area *area = &l->plan.kernel;
	const struct kernel *k = &l->image.kernel;
	uint64_t at = area->pfn * PAGE_SIZE, end = at + area->count * PAGE_SIZE;
	struct elf_segment s;
	unsigned i = 0;
	int err = 0;

	while (!err && elf_load_next(&k->elf, &i, &s)) {
		uint64_t start = kernel_virt(k, s.paddr) - l->plan.virt_base;

		if (start < at)
			return zero(l, area->pfn * PAGE_SIZE, end);
		err = zero(l, at, start);
		at = start + s.filesz;
	}
	return err ? err : zero(l, at, end);
}

static int write_kernel(struct load *l)
{
	struct build_error why = { "" };
	int err = zero_kernel(l);

	if (!err)
		err = image_write(&l->image, put_kernel, l, &why);
	return err && why.text[0] ? kernel_fault(l, err, &why) : err;
}

static int write_tables(struct load *l)
{
	uint64_t *entries = malloc(PAGE_SIZE);
	uint64_t count = plan_table_count(&l->plan);
	int err = entries ? 0 : fail(l, -XEN_ENOMEM, "making page tables");

	for (uint64_t i = 0; i < count && !err; i++) {
		plan_table_fill(&l->plan, i, l->mfns, entries);
		err = write_at(l, plan_table_pfn(&l->plan, i), 0, entries, PAGE_SIZE);
	}
	free(entries);
	return err;
}

/* Pages whose contents would be what another domain or dom0 left there. */
static int write_zeros(struct load *l)
{
	const struct plan *p = &l->plan;
	uint64_t used = plan_mapped_tables(p);
	int err = write_at(l, p->xenstore.pfn, 0, NULL, PAGE_SIZE);

	if (!err)
		err = write_at(l, p->console.pfn, 0, NULL, PAGE_SIZE);
	/* Of the tables only the spare ones: the others are written whole. */
	if (!err)
		err = write_at(l, p->tables.pfn + used, 0, NULL, (p->tables.count - used) * PAGE_SIZE);
	if (!err)
		err = write_at(l, p->stack.pfn, 0, NULL, PAGE_SIZE);
	return err;
}

static int write_contents(struct load *l)
{
	const struct plan *p = &l->plan;
	size_t list_bytes = p->nr_pages * sizeof(l->mfns[0]);
	int err = write_kernel(l);

	if (!err && p->ramdisk.count)
		err = write_at(l, p->ramdisk.pfn, 0, l->images->ramdisk, l->images->ramdisk_bytes);
	if (!err)
		err = write_at(l, p->p2m.pfn, 0, l->mfns, list_bytes);
	if (!err)
		err = write_at(l, p->p2m.pfn, list_bytes, NULL,
			       p->p2m.count * PAGE_SIZE - list_bytes);
	if (!err)
		err = write_zeros(l);
	return err ? err : write_tables(l);
}

/* The shared page is the hypervisor's; it is mapped, not owned. */
static int write_shared_info(struct load *l, uint64_t *address)
{
	struct xen_domctl_getdomaininfo info;
	struct shared_info *shared;
	xen_pfn_t frame;
	int err = domctl_info(l->domid, &info);

	if (err)
		return fail(l, err, "asking for the shared page");
	frame = info.shared_info_frame;
	shared = map_foreign(l->domid, &frame, 1, MAP_RW, NULL);
	if (!shared)
		return fail(l, -errno_to_xen(errno), "mapping the shared page");
	start_shared_fill(shared);
	unmap_pages(shared, 1);
	*address = frame * PAGE_SIZE;
	return 0;
}

static int write_start_info(struct load *l)
{
	struct start_facts facts = {
		.ramdisk_bytes = l->images->ramdisk_bytes,
		.xenstore_port = l->result->xenstore_port,
		.console_port = l->result->console_port,
		.cmdline = l->conf->cmdline,
	};
	struct start_info *si;
	int err = write_shared_info(l, &facts.shared_info);

	if (err)
		return err;
	si = calloc(1, PAGE_SIZE);
	if (!si)
		return fail(l, -XEN_ENOMEM, "making start_info");
	start_info_fill(si, &l->plan, &facts, l->mfns);
	err = write_at(l, l->plan.start_info.pfn, 0, si, PAGE_SIZE);
	free(si);
	return err;
}

static int pin_tables(struct load *l)
{
	struct mmuext_op op = {
		.cmd = MMUEXT_PIN_L4_TABLE,
		.arg1.mfn = l->mfns[l->plan.l4_pfn],
	};
	int err = hypercall_mmuext_op(&op, 1, NULL, l->domid);

	return err ? fail(l, err, "pinning the page tables") : 0;
}

static int start_vcpu(struct load *l)
{
	const struct kernel *k = &l->image.kernel;
	struct vcpu_guest_context *context = malloc(sizeof(*context));
	int err = context ? 0 : -XEN_ENOMEM;

	if (!err && k->hypercall_page != KERNEL_NONE)
		err = domctl_hypercall_page(l->domid, l->mfns[(k->hypercall_page -
							       k->virt_base) / PAGE_SIZE]);
	if (!err) {
		start_context_fill(context, k, &l->plan, l->mfns);
		err = domctl_set_context(l->domid, 0, context);
	}
	free(context);
	return err ? fail(l, err, "setting up the first vCPU") : 0;
}

static int fill_domain(struct load *l)
{
	int err = set_limits(l);

	if (!err)
		err = make_ports(l);
	if (!err) {
		err = memory_populate(l->domid, l->mfns, l->plan.nr_pages, l->err);
		if (err == -XEN_ENOMEM)
			out_of_memory(l);
	}
	if (!err)
		err = write_contents(l);
	if (!err)
		err = write_start_info(l);
	if (!err)
		err = pin_tables(l);
	if (!err)
		err = start_vcpu(l);
	return err;
}

int load_domain(struct load_result *result, const struct domconf *conf,
		const struct load_images *images, struct build_error *err)
{
	struct load l = { .conf = conf, .images = images, .result = result, .err = err };
	int code;

	*result = (struct load_result){ 0 };
	err->text[0] = '\0';
	code = plan_domain(&l);
	if (!code)
		code = create_domain(&l);
	if (code)
		goto free_list;
	code = fill_domain(&l);
	if (!code) {
		result->domid = l.domid;
		result->xenstore_mfn = l.mfns[l.plan.xenstore.pfn];
		result->console_mfn = l.mfns[l.plan.console.pfn];
		memcpy(result->guest_os, l.image.kernel.guest_os, sizeof(result->guest_os));
		code = memory_seed_grants(l.domid, result->console_mfn, result->xenstore_mfn);
		if (code)
			fail(&l, code, "granting the ring pages to dom0");
	}
	if (code)
		domctl_destroy(l.domid);
free_list:
	image_close(&l.image);
	free(l.mfns);
	return code;
}
