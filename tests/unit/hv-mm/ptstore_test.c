// SPDX-License-Identifier: MIT
/* Stores of a guest's kernel to its page tables, from the bytes of the instruction on. */
#include "world.h"

#include <string.h>

#include <hv/emulate.h>
#include <hv/segments.h>

/* Page 3, the L1, is mapped read-only at 0x5000, the L2 at 0x6000, data at 0x7000. */
#define L1_VA 0x5000UL

static uint8_t code[16];

unsigned emulate_fetch(uint64_t rip, uint8_t buf[INSN_FETCH])
{
	(void)rip;
	memcpy(buf, code, 15);
	return 15;
}

void segments_read_bases(uint64_t *fs, uint64_t *gs)
{
	*fs = *gs = 0;
}

static uint64_t entry(unsigned p, uint64_t flags)
{
	return page(1, p) << PAGE_SHIFT | flags;
}

static int start(void **state)
{
	(void)state;
	world_start(8);
	build_tree(1);
	page_at(1, 3)[5] = entry(3, P_RO);
	page_at(1, 3)[6] = entry(2, P_RO);
	page_at(1, 3)[7] = entry(4, P_RO);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	memset(&host_cpu.regs, 0, sizeof(host_cpu.regs));
	memset(code, 0x90, sizeof(code));
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_check();
	world_guest_runs();
	return 0;
}

static bool store(const char *bytes, unsigned n, uint64_t rdi, uint64_t rax)
{
	memcpy(code, bytes, n);
	host_cpu.regs.rdi = rdi;
	host_cpu.regs.rax = rax;
	host_cpu.regs.rip = 0x1000;
	return mm_fault_fixup(&world_vcpu[1], rdi, PFEC_PRESENT | PFEC_WRITE | PFEC_USER);
}

#define STORE(bytes, rdi, rax) store(bytes, sizeof(bytes) - 1, rdi, rax)
#define MOV	"\x48\x89\x07"		/* mov %rax, (%rdi) */
#define XCHG	"\x48\x87\x07"		/* xchg %rax, (%rdi) */
#define ANDB	"\xf0\x80\x27\xfd"	/* lock andb $0xfd, (%rdi) */

static void a_store_changes_the_entry_and_its_references(void **state)
{
	(void)state;
	assert_true(STORE(MOV, L1_VA + 8, entry(5, P_RW)));
	assert_int_equal(page_at(1, 3)[1], entry(5, P_RW | PTE_G));
	assert_int_equal(host_cpu.regs.rip, 0x1003);
	assert_int_equal(frame_type(page_frame(1, 5)), FRAME_WRITABLE);
	assert_true(STORE(XCHG, L1_VA + 8, 0));
	assert_int_equal(host_cpu.regs.rax, entry(5, P_RW | PTE_G));
	assert_int_equal(page_at(1, 3)[1], 0);
	assert_int_equal(page_frame(1, 5)->type_info & FT_COUNT, 0);
}

static void a_store_to_one_byte_changes_the_whole_entrys_rights(void **state)
{
	(void)state;
	assert_true(STORE(ANDB, L1_VA, 0));
	assert_int_equal(page_at(1, 3)[0], entry(4, P_RO | PTE_G));
	assert_int_equal(page_frame(1, 4)->type_info & FT_COUNT, 0);
}

static void a_bad_entry_is_the_guests_fault(void **state)
{
	struct cpu_user_regs before;

	(void)state;
	host_cpu.regs.rdi = L1_VA;
	assert_false(STORE(MOV, L1_VA, entry(2, P_RW)));
	before = host_cpu.regs;
	assert_int_equal(page_at(1, 3)[0], entry(4, P_RW | PTE_G));
	assert_false(STORE(MOV, L1_VA, entry(2, P_RW)));
	assert_memory_equal(&before, &host_cpu.regs, sizeof(before));
}

static void only_l1_tables_mapped_read_only_are_for_us(void **state)
{
	(void)state;
	assert_false(STORE(MOV, 0x6000, 0));	/* an L2 */
	assert_false(STORE(MOV, 0x7000, 0));	/* data */
	assert_false(STORE(MOV, 0x8000, 0));	/* nothing */
	assert_false(STORE(MOV, 1UL << 40, 0));
	assert_false(STORE(MOV, HV_VIRT_START, 0));
	assert_false(STORE(MOV, L1_VA + 4, 0));	/* two entries */
	assert_false(STORE(MOV, L1_VA + 0xffc, 0));	/* the next page */
	assert_false(STORE("\x48\x8b\x07", L1_VA, 0));	/* a load */
	assert_false(STORE("\x0f\x0b", L1_VA, 0));
}

