/* SPDX-License-Identifier: MIT */
/*
 * What is changed while it is read: a second vCPU writes two values in turn into a word of a
 * structure that the first one hands to a hypercall again and again. Each value alone is harmless or
 * refused; nothing between may come of it. And both vCPUs at once change the types of the same frames.
 */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#include <xen/grant_table.h>

#define RW (P_P | P_W | P_U | P_A | P_D)
#define RO (P_P | P_U | P_A | P_D)
#define ROUNDS 1500
#define TABLES 4
#define PORTS  64

/* What the second vCPU is to do. */
static struct {
	void (*volatile work)(void);
	volatile bool busy;
	volatile uint64_t *word;
	uint64_t value[2];
	volatile uint64_t turns;
} other;

static char stack[16384] __attribute__((aligned(16)));
static vcpu_guest_context_t context;

/* ---- the second vCPU -------------------------------------------------------------------------- */

static void __attribute__((noreturn)) other_main(void)
{
	for (;;) {
		void (*work)(void) = other.work;

		other.busy = work;
		if (work)
			work();
		if (!work || other.turns++ % 64 == 0)	/* both may have one CPU only */
			HC(sched_op, SCHEDOP_yield, 0);
	}
}

static bool start_other(void)
{
	context.flags = VGCF_in_kernel;
	context.user_regs.rip = (uint64_t)other_main;
	context.user_regs.rsp = (uint64_t)stack + sizeof(stack) - 8;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = (uint64_t)stack + sizeof(stack);
	context.ctrlreg[3] = top_level() << 12;
	shared_info->vcpu_info[1].evtchn_upcall_mask = 1;
	return !HC(vcpu_op, VCPUOP_initialise, 1, &context) && !HC(vcpu_op, VCPUOP_up, 1, 0);
}

static void flip(void)
{
	unsigned n = 255 + (other.turns >> 6 & 1);	/* what stays is now this, now that */

	for (unsigned i = 0; i < n; i++)
		*other.word = other.value[i & 1];
}

static void let_other(void (*work)(void))
{
	other.work = work;
	while (other.busy != !!work)
		HC(sched_op, SCHEDOP_yield, 0);
}

/* This word has one value or the other from now on. */
static void flip_between(volatile void *word, uint64_t a, uint64_t b)
{
	let_other(NULL);
	other.word = word;
	other.value[0] = a;
	other.value[1] = b;
	let_other(flip);
}

static void rest(unsigned round)
{
	if (round % 16 == 15)
		HC(sched_op, SCHEDOP_yield, 0);
}

/* ---- structures ---------------------------------------------------------------------------------- */

/* A request to map a page or a page table, and where. */
static void page_table_requests(void)
{
	uint64_t at = (uint64_t)page_alloc(), entry = pte_maddr(at), table = entry >> 12;
	uint64_t data = hidden_page();
	static struct mmu_update u[8];
	bool never = true;

	for (unsigned i = 0; i < 8; i++)
		u[i] = (struct mmu_update){ entry, data << 12 | RW };
	flip_between(&u[7].val, data << 12 | RW, table << 12 | RW);
	for (unsigned i = 0; i < ROUNDS; i++) {
		HC(mmu_update, u, 8, 0, DOMID_SELF);
		never &= (pte_read(at) & P_ADDR) >> 12 == data;
		rest(i);
	}
	check(never, "a request that changes never maps a table to be written");
	flip_between(&u[7].ptr, entry, HYPERVISOR_VIRT_START | 7);
	u[7].val = data << 12 | RO;
	for (unsigned i = 0; i < ROUNDS; i++) {
		HC(mmu_update, u, 8, 0, DOMID_SELF);
		rest(i);
	}
	let_other(NULL);
	check_eq(pte_read(at) & P_ADDR, data << 12, "nor where it should not");
	pte_write(at, va_mfn((void *)at) << 12 | RW);
}

static void lists_of_calls(void)
{
	static struct multicall_entry m[16];
	static const uint64_t pairs[][2] = {
		{ __HYPERVISOR_xen_version, ~0UL }, { __HYPERVISOR_xen_version, __HYPERVISOR_multicall },
		{ __HYPERVISOR_xen_version, 63 }, { __HYPERVISOR_xen_version, 64 },
	};

	for (unsigned p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
		for (unsigned i = 0; i < 16; i++)
			m[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
		flip_between(&m[9].op, pairs[p][0], pairs[p][1]);
		for (unsigned i = 0; i < ROUNDS / 4; i++) {
			HC(multicall, m, 16);
			rest(i);
		}
	}
	flip_between(&m[9].args[1], (uint64_t)&m[3].op, HYPERVISOR_VIRT_START + 8);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		m[9].op = m[3].op = __HYPERVISOR_xen_version;
		m[9].args[0] = XENVER_get_features;
		HC(multicall, m, 16);
		rest(i);
	}
	let_other(NULL);
	check(true, "lists of calls change while they are worked off: we live");
}

