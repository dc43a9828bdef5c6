// SPDX-License-Identifier: MIT
/*
 * All vCPUs at once, each doing everything that takes a lock: page tables made and unmade, one that all of them
 * want, grants, ports, memory given back and taken, pages mapped anew under the others' eyes. What is
 * each one's own must go well and be as it was left; what is shared may be refused, and no more. The hypervisor is
 * asked for its books afterwards (tests/system/storm_test.py). Command line: rounds=N, seed=N.
 */
#include "../lib/cpu.h"
#include "../lib/option.h"

#include <xen/grant_table.h>

const char test_name[] = "storm";

#define WRITABLE  (P_P | P_W | P_U | P_A | P_D)
#define REFS      64			/* grant references of each vCPU */
#define PATTERN   0x5707ac0de0000000UL

static struct own {
	uint64_t *l1, *l2, *data, *window;
	uint64_t seed, failed, done;
	const char *what;		/* the last that went wrong, and what was said */
	long said;
} own[TEST_CPUS];

static grant_entry_v1_t *grants;
static uint64_t *shared_l1, *shared_window;
static domid_t domid;
static uint64_t rounds = 300;

static uint64_t random_below(struct own *o, uint64_t n)
{
	o->seed = o->seed * 6364136223846793005UL + 1442695040888963407UL;
	return (o->seed >> 33) % n;
}

static void want(struct own *o, bool good, const char *what, long said)
{
	if (good)
		return;
	o->failed++;
	o->what = what;
	o->said = said;
}

static long mmuext(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long map_at(const void *va, uint64_t mfn, uint64_t bits)
{
	return HC(update_va_mapping, va, mfn << 12 | bits, UVMF_INVLPG | UVMF_ALL);
}

/* A tree of two levels, filled, pinned, changed, taken apart. */
static void tables(struct own *o)
{
	uint64_t l1 = va_mfn(o->l1), l2 = va_mfn(o->l2), data = va_mfn(o->data);
	unsigned n = 1 + (unsigned)random_below(o, 512);
	long rc = 0;

	for (unsigned i = 0; i < 512; i++) {
		o->l1[i] = i < n ? data << 12 | WRITABLE : 0;
		o->l2[i] = i == 3 ? l1 << 12 | WRITABLE : 0;
	}
	rc |= map_at(o->l1, l1, P_P | P_U | P_A);
	rc |= map_at(o->l2, l2, P_P | P_U | P_A);
	want(o, !rc, "tables become read-only", rc);
	rc = mmuext(MMUEXT_PIN_L2_TABLE, l2);
	want(o, !rc, "an L2 is pinned", rc);
	for (unsigned i = 0; i < 8; i++) {
		mmu_update_t u = { .ptr = (l1 << 12) + 8 * random_below(o, 512) };

		u.val = i & 1 ? 0 : data << 12 | WRITABLE;
		rc = HC(mmu_update, &u, 1, 0, DOMID_SELF);
		want(o, !rc, "an entry is set", rc);
	}
	want(o, map_at(o->l1, l1, WRITABLE) != 0, "a table is not writable", 0);
	rc = mmuext(MMUEXT_UNPIN_TABLE, l2);
	want(o, !rc, "an L2 is unpinned", rc);
	rc = map_at(o->l2, l2, WRITABLE);
	rc |= map_at(o->l1, l1, WRITABLE);
	want(o, !rc, "tables become data", rc);
}

/* Everybody pins, unpins, changes and wants to write to this one. */
static void shared_table(struct own *o)
{
	uint64_t mfn = va_mfn(shared_l1);
	mmu_update_t u = { .ptr = (mfn << 12) + 8 * random_below(o, 512), .val = va_mfn(o->data) << 12 | WRITABLE };

	switch (random_below(o, 5)) {
	case 0:
		mmuext(MMUEXT_PIN_L1_TABLE, mfn);
		break;
	case 1:
		mmuext(MMUEXT_UNPIN_TABLE, mfn);
		break;
	case 2:
		HC(mmu_update, &u, 1, 0, DOMID_SELF);
		break;
	case 3:
		if (!map_at(shared_window, mfn, WRITABLE))
			map_at(shared_window, mfn, P_P | P_U | P_A);
		break;
	default:
		map_at(shared_window, va_mfn(o->data), WRITABLE);
	}
}

static void grant(struct own *o, unsigned self)
{
	unsigned ref = 8 + self * REFS + (unsigned)random_below(o, REFS);
	struct gnttab_map_grant_ref map = { .host_addr = (uint64_t)o->window, .flags = GNTMAP_host_map,
					    .ref = ref, .dom = domid };
	struct gnttab_unmap_grant_ref unmap = { .host_addr = (uint64_t)o->window };
	struct gnttab_copy copy = { .source.u.ref = ref, .source.domid = domid, .dest.domid = DOMID_SELF,
				    .dest.u.gmfn = va_mfn(o->window), .len = 64, .flags = GNTCOPY_source_gref };

	grants[ref] = (grant_entry_v1_t){ .domid = domid, .frame = (uint32_t)va_mfn(o->data) };
	__atomic_store_n(&grants[ref].flags, GTF_permit_access, __ATOMIC_RELEASE);
	HC(grant_table_op, GNTTABOP_copy, &copy, 1);
	want(o, copy.status == GNTST_okay, "a grant is copied", copy.status);
	HC(grant_table_op, GNTTABOP_map_grant_ref, &map, 1);
	want(o, map.status == GNTST_okay, "a grant is mapped", map.status);
	want(o, o->window[0] == PATTERN + self, "and shows the page", 0);
	unmap.handle = map.handle;
	HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
	want(o, unmap.status == GNTST_okay, "a grant is unmapped", unmap.status);
	want(o, !(grants[ref].flags & (GTF_reading | GTF_writing)), "and not in use", grants[ref].flags);
	grants[ref].flags = 0;
	map_at(o->window, va_mfn(o->window), WRITABLE);
}

static void ports(struct own *o)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_bind_vcpu v = { .vcpu = (uint32_t)random_below(o, cpu_count()) };
	struct evtchn_send send;
	struct evtchn_close close;
	long rc = HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);

	want(o, !rc, "a port is opened", rc);
	b.remote_port = a.port;
	rc = HC(event_channel_op, EVTCHNOP_bind_interdomain, &b);
	want(o, !rc, "and bound", rc);
	v.port = b.local_port;
	rc = HC(event_channel_op, EVTCHNOP_bind_vcpu, &v);
	want(o, !rc, "to some vCPU", rc);
	send.port = a.port;
	rc = HC(event_channel_op, EVTCHNOP_send, &send);
	want(o, !rc, "an event is sent", rc);
	close.port = random_below(o, 2) ? a.port : b.local_port;
	rc = HC(event_channel_op, EVTCHNOP_close, &close);
	close.port = close.port == a.port ? b.local_port : a.port;
	rc |= HC(event_channel_op, EVTCHNOP_close, &close);
	want(o, !rc, "both ends are closed", rc);
}

