/* SPDX-License-Identifier: MIT */
/*
 * What Xen's xl has and this one has not: a word each of why. And the lists of things that no domain
 * has here: scripts that ask for them get the empty list that they can read.
 */
#include "xl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "xl/format.h"
#include "xl/names.h"

static const struct {
	const char *names, *reason;
} absent[] = {
	{ "save restore migrate migrate-receive remus", "domains are not saved, restored or moved" },
	{ "dump-core", "core dumps are not written; `console-log DOMAIN` has the last words" },
	{ "config-update", "a domain is restarted with the configuration it was created with" },
	{ "vncviewer cd-insert cd-eject button-press qemu-monitor-command",
	  "guests have no emulated devices" },
	{ "pci-attach pci-detach pci-list pci-assignable-add pci-assignable-remove "
	  "pci-assignable-list usbctrl-attach usbctrl-detach usbdev-attach usbdev-detach usb-list",
	  "devices are not passed to guests" },
	{ "network-attach network-detach block-attach block-detach channel-list vtpm-attach "
	  "vtpm-list vtpm-detach vkb-attach vkb-list vkb-detach vdispl-attach vdispl-list "
	  "vdispl-detach vsnd-attach vsnd-list vsnd-detach devd",
	  "there are no backends of virtual devices but the console's" },
	{ "cpupool-create cpupool-destroy cpupool-rename cpupool-cpu-add cpupool-cpu-remove "
	  "cpupool-migrate cpupool-numa-split", "all CPUs are in Pool-0" },
	{ "getenforce setenforce loadpolicy", "there is no Flask security module" },
	{ "psr-hwinfo psr-cmt-attach psr-cmt-detach psr-cmt-show psr-cat-set psr-cat-show "
	  "psr-mba-set psr-mba-show", "caches and memory bandwidth are not divided" },
	{ "sched-rtds", "the scheduler is not rtds; `xl sched-credit2` sets weights and caps" },
	{ "set-parameters", "the hypervisor's parameters are those it was started with" },
};

static bool is_among(const char *name, const char *names)
{
	size_t length = strlen(name);

	for (const char *at = names; length && (at = strstr(at, name)); at += length)
		if ((at == names || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

const char *xl_absent_reason(const char *name)
{
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (is_among(name, absent[i].names))
			return absent[i].reason;
	return NULL;
}

/* The heading alone, when the domains are there. */
static int list_nothing(struct args *a, const char *heading)
{
	domid_t domid;
	int code = XL_OK;

	if (!xl_read_operands(a, 1, ARGS_MAX_OPERANDS, &code))
		return code;
	printf("%s\n", heading);
	for (int i = 0; i < a->count; i++)
		if (!xl_find_domain(a->operand[i], &domid, NULL))
			code = XL_FAILURE;
	return code;
}

int cmd_network_list(struct args *a)
{
	return list_nothing(a, "Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref "
			       "BE-path                       ");
}

int cmd_block_list(struct args *a)
{
	return list_nothing(a, "Vdev  BE  handle state evt-ch ring-ref "
			       "BE-path                       ");
}

/* Of all domains, or of the one that is named. */
static struct xen_domctl_getdomaininfo *domains_of(struct args *a, unsigned *count, int *code)
{
	struct xen_domctl_getdomaininfo *infos;
	domid_t domid;

	if (!xl_read_operands(a, 0, 1, code))
		return NULL;
	*code = XL_FAILURE;
	if (!a->count)
		return xl_all_domains(count);
	*count = 1;
	infos = malloc(sizeof(*infos));
	if (!infos)
		fprintf(stderr, "xl: dom0 has not enough memory\n");
	if (infos && xl_find_domain(a->operand[0], &domid, infos))
		return infos;
	free(infos);
	return NULL;
}

int cmd_sharing(struct args *a)
{
	char name[XL_NAME_SIZE];
	unsigned count;
	int code;
	struct xen_domctl_getdomaininfo *infos = domains_of(a, &count, &code);

	if (!infos)
		return code;
	printf("Name                                        ID   Mem Shared\n");
	for (unsigned i = 0; i < count; i++) {
		xl_domain_name(infos[i].domain, name);
		printf("%-40s %5d %5lu  %5lu\n", name, infos[i].domain,
		       (unsigned long)(infos[i].tot_pages / 256),
		       (unsigned long)(infos[i].shr_pages / 256));
	}
	free(infos);
	return XL_OK;
}

int cmd_claims(struct args *a)
{
	const struct list_columns c = { .claimed = true };
	char name[XL_NAME_SIZE];
	unsigned count;
	int code;
	struct xen_domctl_getdomaininfo *infos;

	if (!xl_read_operands(a, 0, 0, &code))
		return code;
	infos = domains_of(a, &count, &code);
	if (!infos)
		return code;
	format_list_header(stdout, &c);
	for (unsigned i = 0; i < count; i++) {
		xl_domain_name(infos[i].domain, name);
		format_list_line(stdout, &c, name, &infos[i]);
	}
	free(infos);
	return XL_OK;
}
