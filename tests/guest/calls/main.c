// SPDX-License-Identifier: MIT
/* multicall, xen_version, console_io, physdev_op, platform_op as dom0 sees them; what registers keep. */
#include "../lib/registers.h"
#include "../lib/test.h"

#include <xen/physdev.h>
#include <xen/platform.h>

const char test_name[] = "calls";

#define HV_ADDRESS 0xffff830000000000

static void versions(void)
{
	static char text[1025];
	struct xen_feature_info f = { 0 };
	const uint32_t ours = 1U << XENFEAT_mmu_pt_update_preserve_ad |
			      1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_dom0 |
			      1U << XENFEAT_writable_page_tables |
			      1U << XENFEAT_auto_translated_physmap |
			      1U << XENFEAT_supervisor_mode_kernel | 1U << XENFEAT_highmem_assist |
			      1U << XENFEAT_direct_mapped | 1U << XENFEAT_not_direct_mapped;
	struct xen_platform_parameters p;

	note("version %lx", HC(xen_version, XENVER_version, 0));
	note("pagesize %ld, with an argument %ld", HC(xen_version, XENVER_pagesize, 0),
	     HC(xen_version, XENVER_pagesize, text));
	note("capabilities %ld [%s]", HC(xen_version, XENVER_capabilities, text), text);
	note("features %ld, %x", HC(xen_version, XENVER_get_features, &f), f.submap & ours);
	f.submap_idx = 1;
	note("of the next word %ld", HC(xen_version, XENVER_get_features, &f));
	note("platform %ld %lx", HC(xen_version, XENVER_platform_parameters, &p), p.virt_start);
	for (unsigned op = 0; op < 13; op++)
		note("operation %u at 0: %ld, in the hypervisor: %ld", op, HC(xen_version, op, 0),
		     HC(xen_version, op, HV_ADDRESS));
	note("build id into 5 bytes: %ld", ({ uint32_t b[8] = { 5 }; HC(xen_version, 10, b); }));
}

static void multicalls(void)
{
	static struct multicall_entry list[4];

	list[0].op = __HYPERVISOR_xen_version;
	list[1].op = __HYPERVISOR_multicall;
	list[1].args[0] = (uint64_t)&list[0];
	list[1].args[1] = 1;
	list[2].op = 63;
	list[3].op = 100000;
	note("multicall %ld", HC(multicall, list, 4));
	for (unsigned i = 0; i < 4; i++)
		note(" result %u: %ld", i, (long)list[i].result);
	note("at 0: %ld, of none: %ld, in the hypervisor: %ld, up to it: %ld", HC(multicall, 0, 1),
	     HC(multicall, 0, 0), HC(multicall, HV_ADDRESS, 1),
	     HC(multicall, HYPERVISOR_VIRT_START - 64, 2));
}

/* A list longer than one go; its calls have an effect that can be counted. */
static void long_multicall(void)
{
	enum { LENGTH = 4000 };
	const unsigned per_page = PAGE / sizeof(struct multicall_entry);
	struct multicall_entry *list = page_alloc();
	unsigned done = 0, room = per_page;

	while (room < LENGTH && page_alloc() == list + room)
		room += per_page;
	check(room >= LENGTH, "pages follow each other");
	if (room < LENGTH)
		return;
	for (unsigned i = 0; i < LENGTH; i++)
		list[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
						    .args = { XENVER_pagesize } };
	check_eq(HC(multicall, list, LENGTH), 0, "a long list is worked off");
	for (unsigned i = 0; i < LENGTH; i++)
		done += list[i].result == PAGE;
	check_eq(done, LENGTH, "every call of it ran");
}

static void devices(void)
{
	struct physdev_set_iopl iopl = { 4 };
	struct physdev_set_iobitmap map = { .nr_ports = 65537 };
	struct physdev_irq irq = { .irq = 9 };
	static const unsigned none[] = { 0, 11, 18, 99, ~0U };

	note("iopl 4: %ld", HC(physdev_op, PHYSDEVOP_set_iopl, &iopl));
	iopl.iopl = 1;
	note("iopl 1: %ld", HC(physdev_op, PHYSDEVOP_set_iopl, &iopl));
	note("I/O bitmap of 65537: %ld", HC(physdev_op, PHYSDEVOP_set_iobitmap, &map));
	map.nr_ports = 65536;
	note("of 65536: %ld", HC(physdev_op, PHYSDEVOP_set_iobitmap, &map));
	note("vector of 9: %ld, %u", HC(physdev_op, PHYSDEVOP_alloc_irq_vector, &irq), irq.vector);
	for (unsigned i = 0; i < 5; i++)
		note("physdev %u: %ld", none[i], HC(physdev_op, none[i], &irq));
	note("console_io 5: %ld, read %ld, write from nowhere %ld", HC(console_io, 5, 1, &irq),
	     HC(console_io, CONSOLEIO_read, 0, &irq),
	     HC(console_io, CONSOLEIO_write, 1, HV_ADDRESS));
}

