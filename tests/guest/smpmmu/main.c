// SPDX-License-Identifier: MIT
/*
 * Page tables and several vCPUs: flushes that another running vCPU must see, a page that becomes a
 * table while another vCPU has it in its TLB, a top level that is loaded elsewhere, two vCPUs that
 * change the same table. With one vCPU it says so and ends.
 */
#include "../lib/cpu.h"

const char test_name[] = "smpmmu";

#define WRITABLE (P_P | P_W | P_U | P_A | P_D)
#define READABLE (P_P | P_U | P_A)

static volatile uint64_t *probe;	/* mapped to one of these two */
static uint64_t *frame_one, *frame_two;

static uint64_t read_probe(uint64_t arg)
{
	(void)arg;
	return *probe;
}

static uint64_t write_probe(uint64_t value)
{
	*probe = value;
	return *probe;
}

/* By mmu_update, which flushes nothing by itself. */
static long point_probe_at(const void *frame)
{
	mmu_update_t u = { .ptr = pte_maddr((uint64_t)probe), .val = va_mfn(frame) << 12 | WRITABLE };

	return HC(mmu_update, &u, 1, 0, DOMID_SELF);
}

static long flush(unsigned cmd, uint64_t va, const void *mask)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = va };

	set_xen_guest_handle(op.arg2.vcpumask, mask);
	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static void flushes(void)
{
	static const struct {
		const char *name;
		unsigned cmd;
	} kinds[] = {
		{ "TLB_FLUSH_MULTI", MMUEXT_TLB_FLUSH_MULTI }, { "TLB_FLUSH_ALL", MMUEXT_TLB_FLUSH_ALL },
		{ "INVLPG_MULTI", MMUEXT_INVLPG_MULTI }, { "INVLPG_ALL", MMUEXT_INVLPG_ALL },
	};
	uint64_t mask = 2;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned wrong = 0;
		long rc = 0;

		for (unsigned round = 0; round < 20; round++) {
			point_probe_at(round & 1 ? frame_two : frame_one);
			rc |= flush(kinds[i].cmd, (uint64_t)probe, &mask);
			wrong += cpu_run(1, read_probe, 0) != 1 + (round & 1);
		}
		check(!rc && !wrong, "%s is seen by another vCPU", kinds[i].name);
	}
}

static void flushes_with_the_update(void)
{
	static const unsigned kinds[] = { UVMF_TLB_FLUSH | UVMF_ALL, UVMF_INVLPG | UVMF_ALL,
					  UVMF_TLB_FLUSH, UVMF_INVLPG };
	uint64_t mask = 2;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t flags = i < 2 ? kinds[i] : kinds[i] | (uint64_t)&mask;
		unsigned wrong = 0;
		long rc = 0;

		for (unsigned round = 0; round < 20; round++) {
			rc |= HC(update_va_mapping, probe,
				 va_mfn(round & 1 ? frame_two : frame_one) << 12 | WRITABLE, flags);
			wrong += cpu_run(1, read_probe, 0) != 1 + (round & 1);
		}
		check(!rc && !wrong, "update_va_mapping with flags %#x%s is seen by another vCPU",
		      kinds[i], i < 2 ? "" : " and a set");
	}
}

static void odd_masks(void)
{
	uint64_t all = ~0UL;

	note("a set with vCPUs that are not there: %ld", flush(MMUEXT_TLB_FLUSH_MULTI, 0, &all));
	note("a set that cannot be read: %ld", flush(MMUEXT_TLB_FLUSH_MULTI, 0, (void *)0x7000000000UL));
	note("the same for one page: %ld",
	     flush(MMUEXT_INVLPG_MULTI, (uint64_t)probe, (void *)0x7000000000UL));
	note("a page that is no address: %ld", flush(MMUEXT_INVLPG_ALL, 0x800000000000UL, NULL));
}

/* The stale translation of another vCPU must not let it write to what has become a table. */
static void page_becomes_table(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = va_mfn(frame_one) };
	unsigned wrong = 0;
	long rc = 0;

	for (unsigned round = 0; round < 20; round++) {
		point_probe_at(frame_one);
		flush(MMUEXT_INVLPG_ALL, (uint64_t)probe, NULL);
		cpu_run(1, write_probe, 0);
		/* No flush: vCPU 1 may believe that it can still write to the first frame. */
		point_probe_at(frame_two);
		HC(update_va_mapping, frame_one, va_mfn(frame_one) << 12 | READABLE, 0);
		op.cmd = MMUEXT_PIN_L1_TABLE;
		rc |= HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		cpu_run(1, write_probe, 2);
		wrong += *(volatile uint64_t *)frame_one != 0;
		op.cmd = MMUEXT_UNPIN_TABLE;
		rc |= HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		make_writable(frame_one);
	}
	check(!rc && !wrong, "a page that becomes a table is out of the other vCPU's reach");
	*frame_one = 1;
}