/* A copy whose length and place change: what lies before and behind stays as it is. */
static void grant_copies(void)
{
	uint64_t *page = page_alloc(), from = hidden_page();
	static struct gnttab_copy c;
	bool whole = true;

	c = (struct gnttab_copy){ .source = { .u.gmfn = from, .domid = DOMID_SELF },
				  .dest = { .u.gmfn = va_mfn(page), .domid = DOMID_SELF },
				  .len = 8 };
	for (unsigned i = 0; i < 512; i++)
		page[i] = ~0UL;
	flip_between((char *)&c + offsetof(struct gnttab_copy, dest.u.gmfn), va_mfn(page), top_level());
	for (unsigned i = 0; i < ROUNDS; i++) {
		c.dest.offset = (uint16_t)(8 * (i % 2));
		c.len = (uint16_t)(i % 3 ? 8 : 0xffff);
		HC(grant_table_op, GNTTABOP_copy, &c, 1);
		rest(i);
	}
	let_other(NULL);
	for (unsigned i = 2; i < 512; i++)
		whole &= page[i] == ~0UL;
	check(whole, "a copy that changes writes what it was told, no more");
}

static void grant_maps(void)
{
	static struct gnttab_map_grant_ref m[4];
	uint64_t at = (uint64_t)page_alloc(), entry = pte_maddr(at);
	domid_t self = is_control() ? 0 : DOMID_SELF;

	for (unsigned i = 0; i < 4; i++)
		m[i] = (struct gnttab_map_grant_ref){ .host_addr = at, .flags = GNTMAP_host_map,
						      .ref = 9, .dom = self };
	flip_between(&m[2].host_addr, at, top_level() << 12);
	for (unsigned i = 0; i < ROUNDS; i++) {
		m[2].flags = GNTMAP_host_map | (i & 1 ? GNTMAP_contains_pte : 0);
		HC(grant_table_op, GNTTABOP_map_grant_ref, m, 4);
		rest(i);
	}
	let_other(NULL);
	check_eq(pte_maddr(at), entry, "requests to map change while they are read: we live");
}

/* The frame of a return: to our ud2, or to nowhere, or with the hypervisor's selector. */
static void frames_of_return(void)
{
	struct iret_context *c = (void *)((char *)page_alloc() + PAGE - sizeof(*c));
	uint64_t ud2 = (uint64_t)page_alloc(), sp = (uint64_t)page_alloc() + PAGE;
	static const struct { unsigned at; uint64_t b; } bad[] = {
		{ offsetof(struct iret_context, rip), 0x800000000000 },
		{ offsetof(struct iret_context, rip), 0xffff82d040000000 },
		{ offsetof(struct iret_context, cs), 0xe008 },
		{ offsetof(struct iret_context, ss), 0xe010 },
		{ offsetof(struct iret_context, rflags), ~0UL },
	};
	bool ours = true;

	*(uint16_t *)ud2 = 0x0b0f;
	for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct iret_context good = { .rip = ud2, .cs = FLAT_KERNEL_CS & ~3UL, .rsp = sp - 64,
					     .ss = FLAT_KERNEL_SS };
		uint64_t a = *(uint64_t *)((char *)&good + bad[k].at);

		*c = good;
		flip_between((char *)c + bad[k].at, a, bad[k].b);
		for (unsigned i = 0; i < ROUNDS / 4; i++) {
			trap_clear();
			user_run_expected();
			iret_to(c);
			ours &= trap.vector < 32 && !(trap.rflags & 0x23000);
			*c = good;
			rest(i);
		}
		let_other(NULL);
	}
	check(ours, "a frame that changes brings us back, or is our fault");
}

static void handlers(void)
{
	static trap_info_t table[8];
	long rc = 0;

	for (unsigned i = 0; i < 7; i++)
		table[i] = (trap_info_t){ .vector = (uint8_t)(200 + i), .cs = FLAT_KERNEL_CS,
					  .address = (uint64_t)trap_stubs };
	flip_between(&table[5].address, (uint64_t)trap_stubs, 1UL << 47);
	for (unsigned i = 0; i < ROUNDS; i++) {
		rc |= HC(set_trap_table, table);
		rest(i);
	}
	let_other(NULL);
	TRY("int $205", : : : "rax");
	check(trap.vector < 256, "a table of handlers that changes is taken or refused");
	traps_init();
}

