// SPDX-License-Identifier: MIT
/* Page types and tables: what mmu_update, mmuext_op and update_va_mapping do and refuse. */
#include "../lib/test.h"

const char test_name[] = "mmu";

static uint64_t *table[5];	/* 1 to 4: an empty read-only page for each level; 0: data */
static volatile uint64_t *data;

static uint64_t entry(const void *page, uint64_t flags)
{
	return va_mfn(page) << 12 | flags;
}

static long update_for(uint64_t ptr, uint64_t val, unsigned foreigndom)
{
	struct mmu_update req = { ptr, val };

	return HC(mmu_update, &req, 1, 0, foreigndom);
}

static long update(const uint64_t *slot, uint64_t val)
{
	return update_for((va_mfn((void *)((uint64_t)slot & ~0xfffUL)) << 12) + ((uint64_t)slot & 0xfff),
			  val, DOMID_SELF);
}

static long ext_for(unsigned cmd, uint64_t arg1, uint64_t arg2, unsigned foreigndom)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2 };

	return HC(mmuext_op, &op, 1, 0, foreigndom);
}

static long ext(unsigned cmd, uint64_t arg1)
{
	return ext_for(cmd, arg1, 0, DOMID_SELF);
}

/* ---- lists, owners, commands ------------------------------------------------------------ */

static void lists(void)
{
	struct mmu_update req[3];
	unsigned done = 77;

	note("an empty list: %ld", HC(mmu_update, 0, 0, &done, DOMID_SELF));
	note("done: %u", done);
	note("a list at 0: %ld", HC(mmu_update, 0, 1, 0, DOMID_SELF));
	note("a list in the hypervisor's part: %ld",
	     HC(mmu_update, HYPERVISOR_VIRT_START, 1, 0, DOMID_SELF));
	for (unsigned i = 0; i < 3; i++)
		req[i] = (struct mmu_update){ entry(table[0], 8 * i), i + 1 };
	req[1].ptr = 1UL << 45;
	done = 5;
	note("the second of three is bad: %ld", HC(mmu_update, req, 3, &done, DOMID_SELF));
	note("done %u, data %lu %lu", done, (unsigned long)data[0], (unsigned long)data[2]);
	req[1].ptr = entry(table[0], 8);
	done = 5;
	note("three good ones: %ld", HC(mmu_update, req, 3, &done, DOMID_SELF));
	note("done %u, data %lu", done, (unsigned long)data[2]);
	note("done at a bad address: %ld", HC(mmu_update, req, 1, 8, DOMID_SELF));
	note("an empty list of operations: %ld", HC(mmuext_op, 0, 0, 0, DOMID_SELF));
	note("a list of operations at 0: %ld", HC(mmuext_op, 0, 1, 0, DOMID_SELF));
}

static void owners(void)
{
	static const unsigned ids[] = { 0, 77, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_COW,
					1u << 16 | DOMID_SELF, 78u << 16 | DOMID_SELF, DOMID_IDLE };

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		note("foreigndom %#x: data %ld, L1 entry %ld, M2P %ld, operation %ld", ids[i],
		     update_for(entry(table[0], 0), 9, ids[i]),
		     update_for(entry(table[1], 0), entry(table[0], P_P), ids[i]),
		     update_for(entry(table[0], MMU_MACHPHYS_UPDATE), (uint64_t)table[0] >> 12, ids[i]),
		     ext_for(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, ids[i]));
		update(table[1], 0);
	}
}

static void commands(void)
{
	for (unsigned cmd = 0; cmd < 8; cmd++)
		note("command %u to data: %ld", cmd,
		     update_for(entry(table[0], cmd), (uint64_t)table[0] >> 12, DOMID_SELF));
	note("M2P of a frame that is not there: %ld",
	     update_for(1UL << 45 | MMU_MACHPHYS_UPDATE, 5, DOMID_SELF));
	check_eq(M2P[va_mfn(table[0])], (uint64_t)table[0] >> 12, "the M2P has what was written");
}

/* ---- entries ------------------------------------------------------------------------------ */

static void one(unsigned level, const char *what, uint64_t value)
{
	long rc = update(&table[level][5], value);
	uint64_t now = table[level][5] & 0xfff0000000000fffUL;

	note("L%u entry, %s: %ld, then flags %#lx", level, what, rc, (unsigned long)now);
	update(&table[level][5], 0);
}

