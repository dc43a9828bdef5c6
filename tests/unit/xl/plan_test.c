/* SPDX-License-Identifier: MIT */
/*
 * Plans of domains of many shapes, each checked as a whole: nothing overlaps,
 * everything is inside, and the page tables, walked as the CPU walks them, map
 * what they shall and no table writably.
 */
#include "xl/test.h"

#include <xen/xen.h>
#include <xen/errno.h>

#include "build/start.h"

enum { MAX_PAGES = 1 << 16 };

static uint64_t mfns[MAX_PAGES];
static uint64_t (*tables)[512];
static uint64_t *table_of_mfn;	/* number of the table in that frame, plus one */
static struct plan p;
static struct build_error err;

/* Frames in no order, so that a pfn taken for an mfn is found. */
static uint64_t frame_of(uint64_t pfn)
{
	return (pfn * 40503 + 12345) % (1 << 20);
}

static int setup(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MAX_PAGES; i++)
		mfns[i] = frame_of(i);
	table_of_mfn = calloc(1 << 20, sizeof(*table_of_mfn));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(tables);
	free(table_of_mfn);
	tables = NULL;
	return 0;
}

static void make_tables(void)
{
	uint64_t count = plan_table_count(&p);

	tables = realloc(tables, count * sizeof(*tables));
	memset(table_of_mfn, 0, (1 << 20) * sizeof(*table_of_mfn));
	for (uint64_t i = 0; i < count; i++) {
		uint64_t pfn = plan_table_pfn(&p, i);

		assert_true(pfn < p.nr_pages);
		assert_true(plan_is_table(&p, pfn));
		assert_int_equal(table_of_mfn[mfns[pfn]], 0);
		table_of_mfn[mfns[pfn]] = i + 1;
		plan_table_fill(&p, i, mfns, tables[i]);
	}
}

/* What the CPU finds at an address: the leaf entry, 0 for nothing. */
static uint64_t walk(uint64_t va)
{
	uint64_t table = table_of_mfn[mfns[p.l4_pfn]], entry = 0;

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		assert_int_not_equal(table, 0);
		entry = tables[table - 1][va >> shift & 511];
		if (!(entry & 1))
			return 0;
		if (shift > 12) {
			assert_int_equal(entry & 0x7, 0x7);
			table = table_of_mfn[entry >> 12];
		}
	}
	return entry;
}

static void check_mapped(const struct plan_area *a, bool writable)
{
	for (uint64_t i = 0; i < a->count; i++) {
		uint64_t entry = walk(a->virt + i * 4096);

		assert_true(entry & 1);
		assert_true(entry >> 12 == mfns[a->pfn + i]);
		assert_int_equal(!!(entry & 2), writable);
	}
}

static void mark(uint8_t *used, const struct plan_area *a)
{
	for (uint64_t i = 0; i < a->count; i++) {
		assert_true(a->pfn + i < p.nr_pages);
		assert_int_equal(used[a->pfn + i], 0);
		used[a->pfn + i] = 1;
	}
}

static void check_areas(void)
{
	const struct plan_area *areas[] = {
		&p.kernel, &p.ramdisk, &p.p2m, &p.start_info, &p.xenstore, &p.console, &p.tables,
		&p.stack, &p.p2m_tables,
	};
	uint8_t *used = calloc(1, p.nr_pages);

	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		mark(used, areas[i]);
		if (areas[i]->mapped && areas[i] != &p.tables)
			check_mapped(areas[i], true);
	}
	free(used);
}

/* Every page that is mapped at all, once through: no table is writable anywhere. */
static void check_region(void)
{
	const struct plan_span *s = &p.spans[0];

	assert_true((s->end & ((4 << 20) - 1)) == 0);
	assert_true(s->end - (p.stack.virt + 4096) >= 512 << 10);
	for (uint64_t va = s->start; va != s->end; va += 4096) {
		uint64_t pfn = (va - p.virt_base) / 4096, entry = walk(va);

		assert_int_equal(entry & 1, pfn < p.nr_pages);
		if (!entry)
			continue;
		assert_true(entry >> 12 == mfns[pfn]);
		assert_int_equal(!!(entry & 2), !table_of_mfn[mfns[pfn]]);
	}
	assert_int_equal(walk(s->start - 4096), 0);
	assert_int_equal(walk(s->end), 0);
}

static int plan(const struct kernel *k, uint64_t ramdisk, uint64_t pages)
{
	err.text[0] = '\0';
	return plan_make(&p, k, ramdisk, pages, &err);
}

static struct kernel kernel(uint64_t base, uint64_t start, uint64_t bytes, uint64_t p2m)
{
	return (struct kernel){
		.virt_base = base,
		.virt_start = base + start,
		.virt_end = base + start + bytes,
		.entry = base + start,
		.hypercall_page = KERNEL_NONE,
		.init_p2m = p2m,
	};
}

static void plans_of_all_shapes_hold_together(void **state)
{
	static const uint64_t bases[] = {
		0, 0x100000, 0x3ff000, 0x7fc0000000, 0xffffffff80000000, 0xffff880000000000,
	};
	static const uint64_t sizes[] = { 1, 0x5000, 0x46ae08, 0x1ff001 };
	static const uint64_t ramdisks[] = { 0, 1, 0x300000 };
	static const uint64_t pages[] = { 2048, 4096, 5000, 40000 };
	unsigned made = 0;

	(void)state;
	for (unsigned i = 0; i < 6 * 4 * 3 * 4 * 4; i++) {
		struct kernel k = kernel(bases[i % 6], i & 1 ? 0x100000 : 0, sizes[i / 6 % 4],
					 i / 288 & 1 ? 0x8000000000 : KERNEL_NONE);

		if (k.init_p2m != KERNEL_NONE && bases[i % 6] == 0x7fc0000000)
			continue;	/* its region may reach the slot of the p2m */
		k.ramdisk_unmapped = i / 576 & 1;
		if (plan(&k, ramdisks[i / 24 % 3], pages[i / 72 % 4])) {
			assert_non_null(strstr(err.text, "not enough memory"));
			continue;
		}
		assert_true(p.pages_needed <= p.nr_pages);
		make_tables();
		check_areas();
		check_region();
		made++;
	}
	assert_true(made > 300);
}

