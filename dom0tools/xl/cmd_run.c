/* SPDX-License-Identifier: MIT */
/* xl pause, unpause and destroy. */
#include "xl/command.h"

#include <stdio.h>

#include "build/domctl.h"
#include "pvguest/errno.h"
#include "xl/create.h"
#include "xl/names.h"

static int report(const char *what, domid_t domid, int err)
{
	if (!err)
		return XL_OK;
	fprintf(stderr, "xl %s: domain %u: %s\n", what, domid, errno_xen_text(err));
	return XL_FAILURE;
}

/* The one operand, a domain; or false with the exit code, all said. */
static bool read_domain(struct args *a, domid_t *domid, int *code)
{
	if (!xl_read_operands(a, 1, 1, code))
		return false;
	*code = XL_FAILURE;
	return xl_find_domain(a->operand[0], domid, NULL);
}

int cmd_pause(struct args *a)
{
	domid_t domid;
	int code;

	if (!read_domain(a, &domid, &code))
		return code;
	if (!domid) {
		fprintf(stderr, "xl pause: domain 0 is the one that would have to unpause it\n");
		return XL_FAILURE;
	}
	return report("pause", domid, domctl_pause(domid));
}

int cmd_unpause(struct args *a)
{
	domid_t domid;
	int code;

	if (!read_domain(a, &domid, &code))
		return code;
	return report("unpause", domid, domctl_unpause(domid));
}

/*
 * A domain between two lives has a name but no id. It will not begin the second;
 * returns whether that is all there was to do.
 */
static bool cancel_restart(const char *name)
{
	struct record *r = record_find_ending(name);
	struct xen_domctl_getdomaininfo info;

	if (!r)
		return false;
	r->cancelled = true;
	return domctl_info(r->domid, &info) != 0;
}

int cmd_destroy(struct args *a)
{
	domid_t domid;
	int letter, code;

	while ((letter = args_option(a, "fh", NULL)) != ARGS_END) {
		if (letter != 'f')
			return xl_option_default(a, letter);
		a->force = true;
	}
	if (!xl_check_operands(a, 1, 1, &code))
		return code;
	if (cancel_restart(a->operand[0]))
		return XL_OK;
	if (!xl_find_domain(a->operand[0], &domid, NULL))
		return XL_FAILURE;
	if (domid)
		return report("destroy", domid, domain_destroy(domid, false));
	if (a->force)
		fprintf(stderr, "xl destroy: domain 0 runs this command; use `poweroff`\n");
	else
		fprintf(stderr, "Not destroying domain 0; use -f to force.\n"
			"This can only be done when using a disaggregated hardware domain and "
			"toolstack.\n\n");
	return XL_FAILURE;
}
