// SPDX-License-Identifier: MIT
/*
 * What a kernel can do to keep the hypervisor away as long as possible: each hypercall in its longest form, with
 * all that a domain may have of ports, grants, handles and descriptors, and lists of such calls. It measures
 * nothing itself: the test build (tests/inject/longest.c) does. As control domain it makes domains that have
 * much, too, and ends them.
 */
#define __XEN_TOOLS__ 1
#include "../guest/lib/test.h"

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>

const char test_name[] = "longest";

#define RW    (P_P | P_W | P_U | P_A | P_D)
#define LIST  1024
#define FEW   8		/* of what takes long by itself */
#define PORTS 131072
#define WORDS (PAGE / sizeof(event_word_t))

static multicall_entry_t list[LIST];

static bool is_control(void)
{
	return start_info->flags & SIF_INITDOMAIN;
}

static void ignore(struct trap_frame *f)
{
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	f->rflags &= ~0x200UL;
}

/* The same call n times in one. */
static long many(unsigned n, unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	for (unsigned i = 0; i < n; i++)
		list[i] = (multicall_entry_t){ .op = op, .args = { a, b, c, d } };
	return HC(multicall, list, n);
}

#define MANY(n, name, a, b, c, d) \
	many(n, __HYPERVISOR_##name, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d))

/* ---- memory ------------------------------------------------------------------------------------ */

static xen_pfn_t extents[512];
static uint64_t unused;		/* the kernel's last page that nothing has taken */

/* A frame of this kernel's that is mapped nowhere. */
static uint64_t take_frame(void)
{
	if (!unused)
		unused = start_info->nr_pages;
	return p2m[--unused];
}

static long ext(unsigned cmd, uint64_t mfn, uint64_t from)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = from };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static void memory(void)
{
	static xen_pfn_t one;
	static struct xen_memory_reservation small = { .nr_extents = 512, .domid = DOMID_SELF };
	static struct xen_memory_reservation large = { .nr_extents = 1, .extent_order = 9, .domid = DOMID_SELF };
	static struct xen_memory_exchange x = { .in = { .nr_extents = 512, .domid = DOMID_SELF },
						.out = { .nr_extents = 1, .extent_order = 9, .domid = DOMID_SELF } };

	for (unsigned i = 0; i < 512; i++)
		extents[i] = take_frame();
	small.extent_start.p = extents;
	large.extent_start.p = &one;
	check_eq((uint64_t)HC(memory_op, XENMEM_decrease_reservation, &small), 512, "512 frames are given back");
	one = 0;
	check_eq((uint64_t)HC(memory_op, XENMEM_populate_physmap, &large), 1, "2 MiB are taken at once");
	for (unsigned i = 0; i < LIST; i++)
		list[i] = (multicall_entry_t){ .op = __HYPERVISOR_memory_op,
					       .args = { i & 1 ? XENMEM_populate_physmap :
						         XENMEM_decrease_reservation, (uint64_t)&large } };
	check_eq((uint64_t)HC(multicall, list, LIST), 0, "2 MiB go and come, 512 times in a list");
	check(list[LIST - 1].result == 1, "the last time, too");
	for (unsigned i = 0; i < 512; i++)
		extents[i] = one + i;
	x.in.extent_start.p = extents;
	x.out.extent_start.p = &one;
	check_eq((uint64_t)HC(memory_op, XENMEM_exchange, &x), 0, "512 frames against 2 MiB");
	for (unsigned i = 0; i < LIST; i++)
		list[i] = (multicall_entry_t){ .op = __HYPERVISOR_memory_op,
					       .args = { XENMEM_exchange, (uint64_t)&x } };
	x = (struct xen_memory_exchange){ .in = large, .out = large };
	x.out.extent_start.p = extents;
	extents[0] = 0;
	check_eq((uint64_t)HC(multicall, list, 1), 0, "2 MiB against others");
}

/* ---- tables -------------------------------------------------------------------------------------- */

#define TABLES 512

static uint64_t l1_mfn[TABLES], l2_mfn, l3_mfn, l4_mfn;

