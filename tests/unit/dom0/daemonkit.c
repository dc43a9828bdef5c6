/* SPDX-License-Identifier: MIT */
/*
 * See daemonkit.h.
 */
#include "dom0/daemonkit.h"

#include <limits.h>

#include <hv/domstate.h>

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>

#include "dom0/xenstored.h"

#include "pvguest/grant.h"
#include "pvguest/memory.h"
#include "pvguest/xsconn.h"

struct guest guests[GUESTS];
bool kit_lists_only;
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

static unsigned int state_of(domid_t domid)
{
	const struct guest *g = &guests[domid];

	return (g->exists ? DOMSTATE_EXIST : 0) | (g->shutdown ? DOMSTATE_SHUTDOWN : 0) |
	       (g->dying ? DOMSTATE_DEAD : 0);
}

/* Who differs from what was told of it last has changed; a new one always has. */
static unsigned int told[GUESTS];

static long domain_state(struct xen_domctl *op)
{
	struct domctl_get_domain_state *s = (struct domctl_get_domain_state *)&op->u;
	domid_t domid = op->domain;

	assert_int_equal(op->interface_version, DOMCTL_STATE_VERSION);
	if (kit_lists_only)
		return -XEN_EACCES;
	if (domid == DOMID_INVALID)
		for (domid = 0; domid < GUESTS && told[domid] == state_of(domid);)
			domid++;
	if (domid == GUESTS)
		return -XEN_ENOENT;
	if (op->domain == DOMID_INVALID)
		told[domid] = state_of(domid);
	op->domain = domid;
	s->state = (uint16_t)state_of(domid);
	return 0;
}

static long domctl(struct xen_domctl *op)
{
	if (op->cmd == DOMCTL_get_domain_state)
		return domain_state(op);
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
	told[domid] = UINT_MAX;
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
