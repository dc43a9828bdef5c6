/* SPDX-License-Identifier: MIT */
/* Random calls about the vCPU, events and time, and which family is called how often. */
#define __XEN_TOOLS__ 1
#include "calls.h"

#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>

static uint64_t buffer_or_any(void)
{
	return below(10) ? (uint64_t)BUFFER : any_va();
}

/* ---- events ----------------------------------------------------------------------------- */

static evtchn_port_t any_port(void)
{
	return below(4) ? world.port[below(16)] : below(3) ? below(70) : (uint32_t)any_number();
}

static long random_event(void)
{
	unsigned op = below(20) ? below(15) : (unsigned)any_number();
	uint32_t *w = (void *)BUFFER;
	long rc;

	fill(w, 64);
	switch (op) {
	case EVTCHNOP_bind_virq:
		w[0] = below(26);
		w[1] = below(4) ? 0 : below(3);
		break;
	case EVTCHNOP_bind_ipi:
		w[0] = below(4) ? 0 : (uint32_t)any_number();
		break;
	case EVTCHNOP_alloc_unbound:
		((domid_t *)w)[0] = below(8) ? DOMID_SELF : any_domid();
		((domid_t *)w)[1] = below(2) ? likely_domid() : any_domid();
		break;
	case EVTCHNOP_bind_interdomain:
		((domid_t *)w)[0] = below(2) ? likely_domid() : any_domid();
		w[1] = below(2) ? below(40) : any_port();
		break;
	case EVTCHNOP_status:
		((domid_t *)w)[0] = any_domid();
		w[1] = any_port();
		break;
	case EVTCHNOP_reset:
		if (below(50) || world.console_port)
			return 0;
		((domid_t *)w)[0] = DOMID_SELF;
		break;
	default:
		w[0] = any_port();
		if (w[0] == world.console_port)
			w[0] = 0;
	}
	rc = HC(event_channel_op, op, buffer_or_any());
	if (!rc && op < EVTCHNOP_close)
		world.port[below(16)] = op == EVTCHNOP_alloc_unbound ? w[1] : w[2];
	world.bound += !rc && op == EVTCHNOP_bind_interdomain;
	return rc;
}

/* ---- the vCPU ------------------------------------------------------------------------------ */

static long random_sched(void)
{
	struct sched_poll *p = (void *)BUFFER;
	unsigned op = below(12);
	uint32_t *w = (void *)BUFFER;

	fill(w, 64);
	switch (op) {
	case SCHEDOP_block:
		HC(set_timer_op, 1);
		shared_info->vcpu_info[self()->id].evtchn_upcall_pending = 1;
		break;
	case SCHEDOP_shutdown:
		return 0;
	case SCHEDOP_poll:
		p->timeout = below(2) ? 1 : 1000;
		p->nr_ports = below(4) ? below(3) : (unsigned)any_number();
		((uint32_t *)(BUFFER + PAGE))[0] = any_port();
		((uint32_t *)(BUFFER + PAGE))[1] = any_port();
		p->ports.p = (void *)(BUFFER + PAGE);
		return HC(sched_op, op, BUFFER);
	case SCHEDOP_shutdown_code:	/* which is asked for at our end */
		w[0] = SHUTDOWN_poweroff;
		return HC(sched_op, op, BUFFER);
	case SCHEDOP_remote_shutdown:
		((domid_t *)w)[0] = world.children[below(CHILDREN)];
		if (!((domid_t *)w)[0])
			return 0;
		return HC(sched_op, op, BUFFER);
	case SCHEDOP_watchdog:
		w[0] = below(4);
		w[1] = below(2) && w[0] ? 0 : 100000 + below(1000);
		return HC(sched_op, op, BUFFER);
	case SCHEDOP_pin_override:
		w[0] = (uint32_t)-1;
		break;
	}
	return HC(sched_op, op, buffer_or_any());
}

/* A vCPU's number: our own, of those that run, of the one that does not, or of none. */
static uint64_t any_vcpu(void)
{
	return below(3) ? below(world.vcpus + 1) : any_number();
}

