/* SPDX-License-Identifier: MIT */
/* All there is of something, and a little more: ports, grants, handles, memory, timers. */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#include <xen/grant_table.h>

#define RW (P_P | P_W | P_U | P_A | P_D)

static void ports(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	unsigned n = 0;
	long rc;

	while (!(rc = HC(event_channel_op, EVTCHNOP_alloc_unbound, &a)) && n < 100000)
		n++;
	check(rc == -XEN_ENOSPC && n < 4096, "ports end, after %u", n);
	for (evtchn_port_t port = 0; port < 5000; port++) {
		struct evtchn_send send = { port };
		struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF,
		      .remote_port = port };

		HC(event_channel_op, EVTCHNOP_send, &send);
		HC(event_channel_op, EVTCHNOP_bind_interdomain, &b);
	}
	for (unsigned bit = 12; bit < 32; bit++) {
		struct evtchn_close c = { 1u << bit };

		if (!HC(event_channel_op, EVTCHNOP_close, &c))
			check(false, "port %u is none", c.port);
	}
	check(books_agree(), "the books agree with all ports taken");
	for (evtchn_port_t port = 1; port < 4096; port++)
		if (is_control() || (port != start_info->console.domU.evtchn &&
				     port != start_info->store_evtchn))
			HC(event_channel_op, EVTCHNOP_close, &port);
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

static void grant_tables(void)
{
	static xen_pfn_t frames[4096];
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	struct gnttab_setup_table setup = { .dom = DOMID_SELF };

	set_xen_guest_handle(setup.frame_list, frames);
	HC(grant_table_op, GNTTABOP_query_size, &size, 1);
	setup.nr_frames = size.max_nr_frames + 1;
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	check(setup.status < 0, "a table of more frames than may be is refused");
	setup.nr_frames = ~0u;
	check(HC(grant_table_op, GNTTABOP_setup_table, &setup, 1) < 0 || setup.status < 0,
	      "so is one of 4 billion");
	setup.nr_frames = size.max_nr_frames;
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	check_eq((uint64_t)setup.status, 0, "one of %u is given", size.max_nr_frames);
}

/* Grants to itself, until handles end. */
static void handles(void)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	grant_entry_v1_t *grants = page_alloc();
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u = { 0 };
	domid_t self = (domid_t)(is_control() ? 0 : DOMID_SELF);
	uint64_t at = (uint64_t)page_alloc(), data = hidden_page(), l1;
	unsigned n = 0, freed = 0;
	xen_pfn_t frame = 0;

	set_xen_guest_handle(setup.frame_list, &frame);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	HC(update_va_mapping, grants, frame << 12 | RW, UVMF_INVLPG);
	grants[9] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = self,
					.frame = (uint32_t)data };
	do {
		m = (struct gnttab_map_grant_ref){ .dom = self, .ref = 9,
		      .flags = GNTMAP_device_map };
		HC(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
	} while (!m.status && n++ < 600000);
	print("# %u handles, then status %d", n, m.status);
	for (u.handle = 0; u.handle < n + 1000 && n; u.handle++) {
		u.dev_bus_addr = data << 12;
		HC(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
		freed += !u.status;
	}
	check_eq(freed, n, "all handles are given back");
	u.handle = ~0u;
	HC(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
	check(u.status < 0, "the last number is no handle");

	/* A grant of a table, to be written: by mapping and by copy. */
	l1 = pte_maddr(at) >> 12;
	grants[9].frame = (uint32_t)l1;
	m = (struct gnttab_map_grant_ref){ .dom = self, .ref = 9, .flags = GNTMAP_host_map,
					   .host_addr = at };
	HC(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
	check(m.status < 0, "a page table is not mapped by a grant to be written");
	struct gnttab_copy c = {
		.source = { .u.gmfn = data, .domid = DOMID_SELF },
		.dest = { .u.gmfn = l1, .domid = DOMID_SELF }, .len = 8,
	};
	HC(grant_table_op, GNTTABOP_copy, &c, 1);
	check(c.status < 0, "nor written by a copy");
	c.dest.u.gmfn = data;
	c.dest.offset = 4090;
	c.len = 0xffff;
	HC(grant_table_op, GNTTABOP_copy, &c, 1);
	check(c.status < 0, "nor is more copied than a page holds");

	if (!is_control())	/* a domain must name itself by its number,
	      which others do not know */
		return;
	/* The entry that a grant wrote is changed behind its back. */
	grants[9].frame = (uint32_t)data;
	m = (struct gnttab_map_grant_ref){ .dom = self, .ref = 9, .host_addr = at,
					   .flags = GNTMAP_host_map | GNTMAP_readonly };
	HC(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
	check_eq((uint64_t)m.status, 0, "a grant is mapped");
	HC(update_va_mapping, at, va_mfn((void *)at) << 12 | RW, UVMF_INVLPG);
	u = (struct gnttab_unmap_grant_ref){ .host_addr = at, .handle = m.handle };
	HC(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
	check(u.status < 0, "an entry that is another now is not taken for it");
	HC(update_va_mapping, at, data << 12 | P_P | P_U, UVMF_INVLPG);
	HC(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
	check_eq((uint64_t)u.status, 0, "with the frame there again it is");
	HC(update_va_mapping, at, va_mfn((void *)at) << 12 | RW, UVMF_INVLPG);
}

static void areas(void)
{
	struct vcpu_register_runstate_memory_area r = { 0 };
	struct vcpu_register_vcpu_info i = { 0 };
	uint64_t table = (uint64_t)start_info->pt_base;

	r.addr.p = table;
	check(HC(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &r) < 0,
	      "time is not written to a page table");
	i.mfn = top_level();
	check(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, &i) < 0, "vcpu_info is no page table");
	i.mfn = va_mfn(page_alloc());
	i.offset = 4096 - 32;
	check(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, &i) < 0, "nor over the end of a page");
	i.offset = ~0u;
	check(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, &i) < 0, "nor past it");
	i.mfn = 1UL << 45;
	i.offset = 0;
	check(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, &i) < 0, "nor past the end of memory");
	check(HC(vcpu_op, VCPUOP_is_up, 0xffffffff, 0) < 0, "the last vCPU number is none");
}

static void timers(void)
{
	static const uint64_t times[] = { 1, ~0UL, 1UL << 63, ~0UL >> 1, 0 };
	struct vcpu_set_periodic_timer p;

	for (unsigned i = 0; i < 5; i++) {
		struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = times[i] };

		HC(set_timer_op, times[i]);
		HC(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
		p.period_ns = times[i];
		HC(vcpu_op, VCPUOP_set_periodic_timer, 0, &p);
	}
	p.period_ns = 1;
	check(HC(vcpu_op, VCPUOP_set_periodic_timer, 0, &p) < 0, "no tick of a nanosecond");
	HC(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	for (unsigned i = 0; i < 10000; i++)
		HC(set_timer_op, 1);
	HC(set_timer_op, 0);
}

void attack_resources(void)
{
	ports();
	grant_tables();
	handles();
	areas();
	timers();
}