/* The numbers of Xen 3.0: the command stands in memory, before the operation. */
static void old_numbers(void)
{
	const unsigned event = __HYPERVISOR_event_channel_op_compat, dev = __HYPERVISOR_physdev_op_compat;
	struct evtchn_op op = { .cmd = EVTCHNOP_bind_ipi };
	struct physdev_op phys = { .cmd = PHYSDEVOP_set_iopl, .u.set_iopl.iopl = 1 };
	evtchn_port_t port;

	check_eq((uint64_t)hypercall(event, (uint64_t)&op, 0, 0, 0, 0), 0, "a port is bound");
	port = op.u.bind_ipi.port;
	op = (struct evtchn_op){ .cmd = EVTCHNOP_status, .u.status = { DOMID_SELF, port } };
	check_eq((uint64_t)hypercall(event, (uint64_t)&op, 0, 0, 0, 0), 0, "its state is asked for");
	check_eq(op.u.status.status, EVTCHNSTAT_ipi, "it is what it was bound as");
	op = (struct evtchn_op){ .cmd = EVTCHNOP_close, .u.close.port = port };
	check_eq((uint64_t)hypercall(event, (uint64_t)&op, 0, 0, 0, 0), 0, "it is closed");
	op = (struct evtchn_op){ .cmd = EVTCHNOP_reset, .u.status.dom = DOMID_SELF };
	note("event command 10 is newer: %ld", hypercall(event, (uint64_t)&op, 0, 0, 0, 0));
	note("event command in the hypervisor: %ld", hypercall(event, HV_ADDRESS, 0, 0, 0, 0));
	check_eq((uint64_t)hypercall(dev, (uint64_t)&phys, 0, 0, 0, 0), 0, "IOPL 1 is given");
	TRY("cli", : : : "rax");
	check_eq(trap.vector, ~0UL, "cli is let pass");
	phys.u.set_iopl.iopl = 0;
	check_eq((uint64_t)hypercall(dev, (uint64_t)&phys, 0, 0, 0, 0), 0, "IOPL 0 is given");
	phys.cmd = PHYSDEVOP_eoi;
	note("physdev command 12 is newer: %ld", hypercall(dev, (uint64_t)&phys, 0, 0, 0, 0));
	note("physdev command in the hypervisor: %ld", hypercall(dev, HV_ADDRESS, 0, 0, 0, 0));
}

/* More than any buffer has. */
static void long_consoles(void)
{
	for (unsigned op = 1; op < 3; op++)
		note("console_io %u of 4 GiB: %ld", op, HC(console_io, op, -1, HV_ADDRESS));
	note("console_io 0 of 4 GiB from nowhere: %ld", HC(console_io, 0, -1, HV_ADDRESS));
}

static void platform(void)
{
	struct xen_platform_op op = { .cmd = XENPF_get_cpuinfo };

	note("platform_op without a version: %ld", HC(platform_op, &op));
	op.interface_version = XENPF_INTERFACE_VERSION;
	note("cpuinfo: %ld", HC(platform_op, &op));
	note(" flags %u, last %u", op.u.pcpu_info.flags, op.u.pcpu_info.max_present);
	op.u.pcpu_info.xen_cpuid = 9;
	note("of CPU 9: %ld", HC(platform_op, &op));
	note(" flags %u", op.u.pcpu_info.flags);
	op.cmd = XENPF_firmware_info;
	op.u.firmware_info.type = XEN_FW_DISK_INFO;
	op.u.firmware_info.index = 9;
	note("disk 9: %ld", HC(platform_op, &op));
	op.cmd = XENPF_settime64;
	op.u.settime64 = (struct xenpf_settime64){ .mbz = 1 };
	note("settime64: %ld", HC(platform_op, &op));
	op.cmd = 999;
	note("operation 999: %ld", HC(platform_op, &op));
	note("at 0: %ld", HC(platform_op, 0));
	for (long n = 0; n < 8; n++)
		note("xenpmu_op %ld: %ld", n, HC(xenpmu_op, n, 0));
}

static unsigned upcalls;

static void count_upcall(struct trap_frame *f)
{
	(void)f;
	upcalls++;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

/* With nothing to do at the way out, with an event to deliver, and with the scheduler to ask. */
static void registers(void)
{
	vcpu_info_t *info = &shared_info->vcpu_info[0];

	check_eq(registers_changed(__HYPERVISOR_xen_version, XENVER_version, 0, 0x1234567), 0,
		 "a hypercall keeps registers");
	check_eq(registers_changed(99, 1, 2, 0x7654321), 0, "an unknown hypercall keeps registers");
	event_handler = count_upcall;
	info->evtchn_upcall_pending = 1;
	info->evtchn_upcall_mask = 0;
	check_eq(registers_changed(__HYPERVISOR_xen_version, XENVER_version, 0, 0x1111111), 0,
		 "a hypercall with an event at its end keeps registers");
	check_eq(upcalls, 1, "the event came");
	check_eq(registers_changed(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0x2222222), 0,
		 "yield keeps registers");
	info->evtchn_upcall_pending = 1;
	check_eq(registers_changed(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0x3333333), 0,
		 "block with an event waiting keeps registers");
	info->evtchn_upcall_mask = 1;
	event_handler = NULL;
}

void test_main(void)
{
	traps_init();
	registers();
	versions();
	multicalls();
	long_multicall();
	devices();
	old_numbers();
	long_consoles();
	platform();
}
