/* SPDX-License-Identifier: MIT */
/* xl trigger and sysrq: pokes at a guest's processor and at its kernel. */
#include "xl/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "pvguest/errno.h"
#include "xl/names.h"

static const struct {
	const char *name;
	unsigned trigger;
} triggers[] = {
	{ "nmi", XEN_DOMCTL_SENDTRIGGER_NMI },
	{ "reset", XEN_DOMCTL_SENDTRIGGER_RESET },
	{ "init", XEN_DOMCTL_SENDTRIGGER_INIT },
	{ "power", XEN_DOMCTL_SENDTRIGGER_POWER },
	{ "sleep", XEN_DOMCTL_SENDTRIGGER_SLEEP },
};

enum { NR_TRIGGERS = sizeof(triggers) / sizeof(triggers[0]) };

int cmd_trigger(struct args *a)
{
	unsigned long vcpu = 0, i;
	domid_t domid;
	char *end;
	int code, err;

	if (!xl_read_operands(a, 2, 3, &code))
		return code;
	if (!xl_find_domain(a->operand[0], &domid, NULL))
		return XL_FAILURE;
	for (i = 0; i < NR_TRIGGERS; i++)
		if (!strcmp(triggers[i].name, a->operand[1]))
			break;
	if (i == NR_TRIGGERS) {
		fprintf(stderr, "Invalid trigger \"%s\"\n", a->operand[1]);
		return XL_FAILURE;
	}
	if (a->count > 2) {
		vcpu = strtoul(a->operand[2], &end, 10);
		if (!isdigit((unsigned char)a->operand[2][0]) || *end) {
			fprintf(stderr, "Invalid vcpuid.\n");
			return XL_FAILURE;
		}
	}
	err = domctl_trigger(domid, triggers[i].trigger, vcpu);
	if (!err)
		return XL_OK;
	fprintf(stderr, "xl trigger: %s to vCPU %lu of domain %u: %s\n", triggers[i].name, vcpu,
		domid, errno_xen_text(err));
	return XL_FAILURE;
}

int cmd_sysrq(struct args *a)
{
	struct xs_handle *h = xl_store();
	domid_t domid;
	char path[64];
	int code;

	if (!xl_read_operands(a, 2, 2, &code))
		return code;
	if (!xl_find_domain(a->operand[0], &domid, NULL) || !h)
		return XL_FAILURE;
	if (strlen(a->operand[1]) != 1) {
		fprintf(stderr, "Invalid sysrq.\n\n");
		xl_command_help(xl_command_find("sysrq"));
		return XL_FAILURE;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/control/sysrq", domid);
	if (xs_write(h, XBT_NULL, path, a->operand[1], 1))
		return XL_OK;
	fprintf(stderr, "xl sysrq: writing %s: %s\n", path, strerror(errno));
	return XL_FAILURE;
}
