// SPDX-License-Identifier: MIT
/* Grants to ourselves: copied, mapped, ended. */
#include "selftest.h"

#include <string.h>

#include <pvguest/grant.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>

#include <xen/errno.h>

static void test_copy(int ref, char *page)
{
	char *copy = page_alloc_zero(0);
	struct gnttab_copy op = {
		.source.u.ref = ref,
		.source.domid = pv_domid(),
		.source.offset = 2,
		.dest.u.gmfn = virt_to_mfn(copy),
		.dest.domid = DOMID_SELF,
		.len = 4,
		.flags = GNTCOPY_source_gref,
	};

	check(!grant_copy(&op, 1) && !strcmp(copy, page + 2),
	      "the hypervisor copies from a grant");
	op.source.u.ref = 100;
	check(grant_copy(&op, 1) && op.status != GNTST_okay, "but not from one that is none");
	page_free(copy, 0);
}

static void test_map(int ref, char *page)
{
	grant_ref_t refs[2] = { ref, 100 };
	char *m = grant_map(pv_domid(), refs, 1, MAP_RW);

	check(m && !strcmp(m, page), "a grant can be mapped");
	if (!m)
		return;
	strcpy(m, "changed");
	check(!strcmp(page, "changed"), "both see the same page");
	check(grant_is_mapped(ref) && grant_end(ref) == -XEN_EBUSY,
	      "while mapped it stays granted");
	check(!grant_unmap(m, 1), "it can be unmapped");
	check(!grant_map(pv_domid(), refs, 2, MAP_RW) && !grant_is_mapped(ref),
	      "one bad reference among two and nothing is mapped");
}

void test_grants(void)
{
	char *page = page_alloc_zero(0);
	int ref, refs[600];
	bool good = true;

	strcpy(page, "a page");
	ref = grant_access(pv_domid(), virt_to_mfn(page), false);
	check(ref >= GRANT_FIRST_FREE, "a frame can be granted");
	if (ref < 0)
		return;
	test_copy(ref, page);
	test_map(ref, page);
	check(!grant_end(ref) && grant_end(ref) < 0, "a grant ends once");
	for (int i = 0; i < 600; i++)
		good = (refs[i] = grant_access(0, virt_to_mfn(page), true)) > 0 && good;
	for (int i = 0; i < 600; i++)
		good = !grant_end(refs[i]) && good;
	check(good, "the table grows beyond a frame");
	page_free(page, 0);
}