static void l1_entries(void)
{
	static const uint64_t flags[] = { 1UL << 3, 1UL << 4, 1UL << 7, 1UL << 8, 0x200, 1UL << 52,
					  1UL << 52 | 1UL << 8, 1UL << 53, 1UL << 62, P_NX, P_A | P_D };

	one(1, "to data", entry(table[0], P_P | P_W | P_U));
	one(1, "to data, kernel's", entry(table[0], P_P | P_W));
	one(1, "to data, read-only", entry(table[0], P_P));
	one(1, "not present", entry(table[0], P_W | 0x80));
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		one(1, "with a bit", entry(table[0], P_P | P_U | flags[i]));
	for (unsigned l = 1; l < 5; l++) {
		one(1, "to a table", entry(table[l], P_P));
		one(1, "to a table, writable", entry(table[l], P_P | P_W));
	}
	one(1, "to no frame", 1UL << 45 | P_P);
	one(1, "to no frame, no such address", P_ADDR | P_P);
	one(1, "to the local APIC", 0xfee00000UL | P_P | P_W);
	one(1, "to the I/O APIC", 0xfec00000UL | P_P | P_W);
	one(1, "to VGA memory", 0xb8000UL | P_P | P_W);
	one(1, "to VGA memory, uncached", 0xb8000UL | P_P | P_W | 0x18);
	one(1, "to the M2P", 0);
}

static void table_entries(void)
{
	static const uint64_t flags[] = { 1UL << 3, 1UL << 4, 1UL << 7, 1UL << 8, 0x200, 1UL << 52,
					  1UL << 53, 1UL << 62, P_NX, P_A | P_D, P_W, P_U };

	for (unsigned l = 2; l < 5; l++) {
		one(l, "to the table below", entry(table[l - 1], P_P | P_W | P_U));
		for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			one(l, "with a bit", entry(table[l - 1], P_P | flags[i]));
		for (unsigned t = 0; t < 5; t++) {
			one(l, "to another, read-only", entry(table[t], P_P));
			one(l, "to another", entry(table[t], P_P | P_W));
		}
		one(l, "to no frame", 1UL << 45 | P_P);
		one(l, "not present", 0x1234 << 12);
	}
	for (unsigned i = 255; i < 273; i += i == 256 ? 14 : 1)
		note("L4 slot %u: %ld, %ld", i, update(&table[4][i], entry(table[3], P_P)),
		     update(&table[4][i], 0));
}

/* ---- whole tables ---------------------------------------------------------------------------- */

static void pins(void)
{
	uint64_t *page = page_alloc();

	for (unsigned l = 0; l < 4; l++) {
		note("pin L%u: no frame %ld, writable %ld, at 0 %ld", l + 1,
		     ext(MMUEXT_PIN_L1_TABLE + l, 1UL << 40), ext(MMUEXT_PIN_L1_TABLE + l, va_mfn((void *)data)),
		     ext(MMUEXT_PIN_L1_TABLE + l, 0));
	}
	make_readonly(page);
	note("pin: %ld, again: %ld, as L2: %ld", ext(MMUEXT_PIN_L1_TABLE, va_mfn(page)),
	     ext(MMUEXT_PIN_L1_TABLE, va_mfn(page)), ext(MMUEXT_PIN_L2_TABLE, va_mfn(page)));
	note("mapping it writable: %ld", pte_write((uint64_t)page, entry(page, P_P | P_W | P_U)));
	note("unpin: %ld, again: %ld, no frame: %ld", ext(MMUEXT_UNPIN_TABLE, va_mfn(page)),
	     ext(MMUEXT_UNPIN_TABLE, va_mfn(page)), ext(MMUEXT_UNPIN_TABLE, 1UL << 40));
	note("mapping it writable: %ld", pte_write((uint64_t)page, entry(page, P_P | P_W | P_U)));
	page[3] = 1UL << 45 | P_P | 0x80;
	make_readonly(page);
	note("pin L1 with a bad entry: %ld, L2: %ld, L4: %ld", ext(MMUEXT_PIN_L1_TABLE, va_mfn(page)),
	     ext(MMUEXT_PIN_L2_TABLE, va_mfn(page)), ext(MMUEXT_PIN_L4_TABLE, va_mfn(page)));
	make_writable(page);
	page[3] = 0;
	page[260] = ~0UL;
	make_readonly(page);
	note("pin L4 with a strange entry in the hypervisor's slots: %ld", ext(MMUEXT_PIN_L4_TABLE, va_mfn(page)));
	note("unpin: %ld", ext(MMUEXT_UNPIN_TABLE, va_mfn(page)));
}

static void recursion(void)
{
	for (unsigned l = 2; l < 5; l++)
		note("L%u names itself: read-only %ld, writable %ld", l,
		     update(&table[l][7], entry(table[l], P_P | P_U)),
		     update(&table[l][8], entry(table[l], P_P | P_W)));
	for (unsigned l = 2; l < 5; l++)
		update(&table[l][7], 0);
}