/* ---- types of frames ------------------------------------------------------------------------------ */

static uint64_t tables[TABLES];
static uint64_t window[2];

/* Pins, writes and maps the same few frames as what they may be at this moment. */
static void change_types(uint64_t at, unsigned seed)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t t = tables[(i + seed) % TABLES], next = tables[(i * 3 + seed) % TABLES];

		switch ((i * 5 + seed) % 7) {
		case 0:
			ext(MMUEXT_PIN_L1_TABLE, t);
			break;
		case 1:
			ext(MMUEXT_PIN_L2_TABLE, t);
			break;
		case 2:
		case 3:
			ext(MMUEXT_UNPIN_TABLE, t);
			break;
		case 4:
			update(t << 12 | 8 * (i % 4), next << 12 | (i & 1 ? RO : RW));
			break;
		case 5:
			update(t << 12 | 8 * (i % 4), 0);
			break;
		default:
			HC(update_va_mapping, at, t << 12 | RW, UVMF_INVLPG);
			HC(update_va_mapping, at, 0, UVMF_INVLPG);
		}
	}
}

static void change_types_too(void)
{
	change_types(window[1], (unsigned)other.turns);
}

static void types(void)
{
	bool plain = true;

	for (unsigned i = 0; i < TABLES; i++)
		tables[i] = hidden_page();
	window[0] = (uint64_t)page_alloc();
	window[1] = (uint64_t)page_alloc();
	let_other(change_types_too);
	for (unsigned i = 0; i < ROUNDS / 8; i++) {
		change_types(window[0], i);
		rest(i);
	}
	let_other(NULL);
	check(books_agree(), "the books agree after two have changed the types of the same frames");
	for (unsigned i = 0; i < TABLES; i++)
		ext(MMUEXT_UNPIN_TABLE, tables[i]);
	for (unsigned n = 0; n < TABLES; n++)	/* each may hang in the others */
		for (unsigned i = 0; i < 4 * TABLES; i++)
			update(tables[i / 4] << 12 | 8 * (i % 4), 0);
	for (unsigned i = 0; i < TABLES; i++) {
		plain &= !HC(update_va_mapping, window[0], tables[i] << 12 | RW, UVMF_INVLPG);
		HC(update_va_mapping, window[0], 0, UVMF_INVLPG);
	}
	check(plain, "and each can be a page of data again");
}

/* ---- storms ---------------------------------------------------------------------------------------- */

static evtchn_port_t ports[PORTS];

static void send_all(void)
{
	for (unsigned i = 0; i < PORTS; i++)
		HC(event_channel_op, EVTCHNOP_send, &ports[i]);
}

/* Both send on all ports, to each other and to themselves; then each port still works. */
static void events(void)
{
	bool arrived = true;

	for (unsigned i = 0; i < PORTS; i++) {
		struct evtchn_bind_ipi b = { .vcpu = i & 1 };

		HC(event_channel_op, EVTCHNOP_bind_ipi, &b);
		ports[i] = b.port;
	}
	let_other(send_all);
	for (unsigned i = 0; i < ROUNDS / 8; i++) {
		send_all();
		shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
		rest(i);
	}
	let_other(NULL);
	for (unsigned i = 0; i < PORTS; i++) {
		volatile unsigned long *word = &shared_info->evtchn_pending[ports[i] / 64];

		__atomic_fetch_and(word, ~(1UL << (ports[i] & 63)), __ATOMIC_SEQ_CST);
		HC(event_channel_op, EVTCHNOP_send, &ports[i]);
		arrived &= *word >> (ports[i] & 63) & 1;
		HC(event_channel_op, EVTCHNOP_close, &ports[i]);
	}
	check(arrived, "after a storm from two vCPUs each of %u ports works", PORTS);
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

void attack_by_races(void)
{
	if (HC(vcpu_op, VCPUOP_is_up, 1, 0) < 0) {
		print("# one vCPU: nothing changes behind our back");
		return;
	}
	check(start_other(), "a second vCPU runs");
	page_table_requests();
	lists_of_calls();
	grant_copies();
	grant_maps();
	frames_of_return();
	handlers();
	types();
	events();
	HC(vcpu_op, VCPUOP_down, 1, 0);
}
