// SPDX-License-Identifier: MIT
/*
 * Rows about address spaces: entries of the upper levels, lists that touch many tables, a process's tables as fork makes
 * them, flushes, and the page operations of mmuext_op.
 */
#include "bench.h"

#define TABLES 10
#define FLAGS  (P_P | P_W | P_U | P_A)

static uint64_t *l1[32], *l2, *l3, *l4;

static long extended(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

/* Thirty-two L1 tables with a hundred pages each, of which the upper levels have the first ten. */
static void build(char *page)
{
	l2 = page_alloc();
	l3 = page_alloc();
	l4 = page_alloc();
	for (unsigned k = 0; k < 32; k++) {
		l1[k] = page_alloc();
		for (unsigned i = 0; i < 100; i++)
			l1[k][i] = va_mfn(page) << 12 | FLAGS | P_D;
		if (k < TABLES)
			l2[k * 3] = va_mfn(l1[k]) << 12 | FLAGS;
		make_readonly(l1[k]);
	}
	l3[0] = va_mfn(l2) << 12 | FLAGS;
	l4[0] = va_mfn(l3) << 12 | FLAGS;
	make_readonly(l2);
	make_readonly(l3);
	make_readonly(l4);
}

static void process(void)
{
	BENCH("process of 10 tables, 1000 pages, pinned and unpinned", 4, {
		extended(MMUEXT_PIN_L4_TABLE, va_mfn(l4));
		extended(MMUEXT_UNPIN_TABLE, va_mfn(l4));
	});
	check_eq((uint64_t)extended(MMUEXT_PIN_L4_TABLE, va_mfn(l4)), 0, "the process is pinned");
}

static void set(const uint64_t *entry, uint64_t value)
{
	mmu_update_t u = { .ptr = (va_mfn((void *)((uint64_t)entry & ~(PAGE - 1))) << 12) + ((uint64_t)entry & (PAGE - 1)),
			   .val = value };

	HC(mmu_update, &u, 1, 0, DOMID_SELF);
}

static void levels(void)
{
	extended(MMUEXT_PIN_L1_TABLE, va_mfn(l1[31]));
	BENCH("L2 entry set and cleared", N, {
		set(&l2[400], va_mfn(l1[31]) << 12 | FLAGS);
		set(&l2[400], 0);
	});
	extended(MMUEXT_PIN_L2_TABLE, va_mfn(l2));
	BENCH("L3 entry set and cleared", N, {
		set(&l3[5], va_mfn(l2) << 12 | FLAGS);
		set(&l3[5], 0);
	});
	extended(MMUEXT_PIN_L3_TABLE, va_mfn(l3));
	BENCH("L4 entry set and cleared", N, {
		set(&l4[5], va_mfn(l3) << 12 | FLAGS);
		set(&l4[5], 0);
	});
}

static void lists(void)
{
	static mmu_update_t u[32];
	unsigned done = 0;

	for (unsigned k = 0; k < 32; k++)
		extended(MMUEXT_PIN_L1_TABLE, va_mfn(l1[k]));
	BENCH("mmu_update of 32 in 32 tables", 20, {
		for (unsigned k = 0; k < 32; k++)
			u[k] = (mmu_update_t){ .ptr = (va_mfn(l1[k]) << 12) + 8 * k, .val = i & 1 ? l1[0][99] : 0 };
		HC(mmu_update, u, 32, &done, DOMID_SELF);
	});
	check_eq(done, 32, "all of 32 were made");
	for (unsigned k = 0; k < 32; k++)
		u[k] = (mmu_update_t){ .ptr = va_mfn(l1[k]) << 12 | MMU_MACHPHYS_UPDATE, .val = (uint64_t)l1[k] >> 12 };
	BENCH("mmu_update of 32, machine to physical", 20, HC(mmu_update, u, 32, &done, DOMID_SELF));
	check_eq(done, 32, "all of 32 numbers were set");
	for (unsigned k = 0; k < 32; k++)
		u[k] = (mmu_update_t){ .ptr = (va_mfn(l1[k]) << 12) | MMU_PT_UPDATE_PRESERVE_AD, .val = l1[0][99] };
	BENCH("mmu_update of 32, A and D kept", 20, HC(mmu_update, u, 32, &done, DOMID_SELF));
	check_eq(done, 32, "all of 32 were kept");
	BENCH("32 L1 tables pinned and unpinned in lists", 4, {
		static struct mmuext_op op[64];
		for (unsigned k = 0; k < 32; k++) {
			op[k] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = va_mfn(l1[k]) };
			op[32 + k] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = va_mfn(l1[k]) };
		}
		HC(mmuext_op, op, 64, &done, DOMID_SELF);
	});
	check_eq(done, 64, "all of 32 were pinned");
}

static void flushes(char *page)
{
	static uint64_t cpus = 1;
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_ALL };

	BENCH("TLB flush of all vCPUs", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	op = (struct mmuext_op){ .cmd = MMUEXT_INVLPG_ALL, .arg1.linear_addr = (uint64_t)page };
	BENCH("INVLPG of all vCPUs", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	op.cmd = MMUEXT_INVLPG_LOCAL;
	BENCH("INVLPG local", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	op.cmd = MMUEXT_INVLPG_MULTI;
	op.arg2.vcpumask.p = &cpus;
	BENCH("INVLPG of vCPUs in a mask", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
}

static void pages(char *page, char *other)
{
	struct mmuext_op op = { .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = va_mfn(page) };

	BENCH("page cleared", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	op.cmd = MMUEXT_COPY_PAGE;
	op.arg2.src_mfn = va_mfn(other);
	BENCH("page copied", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
}

static void memory(char *page)
{
	xen_pfn_t in = va_mfn(page), out = (uint64_t)page >> 12;
	struct xen_memory_exchange x = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
					 .out = { .nr_extents = 1, .domid = DOMID_SELF } };
	domid_t self = DOMID_SELF;

	BENCH("memory_op current_reservation", N, HC(memory_op, XENMEM_current_reservation, &self));
	pte_write((uint64_t)page, 0);
	x.in.extent_start.p = &in;
	x.out.extent_start.p = &out;
	BENCH("memory exchange of a page", N, {
		x.nr_exchanged = 0;
		out = (uint64_t)page >> 12;
		HC(memory_op, XENMEM_exchange, &x);
		in = out;
	});
	p2m[(uint64_t)page >> 12] = in;
	check_eq(M2P[in], (uint64_t)page >> 12, "the page was exchanged");
	pte_write((uint64_t)page, in << 12 | FLAGS | P_D);
}

void spaces(void)
{
	char *page = page_alloc(), *other = page_alloc();

	build(page);
	process();
	levels();
	lists();
	flushes(page);
	pages(page, other);
	memory(page_alloc());
}
