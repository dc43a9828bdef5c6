/* SPDX-License-Identifier: MIT */
/* The hypervisor knows numbers only; what a domain is called is a node in xenstore. */
#include "xl/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "dom0/xenstored.h"
#include "pvguest/errno.h"

struct xs_handle *xl_store(void)
{
	static struct xs_handle *handle;

	if (!handle)
		handle = xs_open(0);
	if (!handle)
		fprintf(stderr, "xl: xenstore cannot be reached: %s\n", strerror(errno));
	return handle;
}

void xl_domain_name(domid_t domid, char name[XL_NAME_SIZE])
{
	if (!xenstored_domain_name(domid, name, XL_NAME_SIZE))
		snprintf(name, XL_NAME_SIZE, "%s", domid ? "(null)" : "Domain-0");
}

struct xen_domctl_getdomaininfo *xl_all_domains(unsigned *count)
{
	enum { STEP = 64 };
	struct xen_domctl_getdomaininfo *all = NULL, *longer;
	domid_t next = 0;
	int got;

	*count = 0;
	do {
		longer = realloc(all, (*count + STEP) * sizeof(*all));
		if (!longer) {
			fprintf(stderr, "xl: not enough memory to list the domains\n");
			free(all);
			return NULL;
		}
		all = longer;
		got = sysctl_domains(next, all + *count, STEP);
		if (got < 0) {
			fprintf(stderr, "xl: listing the domains: %s\n", errno_xen_text(got));
			free(all);
			return NULL;
		}
		*count += got;
		if (got)
			next = all[*count - 1].domain + 1;
	} while (got == STEP);
	return all;
}

bool xl_find_name(const char *name, domid_t *domid)
{
	return xenstored_find_domain(name, domid);
}

bool xl_find_domain(const char *name_or_id, domid_t *domid,
		    struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl_getdomaininfo own;
	char *end;
	unsigned long id = strtoul(name_or_id, &end, 10);
	bool found;

	if (end != name_or_id && !*end) {
		found = id < DOMID_FIRST_RESERVED;
		*domid = id;
	} else {
		found = xl_find_name(name_or_id, domid);
	}
	if (found && !domctl_info(*domid, info ? info : &own))
		return true;
	fprintf(stderr, "%s is an invalid domain identifier (rc=-6)\n", name_or_id);
	return false;
}