static void a_region_may_end_at_the_top_of_all_addresses(void **state)
{
	struct kernel k = kernel(0xffffffffff800000, 0, 0x1000, KERNEL_NONE);

	(void)state;
	assert_int_equal(plan(&k, 0x380000, 4096), 0);
	assert_true(p.spans[0].end == 0 || p.spans[0].end == 0xffffffffffc00000);
	k = kernel(0xffffffffffc00000, 0, 0x1000, KERNEL_NONE);
	assert_int_equal(plan(&k, 0, 4096), 0);
	assert_true(p.spans[0].end == 0);
	make_tables();
	check_areas();
	assert_int_equal(plan(&k, 0x380000, 4096), -XEN_EINVAL);
	assert_string_equal(err.text, "the kernel does not fit the addresses from "
			    "0xffffffffffc00000 on");
}

static void a_p2m_in_the_kernels_own_slot_is_refused(void **state)
{
	struct kernel k = kernel(0xffffffff80000000, 0, 0x1000, 0xffffffff90000000);

	(void)state;
	assert_int_equal(plan(&k, 0, 4096), -XEN_EINVAL);
	assert_string_equal(err.text, "the kernel's INIT_P2M address 0xffffffff90000000 has no "
			    "room for the list of frames");
}

static void too_little_memory_says_how_much_is_needed(void **state)
{
	struct kernel k = kernel(0, 0, 0x46ae08, KERNEL_NONE);

	(void)state;
	assert_int_equal(plan(&k, 0, 256), -XEN_ENOMEM);
	assert_string_equal(err.text, "not enough memory: the kernel, its ramdisk and tables need "
			    "5 MiB, the domain has 1 MiB");
	assert_int_equal(plan(&k, 0, 1140), -XEN_ENOMEM);
	assert_int_equal(plan(&k, ~0ULL, 4096), -XEN_ENOMEM);
	assert_int_equal(plan(&k, 0, 0), -XEN_EINVAL);
	assert_int_equal(plan(&k, 0, 1ULL << 40), -XEN_EINVAL);
}

static void a_region_is_not_planned_into_the_hypervisor(void **state)
{
	struct kernel k = kernel(0x00007fffffc00000, 0, 0x1000, KERNEL_NONE);

	(void)state;
	assert_int_equal(plan(&k, 0x400000, 4096), -XEN_EINVAL);
}

static void start_info_has_what_the_guest_needs(void **state)
{
	struct kernel k = kernel(0xffffffff80000000, 0x1000000, 0x100000, 0x8000000000);
	struct start_facts f = {
		.shared_info = 0x1234000, .ramdisk_bytes = 5000, .xenstore_port = 1,
		.console_port = 2, .cmdline = "a b",
	};
	struct start_info si;

	(void)state;
	k.ramdisk_unmapped = true;
	assert_int_equal(plan(&k, 5000, 40000), 0);
	start_info_fill(&si, &p, &f, mfns);
	assert_string_equal(si.magic, "xen-3.0-x86_64");
	assert_int_equal(si.nr_pages, 40000);
	assert_int_equal(si.shared_info, 0x1234000);
	assert_int_equal(si.flags, SIF_MOD_START_PFN);
	assert_int_equal(si.store_mfn, mfns[p.xenstore.pfn]);
	assert_int_equal(si.console.domU.mfn, mfns[p.console.pfn]);
	assert_true(si.mfn_list == 0x8000000000);
	assert_int_equal(si.first_p2m_pfn, p.p2m_tables.pfn);
	assert_int_equal(si.nr_p2m_frames, p.p2m_tables.count + p.p2m.count);
	assert_int_equal(si.mod_start, p.ramdisk.pfn);
	assert_int_equal(si.mod_len, 5000);
	assert_string_equal((char *)si.cmd_line, "a b");
	assert_true(si.pt_base == p.tables.virt);
}

static void the_first_vcpu_starts_at_the_entry(void **state)
{
	struct kernel k = kernel(0, 0x100000, 0x2000, KERNEL_NONE);
	struct vcpu_guest_context *c = malloc(sizeof(*c));

	(void)state;
	assert_int_equal(plan(&k, 0, 4096), 0);
	start_context_fill(c, &k, &p, mfns);
	assert_int_equal(c->user_regs.rip, 0x100000);
	assert_int_equal(c->user_regs.rsp, p.stack.virt + 4096);
	assert_int_equal(c->user_regs.rsi, p.start_info.virt);
	assert_int_equal(c->ctrlreg[3] >> 12, mfns[p.l4_pfn]);
	assert_int_equal(c->flags, VGCF_in_kernel | VGCF_online);
	free(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plans_of_all_shapes_hold_together),
		TEST(a_region_may_end_at_the_top_of_all_addresses),
		TEST(a_p2m_in_the_kernels_own_slot_is_refused),
		TEST(too_little_memory_says_how_much_is_needed),
		TEST(a_region_is_not_planned_into_the_hypervisor),
		TEST(start_info_has_what_the_guest_needs),
		TEST(the_first_vcpu_starts_at_the_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