static void only_a_write_to_what_is_mapped_is_looked_at(void **state)
{
	(void)state;
	assert_false(mm_fault_fixup(&world_vcpu[1], L1_VA, PFEC_PRESENT));
	assert_false(mm_fault_fixup(&world_vcpu[1], L1_VA, PFEC_WRITE));
	assert_false(mm_fault_fixup(&world_vcpu[1], L1_VA, PFEC_PRESENT | PFEC_WRITE | PFEC_RSVD));
	assert_false(mm_fault_fixup(&world_vcpu[1], L1_VA, PFEC_PRESENT | PFEC_WRITE | PFEC_FETCH));
}

/* Where the code can be read, as a guest's: the second time it is not decoded. */
static bool again(const char *bytes, unsigned n, uint64_t base, uint64_t va, uint64_t rax)
{
	static uint8_t text[16];

	memset(text, 0x90, sizeof(text));
	memcpy(text, bytes, n);
	memcpy(code, text, sizeof(code));
	host_cpu.regs.rdi = base;
	host_cpu.regs.rax = rax;
	host_cpu.regs.rip = (uint64_t)text;
	return mm_fault_fixup(&world_vcpu[1], va, PFEC_PRESENT | PFEC_WRITE | PFEC_USER);
}

#define AGAIN(bytes, base, va, rax) again(bytes, sizeof(bytes) - 1, base, va, rax)
#define XCHG_DISP "\x48\x87\x47\x10"	/* xchg %rax, 16(%rdi) */

static void the_same_exchange_comes_again(void **state)
{
	(void)state;
	assert_true(AGAIN(XCHG_DISP, L1_VA - 8, L1_VA + 8, entry(5, P_RW)));
	assert_int_equal(page_at(1, 3)[1], entry(5, P_RW | PTE_G));
	for (unsigned i = 0; i < 3; i++) {
		uint64_t rip, was = page_at(1, 3)[1];

		assert_true(AGAIN(XCHG_DISP, L1_VA - 8, L1_VA + 8, i % 2 ? entry(5, P_RW) : 0));
		assert_int_equal(host_cpu.regs.rax, was);
		rip = host_cpu.regs.rip;
		assert_true(AGAIN(XCHG_DISP, L1_VA - 16, L1_VA, entry(4, P_RO)));
		assert_int_equal(host_cpu.regs.rip, rip);
	}
	assert_int_equal(page_at(1, 3)[1], 0);
	assert_int_equal(page_frame(1, 5)->type_info & FT_COUNT, 0);
}

static void what_looks_like_the_last_store_is_looked_at_anew(void **state)
{
	struct cpu_user_regs before;

	(void)state;
	assert_true(AGAIN(XCHG_DISP, L1_VA - 8, L1_VA + 8, entry(5, P_RO)));
	/* Another displacement, another register, a mov. */
	assert_true(AGAIN("\x48\x87\x47\x08", L1_VA, L1_VA + 8, 0));
	assert_int_equal(host_cpu.regs.rax, entry(5, P_RO | PTE_G));
	assert_true(AGAIN(MOV, L1_VA + 8, L1_VA + 8, entry(5, P_RO)));
	assert_int_equal(host_cpu.regs.rax, entry(5, P_RO));
	assert_true(AGAIN(MOV, L1_VA + 8, L1_VA + 8, 0));
	assert_int_equal(host_cpu.regs.rax, 0);
	assert_int_equal(page_at(1, 3)[1], 0);
	/* The fault's address is not what the register says; an entry that nobody may have. */
	assert_false(AGAIN(MOV, L1_VA + 0x1000, L1_VA + 8, 0));
	host_cpu.regs.rflags = 0;
	assert_false(AGAIN(MOV, L1_VA + 8, L1_VA + 8, entry(2, P_RW)));
	before = host_cpu.regs;
	assert_false(AGAIN(MOV, L1_VA + 8, L1_VA + 8, entry(2, P_RW)));
	assert_memory_equal(&before, &host_cpu.regs, sizeof(before));
	assert_false(AGAIN(MOV, 0x6000, 0x6000, 0));	/* an L2 */
	assert_false(AGAIN(MOV, L1_VA + 4, L1_VA + 4, 0));
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_store_changes_the_entry_and_its_references),
		T(a_store_to_one_byte_changes_the_whole_entrys_rights),
		T(a_bad_entry_is_the_guests_fault),
		T(only_l1_tables_mapped_read_only_are_for_us),
		T(the_same_exchange_comes_again),
		T(what_looks_like_the_last_store_is_looked_at_anew),
		T(only_a_write_to_what_is_mapped_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