static void base_pointers(void)
{
	uint64_t own = va_mfn((void *)start_info->pt_base);

	note("NEW_BASEPTR: the same %ld, 0 %ld, no frame %ld, an L1 %ld, data %ld",
	     ext(MMUEXT_NEW_BASEPTR, own), ext(MMUEXT_NEW_BASEPTR, 0),
	     ext(MMUEXT_NEW_BASEPTR, 1UL << 40), ext(MMUEXT_NEW_BASEPTR, va_mfn(table[1])),
	     ext(MMUEXT_NEW_BASEPTR, va_mfn(table[0])));
	note("NEW_USER_BASEPTR: 0 %ld, no frame %ld, an L1 %ld, an L4 %ld, again %ld, 0 %ld",
	     ext(MMUEXT_NEW_USER_BASEPTR, 0), ext(MMUEXT_NEW_USER_BASEPTR, 1UL << 40),
	     ext(MMUEXT_NEW_USER_BASEPTR, va_mfn(table[1])),
	     ext(MMUEXT_NEW_USER_BASEPTR, va_mfn(table[4])),
	     ext(MMUEXT_NEW_USER_BASEPTR, va_mfn(table[4])), ext(MMUEXT_NEW_USER_BASEPTR, 0));
}

static void operations(void)
{
	uint64_t mask = 1, *from = page_alloc(), *to = page_alloc();

	for (unsigned cmd = MMUEXT_TLB_FLUSH_LOCAL; cmd <= MMUEXT_FLUSH_CACHE; cmd++) {
		note("operation %u: %ld, with a set of vCPUs %ld, at a bad address %ld", cmd,
		     ext_for(cmd, 0x100000, 0, DOMID_SELF),
		     ext_for(cmd, 0x100000, (uint64_t)&mask, DOMID_SELF),
		     ext_for(cmd, HYPERVISOR_VIRT_START, 8, DOMID_SELF));
	}
	note("operation 14: %ld, 18: %ld, 19: %ld, 20: %ld, 21: %ld, 99: %ld", ext(14, 0), ext(18, 0),
	     ext(19, va_mfn(table[0])), ext(20, va_mfn(table[0])), ext(21, 0), ext(99, 0));
	note("LDT: none %ld, too long %ld, unaligned %ld, ours %ld, not canonical %ld",
	     ext_for(MMUEXT_SET_LDT, 0, 0, DOMID_SELF), ext_for(MMUEXT_SET_LDT, 0x100000, 8193, DOMID_SELF),
	     ext_for(MMUEXT_SET_LDT, 0x100008, 5, DOMID_SELF),
	     ext_for(MMUEXT_SET_LDT, HYPERVISOR_VIRT_START, 5, DOMID_SELF),
	     ext_for(MMUEXT_SET_LDT, 1UL << 60, 5, DOMID_SELF));
	from[7] = 0x77;
	to[9] = 0x99;
	note("copy: %ld, %#lx %#lx", ext_for(MMUEXT_COPY_PAGE, va_mfn(to), va_mfn(from), DOMID_SELF),
	     (unsigned long)to[7], (unsigned long)to[9]);
	note("clear: %ld, %#lx", ext(MMUEXT_CLEAR_PAGE, va_mfn(to)), (unsigned long)to[7]);
	note("copy: to a table %ld, from a table %ld, from nowhere %ld",
	     ext_for(MMUEXT_COPY_PAGE, va_mfn(table[1]), va_mfn(from), DOMID_SELF),
	     ext_for(MMUEXT_COPY_PAGE, va_mfn(to), va_mfn(table[1]), DOMID_SELF),
	     ext_for(MMUEXT_COPY_PAGE, va_mfn(to), 1UL << 40, DOMID_SELF));
	note("clear: a table %ld, nothing %ld", ext(MMUEXT_CLEAR_PAGE, va_mfn(table[1])),
	     ext(MMUEXT_CLEAR_PAGE, 1UL << 40));
}

/* ---- update_va_mapping -------------------------------------------------------------------------- */