static uint64_t load_table(uint64_t mfn)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = mfn };

	return (uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static uint64_t *copy_of_top(void)
{
	const uint64_t *top = (const uint64_t *)start_info->pt_base;
	uint64_t *copy = page_alloc();

	for (unsigned i = 0; i < 512; i++)
		copy[i] = i < 256 || i > 271 ? top[i] : 0;
	make_readonly(copy);
	return copy;
}

static void loaded_elsewhere(void)
{
	uint64_t *top = copy_of_top(), pte = va_mfn(top) << 12 | WRITABLE;
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = va_mfn(top) };

	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0, "a second top level is pinned");
	check_eq(cpu_run(1, load_table, va_mfn(top)), 0, "vCPU 1 loads it");
	op.cmd = MMUEXT_UNPIN_TABLE;
	note("unpin while it is loaded elsewhere: %ld", HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	note("unpin again: %ld", HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	note("made writable while it is loaded elsewhere: %ld", pte_write((uint64_t)top, pte));
	check_eq(cpu_run(1, read_probe, 0), 2, "vCPU 1 runs on with it");
	check_eq(cpu_run(1, load_table, va_mfn((void *)start_info->pt_base)), 0, "vCPU 1 leaves it");
	check_eq((uint64_t)pte_write((uint64_t)top, pte), 0, "then it can be made writable");
}

static uint64_t *shared_l1;

/* Fills and clears its half of a table, an entry at a time. */
static uint64_t hammer(uint64_t half)
{
	uint64_t failed = 0;

	for (unsigned round = 0; round < 10; round++)
		for (unsigned i = 0; i < 256; i++) {
			unsigned entry = 2 * i + (unsigned)half;
			mmu_update_t u = { .ptr = (va_mfn(shared_l1) << 12) + 8 * entry };

			u.val = round & 1 ? 0 : va_mfn(half ? frame_two : frame_one) << 12 | WRITABLE;
			failed += HC(mmu_update, &u, 1, 0, DOMID_SELF) != 0;
		}
	return failed;
}

static void two_writers(void)
{
	struct mmuext_op op;
	uint64_t mine, left = 0;

	shared_l1 = page_alloc();
	op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = va_mfn(shared_l1) };
	make_readonly(shared_l1);
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	cpu_go(1, hammer, 1);
	mine = hammer(0);
	check_eq(mine + cpu_wait(1), 0, "two vCPUs change one table at once");
	for (unsigned i = 0; i < 512; i++)
		left += shared_l1[i];
	check_eq(left, 0, "and each entry is as its writer left it");
	op.cmd = MMUEXT_UNPIN_TABLE;
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

/* Pins and unpins the same table as another vCPU does: each pin is somebody's, or refused. */
static uint64_t pin_and_unpin(uint64_t mfn)
{
	uint64_t pins = 0;

	for (unsigned i = 0; i < 500; i++) {
		struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = mfn };
		bool pinned = !HC(mmuext_op, &op, 1, 0, DOMID_SELF);

		op.cmd = MMUEXT_UNPIN_TABLE;
		if (pinned)
			pins += 1 + (HC(mmuext_op, &op, 1, 0, DOMID_SELF) != 0 ? 1000000UL : 0);
	}
	return pins;
}

static void two_pinners(void)
{
	uint64_t *l1 = page_alloc(), mine, theirs;

	make_readonly(l1);
	cpu_go(1, pin_and_unpin, va_mfn(l1));
	mine = pin_and_unpin(va_mfn(l1));
	theirs = cpu_wait(1);
	check(mine + theirs && mine < 1000000 && theirs < 1000000,
	      "who has pinned a table can unpin it while another tries the same");
	check_eq((uint64_t)pte_write((uint64_t)l1, va_mfn(l1) << 12 | WRITABLE), 0,
		 "nothing is left of the pins");
}

void test_main(void)
{
	if (cpu_count() < 2) {
		print("# one vCPU: nothing to do");
		return;
	}
	probe = page_alloc();
	frame_one = page_alloc();
	frame_two = page_alloc();
	*frame_one = 1;
	*frame_two = 2;
	check_eq((uint64_t)cpu_start(1), 0, "vCPU 1 runs");
	flushes();
	flushes_with_the_update();
	odd_masks();
	page_becomes_table();
	loaded_elsewhere();
	two_writers();
	two_pinners();
	cpu_stop(1);
}
