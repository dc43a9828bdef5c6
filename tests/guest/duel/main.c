// SPDX-License-Identifier: MIT
/*
 * All vCPUs change the same few frames against each other: as data, as tables of any level, pinned, loaded, granted,
 * exchanged, as descriptors; by hypercalls, by stores that are emulated, by MOV to CR3. Each call may be refused, none may
 * harm. At the end everything is let go of, and each frame must be plain memory again, as it could not be with a count
 * wrong; then the hypervisor compares its books. Command line: rounds=N, seed=N.
 */
#include "../lib/cpu.h"
#include "../lib/option.h"

#include <xen/grant_table.h>

const char test_name[] = "duel";

#define WRITABLE (P_P | P_W | P_U | P_A | P_D)
#define READABLE (P_P | P_U | P_A)
#define FRAMES	 8
#define TOPS	 2	/* of them, the last: nobody clears the kernel's entries there, for vCPUs load them */
#define SLOTS	 8	/* addresses that any of them may be seen at */
#define FIRST	 8	/* entries of tables that may be anything: the first is the kernel's, in a top level */
#define ENTRIES	 8
#define REFS	 16	/* grants of each vCPU */
#define VCPUS	 4

static struct own {
	uint64_t seed, done;
	uint32_t handle[REFS];
	uint64_t mapped_at[REFS];
	bool mapped[REFS];
} own[VCPUS];

static uint64_t *frame[FRAMES], *slot[SLOTS], *data;
static grant_entry_v1_t *grants;
static uint64_t rounds = 40;

static unsigned below(struct own *o, unsigned n)
{
	o->seed = o->seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(o->seed >> 33) % n;
}

/* ---- what may fault: the handler goes on behind it ------------------------------------------ */

long duel_store(uint64_t *at, uint64_t value);
long duel_swap(uint64_t *at, uint64_t value);
long duel_load(uint64_t *at);
long duel_cr3(uint64_t value);
long duel_fs(uint64_t selector);
extern const char duel_fault[];
/* Each begins with the instruction that may fault; 16 bytes from one to the next. */
__asm__(".balign 16\n"
	"duel_store: mov %rsi, (%rdi); xor %eax, %eax; ret\n"
	".balign 16\n"
	"duel_swap: xchg %rsi, (%rdi); xor %eax, %eax; ret\n"
	".balign 16\n"
	"duel_load: mov (%rdi), %rax; xor %eax, %eax; ret\n"
	".balign 16\n"
	"duel_cr3: mov %rdi, %cr3; xor %eax, %eax; ret\n"
	".balign 16\n"
	"duel_fs: mov %edi, %fs; xor %eax, %eax; ret\n"
	".balign 16\n"
	"duel_fault: mov $-1, %rax; ret\n");

static bool resume(struct trap_frame *f)
{
	if (f->rip < (uint64_t)duel_store || f->rip >= (uint64_t)duel_fault)
		return false;
	f->rip = (uint64_t)duel_fault;
	return true;
}

static void ignore(struct trap_frame *f)
{
	(void)f;
	shared_info->vcpu_info[cpu_self()].evtchn_upcall_pending = 0;
}

/* ---- moves -------------------------------------------------------------------------------------- */

static long mmuext(unsigned cmd, uint64_t arg, unsigned nr)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg, .arg2.nr_ents = nr };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long map_at(const void *va, uint64_t pte)
{
	return HC(update_va_mapping, va, pte, UVMF_INVLPG | UVMF_ALL);
}

static uint64_t *any_frame(struct own *o)
{
	return frame[below(o, FRAMES)];
}

static uint64_t *any_but_a_top(struct own *o)
{
	return frame[below(o, FRAMES - TOPS)];
}

/* Nothing, or one of the frames or plain memory, to read or to write. */
static uint64_t any_entry(struct own *o)
{
	switch (below(o, 4)) {
	case 0:
		return 0;
	case 1:
		return va_mfn(data) << 12 | WRITABLE;
	case 2:
		return va_mfn(any_frame(o)) << 12 | WRITABLE;
	default:
		return va_mfn(any_frame(o)) << 12 | READABLE;
	}
}

static uint64_t any_index(struct own *o)
{
	return FIRST + below(o, ENTRIES);
}

static void change_mapping(struct own *o)
{
	uint64_t *f = any_frame(o);

	if (below(o, 2))
		map_at(slot[below(o, SLOTS)], any_entry(o));
	else
		map_at(f, va_mfn(f) << 12 | (below(o, 3) ? READABLE : WRITABLE));
}