/* An address space of 512 full L1 tables, a GiB of one page. */
static void build_space(void)
{
	uint64_t *page = page_alloc(), data = take_frame();

	for (unsigned i = 0; i < 512; i++)
		page[i] = data << 12 | RW;
	for (unsigned k = 0; k < TABLES; k++)
		ext(MMUEXT_COPY_PAGE, l1_mfn[k] = take_frame(), va_mfn(page));
	for (unsigned k = 0; k < TABLES; k++)
		page[k] = l1_mfn[k] << 12 | RW;
	ext(MMUEXT_COPY_PAGE, l2_mfn = take_frame(), va_mfn(page));
	__builtin_memset(page, 0, PAGE);
	page[0] = l2_mfn << 12 | RW;
	ext(MMUEXT_COPY_PAGE, l3_mfn = take_frame(), va_mfn(page));
	page[0] = l3_mfn << 12 | RW;
	ext(MMUEXT_COPY_PAGE, l4_mfn = take_frame(), va_mfn(page));
}

static void tables(void)
{
	static mmu_update_t u[2];
	static struct mmuext_op clear, pins[2];

	build_space();
	check_eq((uint64_t)ext(MMUEXT_PIN_L4_TABLE, l4_mfn, 0), 0, "a space of a GiB is pinned");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, l4_mfn, 0), 0, "and unpinned");
	pins[0] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = l4_mfn };
	pins[1] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = l4_mfn };
	check_eq((uint64_t)MANY(4, mmuext_op, pins, 2, 0, DOMID_SELF), 0, "four times in a list");
	/* One full L1 after the other, each entry of an L2 that is pinned. */
	pins[0] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = l1_mfn[0] };
	pins[1] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = l1_mfn[0] };
	check_eq((uint64_t)MANY(LIST, mmuext_op, pins, 2, 0, DOMID_SELF), 0, "an L1 is pinned and unpinned in a list");
	check_eq((uint64_t)ext(MMUEXT_PIN_L2_TABLE, l2_mfn, 0), 0, "an L2 is pinned");
	u[0] = (mmu_update_t){ .ptr = l2_mfn << 12, .val = 0 };
	u[1] = (mmu_update_t){ .ptr = l2_mfn << 12, .val = l1_mfn[0] << 12 | RW };
	check_eq((uint64_t)MANY(LIST, mmu_update, u, 2, 0, DOMID_SELF), 0, "an L1 goes and comes in a list");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, l2_mfn, 0), 0, "the L2 is unpinned");
	clear = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = l1_mfn[1] };
	check_eq((uint64_t)MANY(LIST, mmuext_op, &clear, 1, 0, DOMID_SELF), 0, "pages are cleared in a list");
	clear = (struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = l1_mfn[1], .arg2.src_mfn = l1_mfn[2] };
	check_eq((uint64_t)MANY(LIST, mmuext_op, &clear, 1, 0, DOMID_SELF), 0, "pages are copied in a list");
	clear = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_ALL };
	check_eq((uint64_t)MANY(LIST, mmuext_op, &clear, 1, 0, DOMID_SELF), 0, "flushes in a list");
}

/* Pages of descriptors, which become data between two times, so that each is looked at anew. */
static void descriptors(void)
{
	static uint64_t frames[14];
	static uint64_t none;
	void *page[14];
	unsigned n = 0;

	for (unsigned i = 0; i < 14; i++) {
		page[i] = page_alloc();
		frames[i] = va_mfn(page[i]);
		pte_write((uint64_t)page[i], 0);
	}
	check_eq((uint64_t)HC(set_gdt, frames, 14 * 512), 0, "a full GDT");
	HC(set_gdt, &none, 0);
	while (n + 30 < LIST) {
		list[n++] = (multicall_entry_t){ .op = __HYPERVISOR_set_gdt, .args = { (uint64_t)frames, 14 * 512 } };
		list[n++] = (multicall_entry_t){ .op = __HYPERVISOR_set_gdt, .args = { (uint64_t)&none, 0 } };
		for (unsigned i = 0; i < 28; i++)
			list[n++] = (multicall_entry_t){ .op = __HYPERVISOR_update_va_mapping, .args = {
				(uint64_t)page[i / 2], i & 1 ? 0 : frames[i / 2] << 12 | RW } };
	}
	check_eq((uint64_t)HC(multicall, list, n), 0, "full GDTs in a list");
}

