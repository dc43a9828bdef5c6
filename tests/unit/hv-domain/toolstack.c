// SPDX-License-Identifier: MIT
/* See toolstack.h. */
#include "toolstack.h"

#include <xen/grant_table.h>
#include <xen/vcpu.h>

#include <hv/mm.h>

#define PAGE_RW 7u	/* present, writable, user */

uint64_t tool_frames[2][TOOL_PAGES];
unsigned tool_vcpus = 2;

static struct vcpu_guest_context context;

unsigned nr(domid_t id)
{
	return id == MAPPER;
}

long tool_create(domid_t id)
{
	struct xen_domctl op = { .u.createdomain = {
		.max_vcpus = tool_vcpus, .max_evtchn_port = 1023, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .grant_opts = XEN_DOMCTL_GRANT_version(1) } };

	return world_domctl(&op, XEN_DOMCTL_createdomain, id);
}

long tool_give_vcpus(domid_t id)
{
	struct xen_domctl op = { .u.max_vcpus.max = tool_vcpus };

	return world_domctl(&op, XEN_DOMCTL_max_vcpus, id);
}

long tool_limit_memory(domid_t id)
{
	struct xen_domctl op = { .u.max_mem.max_memkb = 4 * (TOOL_PAGES + 8) };

	return world_domctl(&op, XEN_DOMCTL_max_mem, id);
}

/* It answers with the number of extents that there was room for; the rest is asked for again. */
long tool_populate(domid_t id)
{
	struct xen_memory_reservation r = { .nr_extents = TOOL_PAGES, .domid = id };
	uint64_t *at = tool_frames[nr(id)];
	long done;

	for (unsigned i = 0; i < TOOL_PAGES; i++)
		at[i] = i;
	set_xen_guest_handle(r.extent_start, at);
	done = world_call(do_memory_op, XENMEM_populate_physmap, ARG(&r), 0, 0);
	if (done == TOOL_PAGES)
		return 0;
	return done < 0 ? done : -XEN_ENOMEM;
}

/* Page 0 is the top-level table, 1 to 3 those below; entry 4 and on of the last are to spare. */
long tool_build_tables(domid_t id)
{
	const uint64_t *m = tool_frames[nr(id)];
	struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = m[0] };

	for (unsigned i = 0; i < 3; i++)
		*(uint64_t *)frame_ptr(mfn(m[i])) = m[i + 1] << PAGE_SHIFT | PAGE_RW;
	*(uint64_t *)frame_ptr(mfn(m[3])) = m[4] << PAGE_SHIFT | PAGE_RW;
	return world_call(do_mmuext_op, ARG(&pin), 1, 0, id);
}

static long set_context(domid_t id, uint32_t vcpu, unsigned long flags)
{
	struct xen_domctl op = { .u.vcpucontext.vcpu = vcpu };

	memset(&context, 0, sizeof(context));
	context.flags = flags;
	context.ctrlreg[3] = tool_frames[nr(id)][0] << PAGE_SHIFT;
	set_xen_guest_handle_raw(op.u.vcpucontext.ctxt, &context);
	return world_domctl(&op, XEN_DOMCTL_setvcpucontext, id);
}

long tool_set_context(domid_t id)
{
	return set_context(id, 0, VGCF_online | VGCF_in_kernel | VGCF_i387_valid);
}

long tool_set_other_context(domid_t id)
{
	return set_context(id, 2, VGCF_in_kernel | VGCF_i387_valid);
}

long guest_call(domid_t id, hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	long rc;

	world_run(id);
	rc = world_call(fn, a1, a2, a3, DOMID_SELF);
	world_run(0);
	return rc;
}

long guest_start_vcpu(domid_t id)
{
	memset(&context, 0, sizeof(context));
	context.ctrlreg[3] = tool_frames[nr(id)][0] << PAGE_SHIFT;
	context.flags = VGCF_in_kernel | VGCF_i387_valid;
	return guest_call(id, do_vcpu_op, VCPUOP_initialise, 1, ARG(&context));
}

/* Its first grant beyond the first piece of the table: page 7, for the other to map. */
long guest_offer(domid_t id)
{
	int err;
	grant_entry_v1_t *e = grant_shared_page(world_domain(id), 0, current_budget(), &err);

	if (!e)
		return err;
	e[40] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = MAPPER,
				    .frame = (uint32_t)tool_frames[nr(id)][7] };
	return 0;
}

long guest_map_grant(domid_t id)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = (tool_frames[nr(id)][3] << PAGE_SHIFT) + 4 * 8, .ref = 40, .dom = OWNER,
		.flags = GNTMAP_host_map | GNTMAP_contains_pte };
	long rc = guest_call(id, do_grant_table_op, GNTTABOP_map_grant_ref, ARG(&m), 1);

	return rc ? rc : m.status == GNTST_okay ? 0 : -XEN_ENOMEM;
}
