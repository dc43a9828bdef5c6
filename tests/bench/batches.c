// SPDX-License-Identifier: MIT
/*
 * Rows that others' benchmarks of this ABI have and main.c has not: ports made and closed, timers that expire, and
 * requests by the batch, as back ends and memory managers make them. A row is the whole batch.
 */
#include "bench.h"

#include <xen/grant_table.h>

#define BATCH 32

static void ports(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_ipi ipi = { 0 };
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_close close;
	struct sched_poll poll = { .nr_ports = 1 };
	evtchn_port_t port;

	BENCH("port made and closed", N, {
		HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
		close.port = a.port;
		HC(event_channel_op, EVTCHNOP_close, &close);
	});
	BENCH("IPI bound and closed", N, {
		HC(event_channel_op, EVTCHNOP_bind_ipi, &ipi);
		close.port = ipi.port;
		HC(event_channel_op, EVTCHNOP_close, &close);
	});
	HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
	status.port = port = a.port;
	BENCH("evtchn_status", N, HC(event_channel_op, EVTCHNOP_status, &status));
	shared_info->evtchn_pending[0] |= 1UL << port;
	poll.ports.p = &port;
	BENCH("poll of a port that is pending", N, HC(sched_op, SCHEDOP_poll, &poll));
	shared_info->evtchn_pending[0] &= ~(1UL << port);
	close.port = port;
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_close, &close), 0, "the port was there");
}

/* Expired when it is set: the hypercall, the timer's way, and the upcall. */
static void timers(void)
{
	struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)fast_event };
	struct evtchn_close close;

	HC(event_channel_op, EVTCHNOP_bind_virq, &virq);
	HC(callback_op, CALLBACKOP_register, &cb);
	for (unsigned i = 0; i < 64; i++)
		shared_info->evtchn_mask[i] = i ? ~0UL : 0;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	BENCH("timer in the past, upcall and iret", N, HC(set_timer_op, 1));
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	close.port = virq.port;
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_close, &close), 0, "the timer's port was there");
}

static void mappings(char *page, uint64_t pte)
{
	static multicall_entry_t list[BATCH];
	static mmu_update_t u[512];
	unsigned done;

	BENCH("multicall of 32 update_va_mapping", 20, {
		for (unsigned k = 0; k < BATCH; k++)
			list[k] = (multicall_entry_t){ .op = __HYPERVISOR_update_va_mapping,
						       .args = { (uint64_t)page, k & 1 ? pte : 0, UVMF_INVLPG } };
		HC(multicall, list, BATCH);
	});
	for (unsigned k = 0; k < 512; k++)
		u[k] = (mmu_update_t){ .ptr = pte_maddr((uint64_t)page), .val = k & 1 ? pte : 0 };
	BENCH("mmu_update of 512", 4, HC(mmu_update, u, 512, &done, DOMID_SELF));
	check_eq(done, 512, "all 512 were made");
}

/* The library's pages lie behind each other, and so do their entries in the table of grants. */
static void grants(char *other)
{
	static struct gnttab_map_grant_ref map[BATCH];
	static struct gnttab_unmap_grant_ref unmap[BATCH];
	static struct gnttab_copy copy[BATCH];
	static char *window[BATCH];
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	grant_entry_v1_t *table = page_alloc();
	xen_pfn_t frame, sink = va_mfn(page_alloc());

	setup.frame_list.p = &frame;
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	pte_write((uint64_t)table, frame << 12 | P_P | P_W | P_U | P_A | P_D);
	for (unsigned k = 0; k < BATCH; k++) {
		table[8 + k] = (grant_entry_v1_t){ .flags = GTF_permit_access, .frame = (uint32_t)va_mfn(other) };
		window[k] = page_alloc();
	}
	BENCH("grant map and unmap of 32", 20, {
		for (unsigned k = 0; k < BATCH; k++)
			map[k] = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)window[k],
								.flags = GNTMAP_host_map, .ref = 8 + k };
		HC(grant_table_op, GNTTABOP_map_grant_ref, map, BATCH);
		for (unsigned k = 0; k < BATCH; k++)
			unmap[k] = (struct gnttab_unmap_grant_ref){ .host_addr = map[k].host_addr,
								    .handle = map[k].handle };
		HC(grant_table_op, GNTTABOP_unmap_grant_ref, unmap, BATCH);
	});
	check_eq((uint64_t)(int64_t)unmap[BATCH - 1].status, 0, "the last of 32 grants was mapped and unmapped");
	BENCH("grant copy of 32 times 64 bytes", 20, {
		for (unsigned k = 0; k < BATCH; k++)
			copy[k] = (struct gnttab_copy){ .source.u.ref = 8 + k, .dest.u.gmfn = sink,
							.dest.domid = DOMID_SELF, .dest.offset = (uint16_t)(k * 64),
							.len = 64, .flags = GNTCOPY_source_gref };
		HC(grant_table_op, GNTTABOP_copy, copy, BATCH);
	});
	check_eq((uint64_t)(int64_t)copy[BATCH - 1].status, 0, "the last of 32 grants was copied");
}

static void balloon(void)
{
	static xen_pfn_t frames[BATCH], numbers[BATCH];
	struct xen_memory_reservation r = { .nr_extents = BATCH, .domid = DOMID_SELF };

	for (unsigned k = 0; k < BATCH; k++) {
		char *p = page_alloc();

		numbers[k] = (uint64_t)p >> 12;
		frames[k] = va_mfn(p);
		pte_write((uint64_t)p, 0);
	}
	r.extent_start.p = frames;
	BENCH("decrease and populate 32 pages", 20, {
		HC(memory_op, XENMEM_decrease_reservation, &r);
		for (unsigned k = 0; k < BATCH; k++)
			frames[k] = numbers[k];
		HC(memory_op, XENMEM_populate_physmap, &r);
	});
	check_eq(M2P[frames[BATCH - 1]], numbers[BATCH - 1], "the last of 32 pages is the kernel's again");
}

void batches(char *page, char *other)
{
	uint64_t pte = va_mfn(page) << 12 | P_P | P_W | P_U | P_A | P_D;

	ports();
	timers();
	mappings(page, pte);
	pte_write((uint64_t)page, pte);
	grants(other);
	balloon();
}