/* ---- events ----------------------------------------------------------------------------------------- */

static uint64_t words[PORTS / WORDS];

static evtchn_port_t fill_ports(void)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };

	while (!HC(event_channel_op, EVTCHNOP_bind_ipi, &ipi))
		;
	return ipi.port;
}

static void events(void)
{
	struct evtchn_init_control init = { .control_gfn = va_mfn(page_alloc()) };
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	struct evtchn_close close;
	event_word_t *linked = page_alloc();
	unsigned n = 0;

	for (unsigned i = 0; i < WORDS; i++)
		linked[i] = 1u << EVTCHN_FIFO_LINKED;
	event_handler = ignore;
	fill_ports();
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_init_control, &init), 0, "the FIFO ABI, with all old ports");
	for (; n < PORTS / WORDS; n++) {
		struct evtchn_expand_array expand = { words[n] = take_frame() };

		ext(MMUEXT_COPY_PAGE, words[n], va_mfn(linked));
		if (HC(event_channel_op, EVTCHNOP_expand_array, &expand))
			break;
	}
	check_eq(n, PORTS / WORDS, "words for all ports");
	check(HC(event_channel_op, EVTCHNOP_bind_ipi, &ipi) == -XEN_ENOSPC, "none is free while all are in a queue");
	check_eq((uint64_t)MANY(FEW, event_channel_op, EVTCHNOP_bind_ipi, &ipi, 0, 0), 0, "nor in a list");
	for (unsigned k = 0; k < n; k++)
		ext(MMUEXT_CLEAR_PAGE, words[k], 0);
	close.port = fill_ports();
	print("# %u ports", close.port);
	HC(event_channel_op, EVTCHNOP_close, &close);
	check_eq((uint64_t)MANY(LIST, event_channel_op, EVTCHNOP_bind_ipi, &ipi, 0, 0), 0, "the last port");
	if (is_control())
		check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_reset, &reset), 0, "all are reset");
}

/* ---- grants ------------------------------------------------------------------------------------------- */

static void grants(void)
{
	static xen_pfn_t frames[4096];
	static struct gnttab_cache_flush flush = { .length = 1, .op = GNTTAB_CACHE_CLEAN };
	static struct gnttab_copy copy;
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	static struct gnttab_setup_table setup = { .dom = DOMID_SELF };
	struct gnttab_map_grant_ref m;
	grant_entry_v1_t *entries = page_alloc();
	uint64_t data = va_mfn(page_alloc());
	unsigned n = 0;

	HC(grant_table_op, GNTTABOP_query_size, &size, 1);
	setup.frame_list.p = frames;
	setup.nr_frames = size.max_nr_frames;
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	check_eq((uint64_t)setup.status, 0, "a table of %u frames", setup.nr_frames);
	check_eq((uint64_t)MANY(LIST, grant_table_op, GNTTABOP_setup_table, &setup, 1, 0), 0, "asked for in a list");
	copy = (struct gnttab_copy){ .source = { .u.gmfn = data, .domid = DOMID_SELF },
				     .dest = { .u.gmfn = data, .domid = DOMID_SELF }, .len = 4096 };
	check_eq((uint64_t)MANY(LIST, grant_table_op, GNTTABOP_copy, &copy, 1, 0), 0, "pages are copied");
	if (!is_control())	/* by its own number, which others do not know */
		return;
	HC(update_va_mapping, entries, frames[0] << 12 | RW, UVMF_INVLPG);
	for (unsigned ref = 8; ref < 12; ref++) {	/* each can be mapped 32768 times */
		entries[ref] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0, .frame = (uint32_t)data };
		do {
			m = (struct gnttab_map_grant_ref){ .dom = 0, .ref = ref, .flags = GNTMAP_device_map };
			HC(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
		} while (!m.status && ++n);
	}
	print("# %u handles", n);
	flush.a.dev_bus_addr = PAGE;	/* a frame that is not this kernel's */
	check_eq((uint64_t)HC(grant_table_op, GNTTABOP_cache_flush, &flush, 1), (uint64_t)-XEN_EPERM,
		 "a frame that none of them maps");
	check_eq((uint64_t)MANY(FEW, grant_table_op, GNTTABOP_cache_flush, &flush, 1, 0), 0, "looked for in a list");
}

