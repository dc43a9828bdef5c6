// SPDX-License-Identifier: MIT
/*
 * The other side of grants: mapping and copying what other domains give us access to.
 */
#include <pvguest/grant.h>

#include <errno.h>
#include <stdlib.h>

#include <pvguest/arch.h>
#include <pvguest/errno.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>

/* Remembers the handles that unmapping needs. */
struct mapping {
	struct mapping *next;
	char *va;
	size_t n;
	grant_handle_t handles[];
};

static struct mapping *mappings;

static int status_to_xen(int status)
{
	switch (status) {
	case GNTST_okay:
		return 0;
	case GNTST_bad_domain:
		return -XEN_ESRCH;
	case GNTST_permission_denied:
		return -XEN_EACCES;
	case GNTST_no_space:
		return -XEN_ENOSPC;
	case GNTST_bad_gntref:
	case GNTST_bad_page:
	case GNTST_bad_virt_addr:
		return -XEN_EINVAL;
	case GNTST_eagain:
		return -XEN_EAGAIN;
	default:
		return -XEN_EIO;
	}
}

const char *grant_status_text(int status)
{
	static const char *const text[] = GNTTABOP_error_msgs;
	unsigned int i = -status;

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "unknown status";
}

static int map_one(struct mapping *m, size_t i, domid_t dom, grant_ref_t ref, int prot)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = (unsigned long)m->va + i * PAGE_SIZE,
		.flags = GNTMAP_host_map | (prot & MAP_WRITE ? 0 : GNTMAP_readonly),
		.ref = ref,
		.dom = dom,
	};
	long rc;

	/* The hypervisor writes the entry itself, into a table that must be there. */
	if (!mmu_pte_maddr(op.host_addr))
		return -XEN_ENOMEM;
	rc = hypercall_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
	m->handles[i] = op.handle;
	return rc ? (int)rc : status_to_xen(op.status);
}

static int unmap_first(struct mapping *m, size_t n)
{
	int first = 0;

	for (size_t i = 0; i < n; i++) {
		struct gnttab_unmap_grant_ref op = {
			.host_addr = (unsigned long)m->va + i * PAGE_SIZE,
			.handle = m->handles[i],
		};
		long rc = hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

		if (!rc)
			rc = status_to_xen(op.status);
		if (rc && !first)
			first = rc;
	}
	return first;
}

void *grant_map(domid_t dom, const grant_ref_t *refs, size_t n, int prot)
{
	struct mapping *m = malloc(sizeof(*m) + n * sizeof(m->handles[0]));
	int rc;

	if (!m)
		return NULL;
	m->n = n;
	m->va = map_reserve(n);
	if (!m->va) {
		free(m);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		rc = map_one(m, i, dom, refs[i], prot);
		if (!rc)
			continue;
		unmap_first(m, i);
		map_release(m->va, n);
		free(m);
		errno = errno_from_xen(rc);
		return NULL;
	}
	memory_lock();
	m->next = mappings;
	mappings = m;
	memory_unlock();
	return m->va;
}

/* The mapping of n pages at p, which is not remembered any more; NULL when there is none. */
static struct mapping *mapping_take(const void *p, size_t n)
{
	struct mapping **link = &mappings, *m;

	memory_lock();
	while (*link && (*link)->va != p)
		link = &(*link)->next;
	m = *link;
	if (m && m->n != n)
		m = NULL;
	if (m)
		*link = m->next;
	memory_unlock();
	return m;
}

int grant_unmap(void *p, size_t n)
{
	struct mapping *m = mapping_take(p, n);
	int rc;

	if (!m)
		return -XEN_EINVAL;
	rc = unmap_first(m, n);
	/* After a failure something may still be mapped there: the addresses are not used again. */
	if (!rc)
		map_release(m->va, n);
	free(m);
	return rc;
}

int grant_copy(struct gnttab_copy *ops, size_t n)
{
	long rc = hypercall_grant_table_op(GNTTABOP_copy, ops, n);

	for (size_t i = 0; !rc && i < n; i++)
		if (ops[i].status != GNTST_okay)
			rc = -XEN_EIO;
	return rc;
}