static long random_vcpu(void)
{
	unsigned op = below(16);
	uint64_t id = any_vcpu(), *w = (void *)BUFFER;
	bool runs = (uint32_t)id < world.vcpus;

	fill(w, sizeof(vcpu_guest_context_t));
	switch (op) {
	case VCPUOP_up:		/* what is initialised at random has nowhere to go */
		if (!runs)
			return 0;
		break;
	case VCPUOP_down:	/* the first wakes the others */
		if (!(uint32_t)id || below(8))
			return 0;
		break;
	case VCPUOP_register_runstate_memory_area:
	case VCPUOP_register_vcpu_time_memory_area:
		/* Not where arguments lie: they would change at any time. */
		w[0] = below(3) ? world.arena + below(ARENA) * PAGE + 8 * below(512) : bad_va();
		return HC(vcpu_op, op, id, BUFFER);
	case VCPUOP_register_vcpu_info:	/* ours must stay where the handler looks */
		if (runs)
			return 0;
		break;
	case VCPUOP_set_periodic_timer:
		w[0] = below(2) ? 1000000 + below(1000000) : any_number();
		break;
	}
	return HC(vcpu_op, op, id, buffer_or_any());
}

/* An upcall may come at any time: what it writes to the arena may be the shared page. */
static uint64_t any_upcall(void)
{
	return below(2) ? (uint64_t)event_entry : 1UL << (47 + below(17));
}

/* So may a selector that no longer loads, when there are other vCPUs. */
static uint64_t any_failsafe(void)
{
	if (world.vcpus == 1)
		return any_va();
	return below(2) ? (uint64_t)failsafe_entry : 1UL << (47 + below(17));
}

static long random_callback(void)
{
	struct callback_register *r = (void *)BUFFER;
	long rc;

	fill(r, sizeof(*r));
	r->type = (uint16_t)below(10);
	/* Nor is another vCPU's NMI waited for. */
	if (r->type == CALLBACKTYPE_event || world.vcpus > 1)
		r->address = any_upcall();
	if (r->type == CALLBACKTYPE_failsafe)
		r->address = any_failsafe();
	rc = HC(callback_op, below(10) ? below(2) : any_number(), buffer_or_any());
	traps_init();
	return rc;
}

static long random_trap_table(void)
{
	long rc;

	trap_info_t *table = (void *)BUFFER;

	fill(table, 600);
	table[below(30)].address = 0;
	for (unsigned i = 0; i < 600 / sizeof(*table); i++)	/* not those that come unasked */
		table[i].vector |= table[i].vector < 8 ? 8 : 0;
	rc = HC(set_trap_table, below(4) ? (uint64_t)BUFFER :
				below(2) && world.vcpus == 1 ? 0 : bad_va());
	traps_init();
	return rc;
}

static long random_debugreg(void)
{
	unsigned reg = below(10);
	uint64_t value = reg < 4 ? any_va() : rnd();

	if (below(3) == 0)
		return HC(get_debugreg, reg);
	/* Break points on what we touch ourselves would be exceptions without a handler. */
	if (reg < 4)
		value = world.arena + below(ARENA) * PAGE + 8 * below(16);
	return HC(set_debugreg, reg, value);
}

/* Bases that are set here are used by nobody. */
static long random_segment_base(void)
{
	return HC(set_segment_base, below(5), below(2) ? any_va() : any_number());
}

/* ---- lists of calls ----------------------------------------------------------------------- */

static long random_multicall(void)
{
	static const struct { unsigned nr, arg; } calls[] = {
		{ __HYPERVISOR_xen_version, 0 }, { __HYPERVISOR_multicall, 0 },
		{ __HYPERVISOR_set_segment_base, 0 }, { __HYPERVISOR_fpu_taskswitch, 0 },
		{ __HYPERVISOR_mmuext_op, 1 }, { __HYPERVISOR_event_channel_op, 0 },
		{ __HYPERVISOR_update_va_mapping, 2 }, { 0xffff, 0 },
	};
	struct multicall_entry *m = (void *)(BUFFER + 3 * PAGE);
	struct mmuext_op *flush = (void *)(BUFFER + 2 * PAGE);
	unsigned n = below(40);

	*flush = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL };
	for (unsigned i = 0; i < n; i++) {
		unsigned k = below(sizeof(calls) / sizeof(calls[0]));

		fill(&m[i], sizeof(m[i]));
		m[i].op = calls[k].nr;
		if (m[i].op == __HYPERVISOR_fpu_taskswitch)
			m[i].args[0] = 0;
		if (calls[k].arg == 1) {
			m[i].args[0] = (uint64_t)flush;
			m[i].args[1] = 1;
			m[i].args[2] = 0;
			m[i].args[3] = DOMID_SELF;
		} else if (calls[k].arg == 2) {
			m[i].args[0] = world.arena + below(ARENA) * PAGE;
			m[i].args[1] = any_pte();
			m[i].args[2] = below(3);
		} else if (m[i].op == __HYPERVISOR_event_channel_op) {
			m[i].args[0] = EVTCHNOP_send;
			m[i].args[1] = (uint64_t)(BUFFER + 4 * PAGE);
		} else {
			m[i].args[1] = (uint64_t)BUFFER + 5 * PAGE;
		}
	}
	return HC(multicall, below(20) ? (uint64_t)m : bad_va(), n);
}

