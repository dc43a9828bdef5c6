/* SPDX-License-Identifier: MIT */
/* xl mem-max and mem-set: the limit in the hypervisor, and the target that the guest is told of. */
#include "xl/command.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "pvguest/errno.h"
#include "xl/names.h"

#define SLACK_KB 1024

/* "16", "16m", "16384k" ... in KiB; 0 when it is no size. */
static uint64_t parse_size(const char *text)
{
	static const char units[] = "bkmgt";
	char *end;
	uint64_t n = strtoull(text, &end, 10);
	char letter = *end ? tolower((unsigned char)*end) : 'm';
	const char *unit = strchr(units, letter);
	unsigned shift;

	if (!isdigit((unsigned char)*text) || !unit || (*end && end[1]))
		return 0;
	shift = 10 * (unit - units);
	if (n > UINT64_MAX >> shift)
		return 0;
	return (n << shift) >> 10;
}

static bool write_memory_node(domid_t domid, const char *node, uint64_t kb)
{
	struct xs_handle *h = xl_store();
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", domid, node);
	if (h && xs_printf(h, XBT_NULL, path, "%" PRIu64, kb))
		return true;
	fprintf(stderr, "xl: writing %s: %s\n", path, strerror(errno));
	return false;
}

static uint64_t read_memory_node(domid_t domid, const char *node)
{
	struct xs_handle *h = xl_store();
	char path[64], *value = NULL;
	uint64_t kb;

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", domid, node);
	if (h)
		value = xs_read(h, XBT_NULL, path, NULL);
	kb = value ? strtoull(value, NULL, 10) : 0;
	free(value);
	return kb;
}

static bool read_line(struct args *a, domid_t *domid, uint64_t *kb, int *code)
{
	if (!xl_read_operands(a, 2, 2, code))
		return false;
	*code = XL_FAILURE;
	if (!xl_find_domain(a->operand[0], domid, NULL))
		return false;
	*kb = parse_size(a->operand[1]);
	if (!*kb)
		fprintf(stderr, "invalid memory size: %s\n", a->operand[1]);
	return *kb;
}

static bool set_limit(domid_t domid, uint64_t kb)
{
	int err = domctl_max_mem(domid, kb + SLACK_KB);

	if (err)
		fprintf(stderr, "xl: setting the memory limit of domain %u: %s\n", domid,
			errno_xen_text(err));
	return !err;
}

int cmd_mem_max(struct args *a)
{
	domid_t domid;
	uint64_t kb;
	int code;

	if (!read_line(a, &domid, &kb, &code))
		return code;
	if (kb < read_memory_node(domid, "target")) {
		fprintf(stderr, "xl mem-max: less than what the domain was told to use (%" PRIu64
			" KiB)\n", read_memory_node(domid, "target"));
		return XL_FAILURE;
	}
	return set_limit(domid, kb) && write_memory_node(domid, "static-max", kb) ? XL_OK :
	       XL_FAILURE;
}

int cmd_mem_set(struct args *a)
{
	uint64_t kb, max;
	domid_t domid;
	int code;

	if (!read_line(a, &domid, &kb, &code))
		return code;
	max = read_memory_node(domid, "static-max");
	if (max && kb > max) {
		fprintf(stderr, "xl mem-set: memory_dynamic_max must be less than or equal to "
			"memory_static_max (%" PRIu64 " KiB)\n", max);
		return XL_FAILURE;
	}
	return set_limit(domid, kb) && write_memory_node(domid, "target", kb) ? XL_OK : XL_FAILURE;
}
