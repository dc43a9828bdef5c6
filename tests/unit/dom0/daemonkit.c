/* SPDX-License-Identifier: MIT */
/*
 * See daemonkit.h.
 */
#include "dom0/daemonkit.h"

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>

#include "dom0/xenstored.h"

#include "pvguest/grant.h"
#include "pvguest/memory.h"
#include "pvguest/xsconn.h"

struct guest guests[GUESTS];
struct xs_handle *xs;

static unsigned int virq_port;

/* ---- memory of guests ---- */

static void *page_given(domid_t domid, void *page)
{
	guests[domid].mapped++;
	return page;
}

void *grant_map(domid_t dom, const grant_ref_t *refs, size_t n, int prot)
{
	assert_int_equal(n, 1);
	assert_int_equal(prot, MAP_RW);
	if (dom >= GUESTS || !guests[dom].exists || guests[dom].no_grants) {
		errno = EINVAL;
		return NULL;
	}
	if (refs[0] == GNTTAB_RESERVED_XENSTORE)
		return page_given(dom, &guests[dom].xenstore);
	assert_int_equal(refs[0], GNTTAB_RESERVED_CONSOLE);
	return page_given(dom, &guests[dom].console);
}

static void page_taken(const void *page)
{
	for (size_t i = 0; i < GUESTS; i++) {
		if (page == &guests[i].xenstore || page == &guests[i].console) {
			assert_true(guests[i].mapped > 0);
			guests[i].mapped--;
			return;
		}
	}
	fail_msg("unmapped what is no page");
}

int grant_unmap(void *p, size_t n)
{
	assert_int_equal(n, 1);
	page_taken(p);
	return 0;
}

void *map_foreign_contig(domid_t dom, xen_pfn_t first, size_t n, int prot)
{
	assert_int_equal(n, 1);
	assert_int_equal(prot, MAP_RW);
	if (dom < GUESTS && guests[dom].exists && !guests[dom].no_frames) {
		if (first == (xen_pfn_t)FRAME_XENSTORE + dom)
			return page_given(dom, &guests[dom].xenstore);
		if (first == (xen_pfn_t)FRAME_CONSOLE + dom)
			return page_given(dom, &guests[dom].console);
	}
	errno = EPERM;
	return NULL;
}

void unmap_pages(void *p, size_t n)
{
	assert_int_equal(n, 1);
	page_taken(p);
}

/* ---- the hypervisor's lists ---- */

static long sysctl(struct xen_sysctl *op)
{
	unsigned int n = 0;

	assert_int_equal(op->cmd, XEN_SYSCTL_getdomaininfolist);
	assert_int_equal(op->interface_version, XEN_SYSCTL_INTERFACE_VERSION);
	for (domid_t i = op->u.getdomaininfolist.first_domain;
	     i < GUESTS && n < op->u.getdomaininfolist.max_domains; i++) {
		xen_domctl_getdomaininfo_t *info = &op->u.getdomaininfolist.buffer.p[n];

		if (!guests[i].exists)
			continue;
		memset(info, 0, sizeof(*info));
		info->domain = i;
		info->flags = (guests[i].dying ? XEN_DOMINF_dying : 0) |
			      (guests[i].shutdown ? XEN_DOMINF_shutdown : 0);
		n++;
	}
	op->u.getdomaininfolist.num_domains = n;
	return 0;
}

static long domctl(struct xen_domctl *op)
{
	assert_int_equal(op->cmd, XEN_DOMCTL_getdomaininfo);
	op->u.getdomaininfo.tot_pages = 1024;
	return 0;
}

static long hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3)
{
	(void)a2;
	(void)a3;
	if (nr == __HYPERVISOR_sysctl)
		return sysctl((struct xen_sysctl *)a1);
	if (nr == __HYPERVISOR_domctl)
		return domctl((struct xen_domctl *)a1);
	return -XEN_ENOSYS;
}

struct xs_transport *xs_ring_transport(void)
{
	return NULL;
}

/* ---- for tests ---- */

void settle(void)
{
	for (int i = 0; i < 200; i++)
		thread_yield();
}

int daemonkit_start(void **state)
{
	kit_setup(state);
	kit_other_hypercall = hypercall;
	guests[0].exists = true;
	if (xenstored_start())
		return -1;
	virq_port = 1;	/* the first one bound */
	xs = xs_open(0);
	return xs ? 0 : -1;
}

void guest_make(domid_t domid)
{
	memset(&guests[domid], 0, sizeof(guests[domid]));
	guests[domid].exists = true;
}

unsigned int guest_introduce(domid_t domid)
{
	bool before[64];

	memcpy(before, kit_open, sizeof(before));
	if (!xs_introduce_domain(xs, domid, FRAME_XENSTORE + domid, 1))
		return 0;
	for (unsigned int i = 0; i < 64; i++)
		if (kit_open[i] && !before[i])
			return i;
	fail_msg("no port was bound");
	return 0;
}

void domain_exception(void)
{
	kit_raise(virq_port);
	settle();
}

unsigned int ports_open(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 64; i++)
		n += kit_open[i];
	return n;
}
