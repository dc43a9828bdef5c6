/* SPDX-License-Identifier: MIT */
/* Building a domain on a pretend hypervisor: its memory afterwards, and every way to fail. */
#include "xl/test.h"

#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/grant_table.h>

#include "build/domctl.h"
#include "build/load.h"
#include "xl/elf_maker.h"
#include "xl/fake_xen.h"

static struct elf_maker m;
static struct domconf conf;
static struct load_images images;
static struct load_result result;
static struct build_error err;
static char ramdisk[5000];

static int setup(void **state)
{
	(void)state;
	fake_xen_reset();
	elf_make_begin(&m, 0x100000);
	elf_make_load(&m, 0x100000, 0x1800, 0x4000, 'k');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_HYPERCALL_PAGE, 0x102000);
	elf_make_end(&m);
	memset(ramdisk, 'r', sizeof(ramdisk));
	images = (struct load_images){ m.image, m.size, ramdisk, sizeof(ramdisk) };
	conf = (struct domconf){
		.name = "d", .kernel = "/k", .cmdline = "one two", .memory_kb = 8192,
		.maxmem_kb = 8192, .vcpus = 1, .maxvcpus = 2, .cpu_weight = -1, .cap = -1,
		.max_grant_frames = -1, .max_maptrack_frames = -1, .max_event_channels = 1023,
		.uuid = { 1, 2, 3 }, .has_uuid = true,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	elf_make_free(&m);
	return 0;
}

static int load(void)
{
	return load_domain(&result, &conf, &images, &err);
}

/* The frame that the new domain's page tables map an address to. */
static uint64_t *walk(const struct fake_domain *d, uint64_t va)
{
	uint64_t mfn = d->context.ctrlreg[3] >> 12;

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *table = fake_xen_frame(mfn);
		uint64_t entry = table[va >> shift & 511];

		assert_true(entry & 1);
		mfn = entry >> 12;
	}
	return (uint64_t *)((char *)fake_xen_frame(mfn) + (va & 4095));
}

static void a_domain_has_all_it_needs_to_start(void **state)
{
	const struct fake_domain *d = &fake_domains[1];
	const struct start_info *si;
	const uint64_t *list;

	(void)state;
	assert_int_equal(load(), 0);
	assert_int_equal(result.domid, 1);
	assert_string_equal(result.guest_os, "test");
	assert_int_equal(d->pages, 2048);
	assert_int_equal(d->max_vcpus, 2);
	assert_int_equal(d->max_kb, 8192 + 1024);
	assert_int_equal(d->pauses, 1);
	assert_memory_equal(d->uuid, conf.uuid, 16);
	assert_true(d->has_context);
	assert_int_equal(d->pinned, d->context.ctrlreg[3] >> 12);
	assert_int_equal(d->context.user_regs.rip, 0x100000);
	si = (const struct start_info *)walk(d, d->context.user_regs.rsi);
	assert_string_equal((const char *)si->cmd_line, "one two");
	assert_int_equal(si->nr_pages, 2048);
	assert_int_equal(si->shared_info, d->shared_info << 12);
	assert_int_equal(si->store_evtchn, result.xenstore_port);
	list = walk(d, si->mfn_list);
	assert_ptr_equal(walk(d, si->pt_base), fake_xen_frame(d->pinned));
	assert_ptr_equal(fake_xen_frame(list[0x100]), walk(d, 0x100000));
	assert_int_equal(fake_xen_mappings(), 0);
}

static void kernel_and_ramdisk_are_in_place(void **state)
{
	const struct fake_domain *d = &fake_domains[1];
	const struct start_info *si;

	(void)state;
	assert_int_equal(load(), 0);
	si = (const struct start_info *)walk(d, d->context.user_regs.rsi);
	assert_int_equal(*(char *)walk(d, 0x100000), 'k');
	assert_int_equal(*(char *)walk(d, 0x1017ff), 'k');
	assert_int_equal(*(char *)walk(d, 0x101800), 0);
	assert_int_equal(*(char *)walk(d, 0x103fff), 0);
	assert_int_equal(*(uint8_t *)walk(d, 0x102000), 0xcc);
	assert_int_equal(si->mod_len, sizeof(ramdisk));
	assert_int_equal(*(char *)walk(d, si->mod_start), 'r');
	assert_int_equal(*(char *)walk(d, si->mod_start + sizeof(ramdisk) - 1), 'r');
}

static void rings_are_empty_and_granted(void **state)
{
	const struct fake_domain *d = &fake_domains[1];
	const grant_entry_v1_t *grants;
	const struct shared_info *shared;
	static const char zeros[4096];

	(void)state;
	assert_int_equal(load(), 0);
	assert_memory_equal(fake_xen_frame(result.xenstore_mfn), zeros, 4096);
	assert_memory_equal(fake_xen_frame(result.console_mfn), zeros, 4096);
	grants = fake_xen_frame(d->grants);
	assert_int_equal(grants[0].flags, GTF_permit_access);
	assert_int_equal(grants[0].frame, result.console_mfn);
	assert_int_equal(grants[1].frame, result.xenstore_mfn);
	assert_int_equal(grants[1].domid, 0);
	shared = fake_xen_frame(d->shared_info);
	assert_int_equal(shared->vcpu_info[1].evtchn_upcall_mask, 1);
	assert_int_equal(shared->evtchn_pending[0], 0);
}

static void a_domain_that_is_too_large_says_how_much_is_free(void **state)
{
	(void)state;
	conf.memory_kb = conf.maxmem_kb = 100 << 10;
	assert_int_equal(load(), -XEN_ENOMEM);
	assert_string_equal(err.text, "not enough memory: 100 MiB asked, 23 MiB free");
	assert_false(fake_domains[1].exists);
}

static void a_bad_kernel_creates_no_domain(void **state)
{
	(void)state;
	images.kernel = "#!/bin/sh";
	images.kernel_bytes = 9;
	assert_int_equal(load(), -XEN_EINVAL);
	assert_string_equal(err.text, "kernel '/k': not an ELF image");
	assert_false(fake_domains[1].exists);
}

/* Calls that may fail, such as those for large pages, are survived; all others undo everything. */
static void whatever_fails_leaves_nothing_behind(void **state)
{
	unsigned free_frames = fake_xen_free_frames(), failures = 0, calls;

	(void)state;
	assert_int_equal(load(), 0);
	calls = fake_calls;
	domctl_destroy(result.domid);
	for (unsigned nth = 0; nth < calls; nth++) {
		fake_xen_fail(nth);
		if (load()) {
			failures++;
			assert_true(err.text[0]);
			assert_null(strchr(err.text, '\n'));
		} else {
			domctl_destroy(result.domid);
		}
		fake_xen_fail(-1);
		assert_int_equal(fake_xen_free_frames(), free_frames);
		assert_int_equal(fake_xen_mappings(), 0);
		for (unsigned i = 1; i < FAKE_DOMAINS; i++)
			assert_false(fake_domains[i].exists);
	}
	assert_true(failures > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_domain_has_all_it_needs_to_start),
		TEST(kernel_and_ramdisk_are_in_place),
		TEST(rings_are_empty_and_granted),
		TEST(a_domain_that_is_too_large_says_how_much_is_free),
		TEST(a_bad_kernel_creates_no_domain),
		TEST(whatever_fails_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
