/* SPDX-License-Identifier: MIT */
/* xl domid, domname and rename. */
#include "xl/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "xl/names.h"
#include "xl/record.h"
#include "xl/store.h"

int cmd_domid(struct args *a)
{
	domid_t domid;
	int code;

	if (!xl_read_operands(a, 1, 1, &code))
		return code;
	if (!xl_find_name(a->operand[0], &domid)) {
		fprintf(stderr, "Can't get domid of domain name '%s', maybe this domain does not "
			"exist.\n", a->operand[0]);
		return XL_FAILURE;
	}
	printf("%u\n", domid);
	return XL_OK;
}

int cmd_domname(struct args *a)
{
	struct xen_domctl_getdomaininfo info;
	char name[XL_NAME_SIZE], *end;
	unsigned long id;
	int code;

	if (!xl_read_operands(a, 1, 1, &code))
		return code;
	id = strtoul(a->operand[0], &end, 10);
	if (!isdigit((unsigned char)a->operand[0][0]) || *end) {
		fprintf(stderr, "Invalid domain id.\n\n");
		return XL_FAILURE;
	}
	if (id >= DOMID_FIRST_RESERVED || domctl_info(id, &info)) {
		fprintf(stderr, "Can't get domain name of domain id '%s', maybe this domain does "
			"not exist.\n", a->operand[0]);
		return XL_FAILURE;
	}
	xl_domain_name(id, name);
	printf("%s\n", name);
	return XL_OK;
}

static bool name_is_good(const char *name)
{
	if (!*name || strlen(name) > DOMCONF_MAX_NAME ||
	    strspn(name, "0123456789") == strlen(name))
		return false;
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '/')
			return false;
	return true;
}

int cmd_rename(struct args *a)
{
	struct xen_domctl_getdomaininfo info;
	domid_t domid, other;
	struct record *r;
	char *name;
	int code;

	if (!xl_read_operands(a, 2, 2, &code))
		return code;
	if (!xl_find_domain(a->operand[0], &domid, &info))
		return XL_FAILURE;
	if (!name_is_good(a->operand[1])) {
		fprintf(stderr, "xl rename: '%s' is no name for a domain\n", a->operand[1]);
		return XL_FAILURE;
	}
	if (xl_find_name(a->operand[1], &other)) {
		fprintf(stderr, "Domain with name \"%s\" already exists.\n", a->operand[1]);
		return XL_FAILURE;
	}
	name = strdup(a->operand[1]);
	if (!name || !store_rename_domain(xl_store(), domid, info.handle, name)) {
		fprintf(stderr, "Can't rename domain '%s': %s\n", a->operand[0], strerror(errno));
		free(name);
		return XL_FAILURE;
	}
	r = record_find(domid);
	if (r) {
		free(r->conf.name);
		r->conf.name = name;
	} else {
		free(name);
	}
	return XL_OK;
}