/* ---- others -------------------------------------------------------------------------------------------- */

static void others(void)
{
	static trap_info_t traps[257];
	static char text[65536];
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_readconsole, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	static evtchn_port_t ports[128];
	static struct sched_poll poll = { .nr_ports = 128, .timeout = 1 };

	for (unsigned i = 0; i < 256; i++)
		traps[i] = (trap_info_t){ .vector = (uint8_t)i, .cs = FLAT_KERNEL_CS, .address = (uint64_t)trap_stubs + 32 * i };
	check_eq((uint64_t)MANY(LIST, set_trap_table, traps, 0, 0, 0), 0, "handlers in a list");
	for (unsigned i = 0; i < 128; i++)
		ports[i] = i + 1;
	poll.ports.p = ports;
	check_eq((uint64_t)MANY(LIST, sched_op, SCHEDOP_poll, &poll, 0, 0), 0, "polls in a list");
	HC(console_io, CONSOLEIO_write, 1024, text);
	if (!is_control())
		return;
	s.u.readconsole = (struct xen_sysctl_readconsole){ .count = sizeof(text) };
	set_xen_guest_handle(s.u.readconsole.buffer, text);
	check_eq((uint64_t)HC(sysctl, &s), 0, "the console is read");
}

/* ---- domains ---------------------------------------------------------------------------------------------- */

static struct xen_domctl op;

static long domctl(unsigned cmd, domid_t id)
{
	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = id;
	return HC(domctl, &op);
}

static unsigned fill_memory(domid_t id)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 9, .domid = id };
	xen_pfn_t frame = 0;
	unsigned n = 0;

	set_xen_guest_handle(r.extent_start, &frame);
	for (; HC(memory_op, XENMEM_populate_physmap, &r) == 1; n++)
		frame = 0;
	return n;
}

static void domains(void)
{
	struct xen_mem_acquire_resource ask = { .type = XENMEM_resource_grant_table, .nr_frames = 1 };
	struct evtchn_alloc_unbound a = { .remote_dom = DOMID_SELF };
	static xen_pfn_t frame;
	unsigned n = 0;

	op.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = 128, .max_evtchn_port = -1, .max_grant_frames = 1024, .max_maptrack_frames = 1024,
		.grant_opts = 1,
	};
	check_eq((uint64_t)domctl(XEN_DOMCTL_createdomain, 0), 0, "a large domain");
	a.dom = ask.domid = op.domain;
	op.u.max_vcpus.max = 128;
	check_eq((uint64_t)domctl(XEN_DOMCTL_max_vcpus, a.dom), 0, "its vCPUs");
	op.u.max_mem.max_memkb = 64 << 10;
	domctl(XEN_DOMCTL_max_mem, a.dom);
	check_eq(fill_memory(a.dom), 32, "64 MiB");
	while (!HC(event_channel_op, EVTCHNOP_alloc_unbound, &a))
		n++;
	print("# %u ports of it", n);
	set_xen_guest_handle(ask.frame_list, &frame);
	ask.frame = 1023;
	check_eq((uint64_t)HC(memory_op, XENMEM_acquire_resource, &ask), 0, "the last frame of its grant table");
	check_eq((uint64_t)domctl(XEN_DOMCTL_destroydomain, a.dom), 0, "it ends");
}

/* The test build forgets what was longest so far, so that each area shows its own. */
static void area(const char *name, void (*fn)(void))
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	const char *keys = (const char *)start_info->cmd_line;

	print("# %s", name);
	s.u.debug_keys.nr_keys = (uint32_t)__builtin_strlen(keys);
	s.u.debug_keys.keys.p = (char *)keys;
	if (is_control())
		check(!HC(sysctl, &s), "the keys %s", keys);
	fn();
}

void test_main(void)
{
	area("tables", tables);
	area("descriptors", descriptors);
	area("memory", memory);
	area("events", events);
	area("grants", grants);
	area("others", others);
	if (is_control())
		area("domains", domains);
}