static void update_entry(struct own *o)
{
	mmu_update_t u = { .ptr = (va_mfn(any_frame(o)) << 12) + 8 * any_index(o), .val = any_entry(o) };

	u.ptr |= below(o, 3) ? MMU_NORMAL_PT_UPDATE : MMU_PT_UPDATE_PRESERVE_AD;
	HC(mmu_update, &u, 1, 0, DOMID_SELF);
}

static void store_entry(struct own *o)
{
	uint64_t *table = below(o, 2) ? any_frame(o) : slot[below(o, SLOTS)];

	if (below(o, 4) == 0)
		duel_load(table + any_index(o));
	else if (below(o, 2))
		duel_store(table + any_index(o), any_entry(o));
	else
		duel_swap(table + any_index(o), any_entry(o));
}

static void pin_or_unpin(struct own *o)
{
	static const unsigned cmds[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
					 MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE };
	uint64_t *f = any_frame(o);

	if (below(o, 2))
		map_at(f, va_mfn(f) << 12 | READABLE);
	mmuext(cmds[below(o, 6)], va_mfn(f), 0);
	if (below(o, 8) == 0)
		mmuext(MMUEXT_CLEAR_PAGE, va_mfn(any_but_a_top(o)), 0);
}

/* A top level with the kernel in it: loaded, used while others change the rest of it, left again. */
static void load(struct own *o)
{
	uint64_t *f = frame[FRAMES - 1 - below(o, TOPS)];

	map_at(f, va_mfn(f) << 12 | READABLE);
	if (below(o, 2))
		mmuext(MMUEXT_NEW_USER_BASEPTR, va_mfn(f), 0);
	if (below(o, 2))
		mmuext(MMUEXT_NEW_BASEPTR, va_mfn(f), 0);
	else
		duel_cr3(va_mfn(f) << 12);
	store_entry(o);
	update_entry(o);
	mmuext(MMUEXT_NEW_BASEPTR, va_mfn((const void *)start_info->pt_base), 0);
}

static void grant(struct own *o, unsigned self)
{
	unsigned n = below(o, REFS), ref = 8 + self * REFS + n;
	uint64_t *s = slot[below(o, SLOTS)];
	struct gnttab_map_grant_ref map = { .host_addr = (uint64_t)s, .flags = GNTMAP_host_map, .ref = ref,
					    .dom = DOMID_SELF };

	if (o->mapped[n]) {
		struct gnttab_unmap_grant_ref unmap = { .host_addr = o->mapped_at[n], .handle = o->handle[n] };

		HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
		if (unmap.status)
			unmap.host_addr = 0;
		if (unmap.status)
			HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
		o->mapped[n] = unmap.status != GNTST_okay;
		return;
	}
	if (below(o, 2)) {
		map.host_addr = (va_mfn(any_frame(o)) << 12) + 8 * any_index(o);
		map.flags |= GNTMAP_contains_pte;
	}
	if (below(o, 2))
		map.flags |= GNTMAP_readonly;
	grants[ref] = (grant_entry_v1_t){ .domid = DOMID_SELF, .frame = (uint32_t)va_mfn(any_frame(o)) };
	__atomic_store_n(&grants[ref].flags, GTF_permit_access, __ATOMIC_RELEASE);
	HC(grant_table_op, GNTTABOP_map_grant_ref, &map, 1);
	o->mapped[n] = map.status == GNTST_okay;
	o->handle[n] = map.handle;
	o->mapped_at[n] = map.host_addr;
}

/* Another frame in its place, when nobody has it in use. */
static void exchange(struct own *o)
{
	uint64_t *f = any_but_a_top(o);
	xen_pfn_t in = va_mfn(f), out = (uint64_t)f >> 12;
	struct xen_memory_exchange e = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
					 .out = { .nr_extents = 1, .domid = DOMID_SELF } };

	set_xen_guest_handle(e.in.extent_start, &in);
	set_xen_guest_handle(e.out.extent_start, &out);
	map_at(f, 0);
	if (!HC(memory_op, XENMEM_exchange, &e) && e.nr_exchanged == 1)
		p2m[(uint64_t)f >> 12] = out;
	map_at(f, va_mfn(f) << 12 | WRITABLE);
}

