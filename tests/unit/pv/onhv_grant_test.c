// SPDX-License-Identifier: MIT
/*
 * Both sides in one process: the guest library's grants on the hypervisor's own grant tables, frame
 * table and page-table entries. Domain 1 is the library's; the test plays domain 2 by hypercalls.
 */
#include "../hv-grant/world.h"

#include <errno.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>

#define SELF 1
#define PEER 2

static unsigned int reserved;

long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5)
{
	(void)a4;
	(void)a5;
	assert_int_equal(nr, __HYPERVISOR_grant_table_op);
	return grant_op(a1, (void *)a2, a3);
}

/* The library's address of its table is where the hypervisor has it; what it maps goes to the slots. */
void memory_lock(void)
{
}

void memory_unlock(void)
{
}

void *map_reserve(size_t n)
{
	static bool table_done;

	if (!table_done) {
		table_done = true;
		return entry(SELF, 0);
	}
	assert_true(n <= SLOTS);
	reserved += n;
	return (void *)slot_va(0);
}

void map_release(void *p, size_t n)
{
	assert_ptr_equal(p, (void *)slot_va(0));
	reserved -= n;
}

uint64_t mmu_pte_maddr(unsigned long va)
{
	return slot_pte_maddr(SELF, (va - slot_va(0)) / PAGE_SIZE);
}

int mmu_map(unsigned long va, const xen_pfn_t *mfns, size_t n, int prot, domid_t dom, int *errs,
	    size_t *done)
{
	(void)mfns;
	(void)errs;
	(void)done;
	assert_int_equal(n, 1);
	assert_int_equal(prot, MAP_RW);
	assert_int_equal(dom, DOMID_SELF);
	assert_int_equal(va, (unsigned long)entry(SELF, 0));
	return 0;
}

static int setup(void **state)
{
	world_start(state);
	world_run(SELF);
	reserved = 0;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(reserved, 0);
	return world_end(state);
}

static void check(void)
{
	const char *wrong = world_check();

	if (wrong)
		fail_msg("%s", wrong);
}

/* The peer maps our grant at its slot 0; its handle. */
static int peer_maps(grant_ref_t ref, uint32_t flags, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = slot_va(0), .flags = GNTMAP_host_map | flags, .ref = ref, .dom = SELF,
	};

	world_run(PEER);
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &op, 1), 0);
	world_run(SELF);
	*handle = op.handle;
	return op.status;
}

static void peer_unmaps(grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = slot_va(0), .handle = handle };

	world_run(PEER);
	assert_int_equal(grant_op(GNTTABOP_unmap_grant_ref, &op, 1), 0);
	assert_int_equal(op.status, GNTST_okay);
	world_run(SELF);
}

static void a_peer_maps_what_we_grant_until_it_ends(void **state)
{
	int ref = grant_access(PEER, data_mfn(SELF, 1), false);
	grant_handle_t handle;

	(void)state;
	assert_true(ref >= GRANT_FIRST_FREE);
	assert_int_equal(peer_maps(ref, 0, &handle), GNTST_okay);
	assert_true(grant_is_mapped(ref));
	assert_int_equal(grant_end(ref), -XEN_EBUSY);
	peer_unmaps(handle);
	assert_false(grant_is_mapped(ref));
	assert_int_equal(grant_end(ref), 0);
	assert_int_not_equal(peer_maps(ref, 0, &handle), GNTST_okay);
	check();
}

static void a_read_only_grant_is_not_written(void **state)
{
	int ref = grant_access(PEER, data_mfn(SELF, 0), true);
	grant_handle_t handle;

	(void)state;
	assert_int_not_equal(peer_maps(ref, 0, &handle), GNTST_okay);
	assert_int_equal(peer_maps(ref, GNTMAP_readonly, &handle), GNTST_okay);
	peer_unmaps(handle);
	assert_int_equal(grant_end(ref), 0);
}

static void a_grant_is_for_one_domain(void **state)
{
	int ref = grant_access(0, data_mfn(SELF, 0), false);
	grant_handle_t handle;

	(void)state;
	assert_int_not_equal(peer_maps(ref, 0, &handle), GNTST_okay);
	assert_int_equal(grant_end(ref), 0);
}

static void we_map_what_a_peer_grants(void **state)
{
	grant_ref_t refs[2] = { 8, 9 };
	void *p;

	(void)state;
	offer(PEER, 8, SELF, 0, 0);
	offer(PEER, 9, SELF, 1, 0);
	p = grant_map(PEER, refs, 2, MAP_RW);
	assert_ptr_equal(p, (void *)slot_va(0));
	assert_int_equal(pte_mfn(*slot_pte(SELF, 0)).n, data_mfn(PEER, 0));
	assert_int_equal(pte_mfn(*slot_pte(SELF, 1)).n, data_mfn(PEER, 1));
	check();
	assert_int_equal(grant_unmap(p, 2), 0);
	assert_int_equal(*slot_pte(SELF, 0), 0);
	assert_int_equal(*slot_pte(SELF, 1), 0);
	check();
}

static void one_refusal_among_several_undoes_all(void **state)
{
	grant_ref_t refs[3] = { 8, 9, 300 };

	(void)state;
	offer(PEER, 8, SELF, 0, 0);
	offer(PEER, 9, SELF, 1, 0);
	assert_null(grant_map(PEER, refs, 3, MAP_RW));
	assert_int_not_equal(errno, 0);
	assert_int_equal(*slot_pte(SELF, 0), 0);
	assert_int_equal(entry(PEER, 8)->flags, GTF_permit_access);
	assert_null(grant_map(77, refs, 1, MAP_RW));
	check();
}

static void read_only_is_all_that_a_read_only_grant_allows(void **state)
{
	grant_ref_t ref = 8;
	void *p;

	(void)state;
	offer(PEER, 8, SELF, 0, GTF_readonly);
	assert_null(grant_map(PEER, &ref, 1, MAP_RW));
	p = grant_map(PEER, &ref, 1, MAP_READ);
	assert_non_null(p);
	assert_int_equal(*slot_pte(SELF, 0) & 2, 0);
	assert_int_equal(grant_unmap(p, 1), 0);
}

static void copying_moves_bytes_between_domains(void **state)
{
	struct gnttab_copy op = {
		.source.u.ref = 8, .source.domid = PEER, .source.offset = 100,
		.dest.u.gmfn = data_mfn(SELF, 0), .dest.domid = DOMID_SELF, .dest.offset = 7,
		.len = 5, .flags = GNTCOPY_source_gref,
	};

	(void)state;
	offer(PEER, 8, SELF, 0, GTF_readonly);
	strcpy(data(PEER, 0) + 100, "hello");
	assert_int_equal(grant_copy(&op, 1), 0);
	assert_memory_equal(data(SELF, 0) + 7, "hello", 5);
	op.source.offset = 4094;
	assert_int_equal(grant_copy(&op, 1), -XEN_EIO);
	assert_int_not_equal(op.status, GNTST_okay);
	check();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_maps_what_we_grant_until_it_ends),
		TEST(a_read_only_grant_is_not_written),
		TEST(a_grant_is_for_one_domain),
		TEST(we_map_what_a_peer_grants),
		TEST(one_refusal_among_several_undoes_all),
		TEST(read_only_is_all_that_a_read_only_grant_allows),
		TEST(copying_moves_bytes_between_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