static void mappings(void)
{
	uint64_t va = (uint64_t)page_alloc(), mask = 1;
	uint64_t value = entry((void *)va, P_P | P_W | P_U);

	for (uint64_t flags = 0; flags < 8; flags++)
		note("update_va_mapping, flags %lu: %ld", (unsigned long)flags,
		     HC(update_va_mapping, va, value, flags));
	note("with a set: %ld, %ld, at a bad address: %ld", HC(update_va_mapping, va, value, (uint64_t)&mask | 1),
	     HC(update_va_mapping, va, value, (uint64_t)&mask | 2), HC(update_va_mapping, va, value, 9));
	note("no table there: %ld, ours: %ld, not canonical: %ld",
	     HC(update_va_mapping, 0x700000000000UL, 0, 0),
	     HC(update_va_mapping, HYPERVISOR_VIRT_START, 0, 0), HC(update_va_mapping, 1UL << 60, 0, 0));
	note("a bad value: %ld", HC(update_va_mapping, va, 1UL << 45 | P_P, 0));
	note("of domain 0: %ld, 77: %ld, itself: %ld, I/O: %ld, Xen: %ld",
	     HC(update_va_mapping_otherdomain, va, value, 0, 0),
	     HC(update_va_mapping_otherdomain, va, value, 0, 77),
	     HC(update_va_mapping_otherdomain, va, value, 0, DOMID_SELF),
	     HC(update_va_mapping_otherdomain, va, value, 0, DOMID_IO),
	     HC(update_va_mapping_otherdomain, va, value, 0, DOMID_XEN));
}

static void assists(void)
{
	for (unsigned type = 0; type < 8; type++) {
		long on = HC(vm_assist, VMASST_CMD_enable, type);

		note("vm_assist %u: on %ld, off %ld", type, on, HC(vm_assist, VMASST_CMD_disable, type));
	}
	note("vm_assist: 32 %ld, 63 %ld, 64 %ld, command 2 %ld",
	     HC(vm_assist, VMASST_CMD_enable, 32) | HC(vm_assist, VMASST_CMD_disable, 32),
	     HC(vm_assist, VMASST_CMD_enable, 63), HC(vm_assist, VMASST_CMD_enable, 64),
	     HC(vm_assist, 2, 2));
}

/* ---- stores to tables ------------------------------------------------------------------------------ */

static void stores(void)
{
	uint64_t *page = page_alloc(), *l1 = table[1], value, old = 0;

	HC(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
	TRY("movq $0, (%0)", : : "r"(l1 + 3) : "rax", "memory");
	note("a store without the assist: vector %#lx", (unsigned long)trap.vector);
	HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	value = entry(page, P_P | P_W | P_U | P_A | P_D);
	TRY("mov %1, (%0)", : : "r"(l1 + 3), "r"(value) : "rax", "memory");
	note("mov: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	TRY("lock andb $0xfd, (%0)", : : "r"(l1 + 3) : "rax", "memory");
	note("lock and: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	TRY("orl $2, (%0)", : : "r"(l1 + 3) : "rax", "memory");
	note("or: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	TRY("lock btrq $6, (%0)", : : "r"(l1 + 3) : "rax", "memory");
	note("btr: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	value = l1[3];
	TRY("mov %1, %%rax; lock cmpxchg %2, (%0)", : : "r"(l1 + 3), "r"(value), "r"(value | 0x200)
	    : "rax", "memory");
	note("cmpxchg: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	TRY("xchg %1, (%0)", : : "r"(l1 + 3), "r"(old) : "rax", "memory");
	note("xchg: vector %#lx, flags %#lx", (unsigned long)trap.vector, (unsigned long)(l1[3] & ~P_ADDR));
	value = entry(table[2], P_P | P_W);
	TRY("mov %1, (%0)", : : "r"(l1 + 3), "r"(value) : "rax", "memory");
	note("a bad entry: vector %#lx error %#lx, %#lx", (unsigned long)trap.vector,
	     (unsigned long)trap.error, (unsigned long)l1[3]);
	value = entry(table[1], P_P);
	TRY("mov %1, (%0)", : : "r"(table[2] + 3), "r"(value) : "rax", "memory");
	note("an L2: vector %#lx error %#lx", (unsigned long)trap.vector, (unsigned long)trap.error);
	TRY("mov %1, (%0)", : : "r"((uint64_t)(l1 + 4) - 4), "r"(value) : "rax", "memory");
	note("across two entries: vector %#lx error %#lx", (unsigned long)trap.vector,
	     (unsigned long)trap.error);
	HC(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
}

void test_main(void)
{
	for (unsigned l = 0; l < 5; l++)
		table[l] = page_alloc();
	data = table[0];
	lists();
	for (unsigned l = 1; l < 5; l++) {
		make_readonly(table[l]);
		check_eq((uint64_t)ext(MMUEXT_PIN_L1_TABLE + l - 1, va_mfn(table[l])), 0,
			 "an empty page is pinned as L%u", l);
	}
	commands();
	owners();
	l1_entries();
	table_entries();
	pins();
	recursion();
	base_pointers();
	operations();
	mappings();
	assists();
	stores();
}