/* Any number of a hypercall that may do no harm with any arguments. */
static long random_plain(void)
{
	static const uint8_t nrs[] = { 7, 9, 11, 16, 17, 19, 27, 28, 31, 34, 37, 38, 39, 40, 41,
				       42, 48, 49, 50, 55, 60, 63 };
	unsigned nr = nrs[below(sizeof(nrs))];

	fill(BUFFER, 256);
	if (nr == __HYPERVISOR_nmi_op)	/* random_small(); a made-up handler would be jumped to */
		return 0;
	if (nr == __HYPERVISOR_platform_op) {
		struct xen_platform_op *op = (void *)BUFFER;

		op->cmd = below(70);
		op->interface_version = XENPF_INTERFACE_VERSION;
		if (op->cmd == XENPF_enter_acpi_sleep)
			return 0;
	}
	return hypercall(nr, below(20) ? below(40) : no_address(any_number()), buffer_or_any(),
			 any_value(), any_value(), any_value());
}

static long random_small(void)
{
	fill(BUFFER, 256);
	switch (below(8)) {
	case 0:
		return HC(stack_switch, any_value(), any_va());
	case 1:
		return HC(set_timer_op, below(2) ? any_number() : 1);
	case 2:
		return HC(vm_assist, below(10) ? below(2) : any_number(), below(40));
	case 3:
		HC(fpu_taskswitch, 1);
		return HC(fpu_taskswitch, 0);	/* compiled code uses SSE */
	case 4:
		return HC(physdev_op, below(40), buffer_or_any());
	case 5:
		return HC(nmi_op, XENNMI_unregister_callback, buffer_or_any());
	case 6:
		return HC(console_io, below(5), any_number(), bad_va());
	default:
		return HC(set_callbacks, any_upcall(), any_failsafe(), any_va());
	}
}

static struct family {
	const char *name;
	unsigned weight;
	long (*call)(void);
	unsigned long calls, done;	/* how many there were, and without an error */
} families[] = {
	{ "mmu_update", 20, random_mmu_update, 0, 0 },
	{ "update_va_mapping", 8, random_va_mapping, 0, 0 },
	{ "mmuext_op", 20, random_mmuext, 0, 0 },
	{ "memory_op", 12, random_memory_op, 0, 0 },
	{ "update_descriptor", 3, random_descriptor, 0, 0 },
	{ "set_gdt", 3, random_set_gdt, 0, 0 },
	{ "grant_table_op", 16, random_grant, 0, 0 },
	{ "event_channel_op", 12, random_event, 0, 0 },
	{ "sched_op", 2, random_sched, 0, 0 },
	{ "vcpu_op", 6, random_vcpu, 0, 0 },
	{ "callback_op", 1, random_callback, 0, 0 },
	{ "set_trap_table", 1, random_trap_table, 0, 0 },
	{ "debug registers", 2, random_debugreg, 0, 0 },
	{ "set_segment_base", 2, random_segment_base, 0, 0 },
	{ "multicall", 3, random_multicall, 0, 0 },
	{ "small", 4, random_small, 0, 0 },
	{ "plain", 3, random_plain, 0, 0 },
};

void random_call(void)
{
	unsigned total = 0, at;
	struct family *f = families;
	long rc;

	if (world.control && below(12) == 0) {
		if (self()->trace)
			print("#   control");
		random_control();
		return;
	}
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		total += families[i].weight;
	for (at = below(total); at >= f->weight; f++)
		at -= f->weight;
	if (self()->trace)
		print("#   %s", f->name);
	rc = f->call();
	f->calls++;
	f->done += rc >= 0;
	if (self()->trace)
		print("#   = %ld", rc);
	/* Whatever the handlers were made, they are ours again. */
	if (f->call == random_small)
		traps_init();
}

void random_report(void)
{
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		print("# %s: %lu calls, %lu done", families[i].name, families[i].calls,
		      families[i].done);
	print("# got hold of %lu ports and %lu grants of others", world.bound, world.mapped);
}