/* A page goes back to the hypervisor and another comes. */
static void memory(struct own *o)
{
	uint64_t pfn = (uint64_t)o->window >> 12;
	xen_pfn_t frame = p2m[pfn];
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	mmu_update_t u;
	long rc;

	set_xen_guest_handle(r.extent_start, &frame);
	HC(update_va_mapping, o->window, 0, UVMF_INVLPG | UVMF_ALL);
	rc = HC(memory_op, XENMEM_decrease_reservation, &r);
	want(o, rc == 1, "a page is given back", rc);
	frame = pfn;
	rc = HC(memory_op, XENMEM_populate_physmap, &r);
	want(o, rc == 1, "a page is got", rc);
	p2m[pfn] = frame;
	u = (mmu_update_t){ .ptr = frame << 12 | MMU_MACHPHYS_UPDATE, .val = pfn };
	HC(mmu_update, &u, 1, 0, DOMID_SELF);
	rc = map_at(o->window, frame, WRITABLE);
	want(o, !rc && o->window[1] == 0, "it can be mapped and is empty", rc);
}

static uint64_t storm(uint64_t self)
{
	struct own *o = &own[self];

	for (uint64_t i = 0; i < rounds; i++) {
		switch (random_below(o, 6)) {
		case 0:
			tables(o);
			break;
		case 1:
			grant(o, (unsigned)self);
			break;
		case 2:
			ports(o);
			break;
		case 3:
			memory(o);
			break;
		case 4:
			HC(sched_op, SCHEDOP_yield, 0);
			break;
		default:
			shared_table(o);
		}
		want(o, o->data[0] == PATTERN + self, "its data are its own", 0);
		o->done = i + 1;
	}
	return o->failed;
}

/* The domain's number, as the far end of a channel to itself tells it. */
static domid_t own_domid(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_status s = { .dom = DOMID_SELF };

	HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
	b.remote_port = a.port;
	HC(event_channel_op, EVTCHNOP_bind_interdomain, &b);
	s.port = a.port;
	HC(event_channel_op, EVTCHNOP_status, &s);
	return s.u.interdomain.dom;
}

static void prepare(unsigned n)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	static xen_pfn_t frame;

	grants = page_alloc();
	set_xen_guest_handle(setup.frame_list, &frame);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	check_eq((uint64_t)map_at(grants, frame, WRITABLE), 0, "the grant table is mapped");
	shared_l1 = page_alloc();
	shared_window = page_alloc();
	make_readonly(shared_l1);
	domid = own_domid();
	for (unsigned i = 0; i < n; i++) {
		struct own *o = &own[i];

		o->l1 = page_alloc();
		o->l2 = page_alloc();
		o->data = page_alloc();
		o->window = page_alloc();
		o->data[0] = PATTERN + i;
		o->seed = option("seed=", 1) * 1000 + i;
	}
}

static void ignore(struct trap_frame *f)
{
	(void)f;
	shared_info->vcpu_info[cpu_self()].evtchn_upcall_pending = 0;
}

void test_main(void)
{
	unsigned n = cpu_count();

	if (n > 7)
		n = 7;		/* as many have grants in the first frame */
	rounds = option("rounds=", rounds);
	event_handler = ignore;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	prepare(n);
	for (unsigned i = 1; i < n; i++)
		check_eq((uint64_t)cpu_start(i), 0, "vCPU %u runs", i);
	for (unsigned i = 1; i < n; i++)
		cpu_go(i, storm, i);
	storm(0);
	for (unsigned i = 1; i < n; i++)
		cpu_wait(i);
	for (unsigned i = 0; i < n; i++) {
		check(!own[i].failed && own[i].done == rounds, "what was vCPU %u's own went well", i);
		if (own[i].failed)
			print("# %lu times, last: %s (%ld)", (unsigned long)own[i].failed, own[i].what, own[i].said);
	}
}