static void descriptors(struct own *o)
{
	uint64_t *f = any_frame(o);

	map_at(f, va_mfn(f) << 12 | READABLE);
	mmuext(MMUEXT_SET_LDT, (uint64_t)f, 512);
	duel_fs(8 * any_index(o) | 7);
	HC(update_descriptor, (va_mfn(f) << 12) + 8 * any_index(o), below(o, 2) ? 0x00cff3000000ffffUL : 0);
	duel_fs(8 * any_index(o) | 7);
	duel_fs(0);
	mmuext(MMUEXT_SET_LDT, 0, 0);
}

static uint64_t duel(uint64_t self)
{
	struct own *o = &own[self];

	for (o->done = 0; o->done < rounds; o->done++) {
		switch (below(o, 16)) {
		case 0 ... 3:
			change_mapping(o);
			break;
		case 4 ... 5:
			update_entry(o);
			break;
		case 6 ... 8:
			store_entry(o);
			break;
		case 9 ... 11:
			pin_or_unpin(o);
			break;
		case 12:
			load(o);
			break;
		case 13:
			grant(o, (unsigned)self);
			break;
		case 14:
			exchange(o);
			break;
		default:
			descriptors(o);
		}
	}
	return mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0) != 0;
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void let_go(struct own *o)
{
	for (unsigned n = 0; n < REFS; n++) {
		struct gnttab_unmap_grant_ref unmap = { .host_addr = o->mapped_at[n], .handle = o->handle[n] };

		if (!o->mapped[n])
			continue;
		HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
		unmap.host_addr = 0;
		if (unmap.status)
			HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
		o->mapped[n] = unmap.status != GNTST_okay;
	}
}

static unsigned still_mapped(const struct own *o)
{
	unsigned n = 0;

	for (unsigned i = 0; i < REFS; i++)
		n += o->mapped[i];
	return n;
}

/* Entries and pins of tables go, then each frame is what it was at first. */
static void all_let_go(unsigned n)
{
	unsigned pinned = 0, held = 0, grants_left = 0;

	for (unsigned i = 0; i < n; i++)
		let_go(&own[i]);
	for (unsigned i = 0; i < SLOTS; i++)
		map_at(slot[i], 0);
	for (unsigned i = 0; i < FRAMES; i++)
		mmuext(MMUEXT_UNPIN_TABLE, va_mfn(frame[i]), 0);
	for (unsigned i = 0; i < n; i++)
		let_go(&own[i]);
	for (unsigned i = 0; i < FRAMES; i++) {
		pinned += mmuext(MMUEXT_UNPIN_TABLE, va_mfn(frame[i]), 0) == 0;
		held += map_at(frame[i], va_mfn(frame[i]) << 12 | WRITABLE) != 0;
	}
	for (unsigned i = 0; i < n; i++)
		grants_left += still_mapped(&own[i]);
	check_eq(pinned, 0, "what was unpinned is not pinned any more");
	check_eq(grants_left, 0, "each grant that was mapped can be given back");
	check_eq(held, 0, "each frame is plain memory again");
}

static void prepare(unsigned n)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	static xen_pfn_t table;

	HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	grants = page_alloc();
	data = page_alloc();
	set_xen_guest_handle(setup.frame_list, &table);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	check_eq((uint64_t)map_at(grants, table << 12 | WRITABLE), 0, "the grant table is mapped");
	for (unsigned i = 0; i < FRAMES; i++)
		frame[i] = page_alloc();
	for (unsigned i = FRAMES - TOPS; i < FRAMES; i++)
		for (unsigned k = 0; k < FIRST; k++)
			frame[i][k] = ((const uint64_t *)start_info->pt_base)[k];
	for (unsigned i = 0; i < SLOTS; i++)
		slot[i] = page_alloc();
	for (unsigned i = 0; i < n; i++)
		own[i].seed = option("seed=", 1) * 1000 + i;
}

void test_main(void)
{
	unsigned n = cpu_count() < VCPUS ? cpu_count() : VCPUS;

	rounds = option("rounds=", rounds);
	event_handler = ignore;
	trap_handler = resume;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	prepare(n);
	for (unsigned i = 1; i < n; i++)
		check_eq((uint64_t)cpu_start(i), 0, "vCPU %u runs", i);
	for (unsigned i = 1; i < n; i++)
		cpu_go(i, duel, i);
	duel(0);
	for (unsigned i = 1; i < n; i++)
		cpu_wait(i);
	for (unsigned i = 0; i < n; i++)
		check_eq(own[i].done, rounds, "vCPU %u has made all its moves", i);
	all_let_go(n);
	check(books_agree(), "the hypervisor's books agree");
}
