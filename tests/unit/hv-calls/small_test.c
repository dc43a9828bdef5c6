// SPDX-License-Identifier: MIT
/* xen_version, console_io, physdev_op, platform_op: what they answer, and to whom. */
#include "fake.h"

#include <string.h>

#include <xen/features.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/version.h>

static uint64_t rearmed[5];

void hypercall_set_arg(unsigned n, uint64_t value)
{
	rearmed[n] = value;
}

static long version(unsigned cmd, void *arg)
{
	return do_xen_version(cmd, (uint64_t)(uintptr_t)arg, 0, 0, 0);
}

static long console(unsigned cmd, const void *text, uint32_t len)
{
	return do_console_io(cmd, len, (uint64_t)(uintptr_t)text, 0, 0);
}

static long physdev(unsigned cmd, void *arg)
{
	return do_physdev_op(cmd, (uint64_t)(uintptr_t)arg, 0, 0, 0);
}

static long platform(struct xen_platform_op *op)
{
	return do_platform_op((uint64_t)(uintptr_t)op, 0, 0, 0, 0);
}

/* ---- xen_version -------------------------------------------------------------- */

static void the_version_is_4_17(void **state)
{
	(void)state;
	assert_int_equal(version(XENVER_version, NULL), 4 << 16 | 17);
	assert_int_equal(version(XENVER_pagesize, NULL), 4096);
	assert_int_equal(version(XENVER_pagesize, &state), -XEN_EINVAL);
	assert_int_equal(version(11, NULL), -XEN_ENOSYS);
	assert_int_equal(version(~0U, NULL), -XEN_ENOSYS);
}

static void texts_fill_their_buffers_to_the_end(void **state)
{
	char buf[1025];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(version(XENVER_capabilities, buf), 0);
	assert_string_equal(buf, "xen-3.0-x86_64 ");
	assert_int_equal(buf[1023], 0);
	assert_int_equal(buf[1024], 'x');
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(version(XENVER_extraversion, buf), 0);
	assert_string_equal(buf, ".0-test");
	assert_int_equal(buf[15], 0);
	assert_int_equal(buf[16], 'x');
	for (unsigned cmd = XENVER_extraversion; cmd <= XENVER_platform_parameters; cmd++)
		assert_int_equal(version(cmd, NULL), -XEN_EFAULT);
}

static void only_control_reads_command_line_and_build_id(void **state)
{
	char line[1024];
	struct {
		uint32_t len;
		char id[4];
	} b = { 4, "" };

	(void)state;
	assert_int_equal(version(XENVER_commandline, line), 0);
	assert_string_equal(line, "console=com1");
	assert_int_equal(version(XENVER_build_id, NULL), 4);
	assert_int_equal(version(XENVER_build_id, &b), 4);
	assert_int_equal(b.id[3], 4);
	b.len = 3;
	assert_int_equal(version(XENVER_build_id, &b), -XEN_ENOBUFS);
	b.len = 0;
	assert_int_equal(version(XENVER_build_id, &b), -XEN_EINVAL);
	fake_run(1);
	assert_int_equal(version(XENVER_commandline, line), 0);
	assert_string_equal(line, "<denied>");
	assert_int_equal(version(XENVER_build_id, NULL), -XEN_EPERM);
}

static void features_are_those_that_linux_needs(void **state)
{
	struct xen_feature_info f = { 0 };
	const uint32_t needed = 1U << XENFEAT_mmu_pt_update_preserve_ad |
				1U << XENFEAT_gnttab_map_avail_bits;
	const uint32_t never = 1U << XENFEAT_writable_page_tables |
			       1U << XENFEAT_auto_translated_physmap |
			       1U << XENFEAT_supervisor_mode_kernel;

	(void)state;
	assert_int_equal(version(XENVER_get_features, &f), 0);
	assert_int_equal(f.submap & needed, needed);
	assert_int_equal(f.submap & never, 0);
	assert_true(f.submap & 1U << XENFEAT_dom0);
	fake_run(1);
	assert_int_equal(version(XENVER_get_features, &f), 0);
	assert_false(f.submap & 1U << XENFEAT_dom0);
	f.submap_idx = 1;
	assert_int_equal(version(XENVER_get_features, &f), -XEN_EINVAL);
}

/* ---- console_io ------------------------------------------------------------------ */

static void dom0_writes_and_reads_the_console(void **state)
{
	char buf[300];

	(void)state;
	assert_int_equal(console(CONSOLEIO_write, "hello\nworld", 11), 0);
	assert_string_equal(fake_output, "hello\nworld");
	fake_input = "typed";
	assert_int_equal(console(CONSOLEIO_read, buf, 3), 3);
	assert_memory_equal(buf, "typ", 3);
	assert_int_equal(console(CONSOLEIO_read, buf, 300), 2);
	assert_int_equal(console(CONSOLEIO_read, buf, 300), 0);
	assert_int_equal(console(5, buf, 1), -XEN_ENOSYS);
	assert_int_equal(console(CONSOLEIO_read, buf, 1U << 31), -XEN_E2BIG);
	assert_int_equal(console(CONSOLEIO_write, NULL, 1), -XEN_EFAULT);
}

static void long_output_is_preempted(void **state)
{
	static char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(console(CONSOLEIO_write, text, sizeof(text)), -XEN_ERESTART);
	assert_int_equal(rearmed[1], 2000 - 1024);
	assert_int_equal(rearmed[2], (uintptr_t)text + 1024);
	assert_int_equal(strlen(fake_output), 1024);
}

static void a_guest_is_refused_unless_its_messages_are_wanted(void **state)
{
	char buf[8];

	(void)state;
	fake_run(1);
	assert_int_equal(console(CONSOLEIO_write, "hello\n", 6), -XEN_EPERM);
	assert_int_equal(console(CONSOLEIO_read, buf, 8), -XEN_EPERM);
	assert_string_equal(fake_output, "");
}

static void a_guests_lines_carry_its_name_and_nothing_strange(void **state)
{
	(void)state;
	fake_verbose = true;
	fake_run(1);
	assert_int_equal(console(CONSOLEIO_write, "hel", 3), 0);
	assert_string_equal(fake_output, "");
	assert_int_equal(console(CONSOLEIO_write, "lo\033[2J\n(XEN) lie\r\nrest", 21), 0);
	assert_string_equal(fake_output, "(d1) hello[2J\n(d1) (XEN) lie\n");
	assert_int_equal(console(CONSOLEIO_write, "\n", 1), 0);
}

static void nor_control_characters_of_eight_bits(void **state)
{
	(void)state;
	fake_verbose = true;
	fake_run(1);
	assert_int_equal(console(CONSOLEIO_write, "a\x9b" "2J\x85\xe9\n", 7), 0);
	assert_string_equal(fake_output, "(d1) a2J\xe9\n");
}

static void a_guest_that_floods_the_console_is_held_back(void **state)
{
	(void)state;
	fake_verbose = true;
	fake_run(1);
	for (unsigned i = 0; i < 5000; i++) {
		fake_run(1);
		if (strlen(fake_output) > 4000)
			fake_output[0] = '\0';
		assert_int_equal(console(CONSOLEIO_write, "x\n", 2), 0);
	}
	fake_output[0] = '\0';
	assert_int_equal(console(CONSOLEIO_write, "x\n", 2), 0);
	assert_string_equal(fake_output, "");
	fake_now += 100000000;
	assert_int_equal(console(CONSOLEIO_write, "x\n", 2), 0);
	assert_string_equal(fake_output, "(XEN) 4501 lines of guests suppressed\n(d1) x\n");
}

/* ---- physdev_op and platform_op ------------------------------------------------------ */

static void io_privilege_is_kept_per_vcpu(void **state)
{
	struct physdev_set_iopl iopl = { 1 };
	struct physdev_set_iobitmap map = { .nr_ports = 65536 };

	(void)state;
	assert_int_equal(physdev(PHYSDEVOP_set_iopl, &iopl), 0);
	assert_int_equal(fake_vcpu[0].iopl, 1 << 12);
	iopl.iopl = 4;
	assert_int_equal(physdev(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
	set_xen_guest_handle(map.bitmap, (uint8_t *)state);
	assert_int_equal(physdev(PHYSDEVOP_set_iobitmap, &map), 0);
	assert_int_equal(fake_vcpu[0].iobmp, (uintptr_t)state);
	assert_int_equal(fake_vcpu[0].iobmp_limit, 65536);
	map.nr_ports = 65537;
	assert_int_equal(physdev(PHYSDEVOP_set_iobitmap, &map), -XEN_EINVAL);
	map.nr_ports = 8;
	set_xen_guest_handle(map.bitmap, (uint8_t *)0xffff830000000000);
	assert_int_equal(physdev(PHYSDEVOP_set_iobitmap, &map), -XEN_EINVAL);
}

static void hardware_interrupts_are_not_for_guests(void **state)
{
	struct physdev_irq irq = { .irq = 9 };

	(void)state;
	assert_int_equal(physdev(PHYSDEVOP_alloc_irq_vector, &irq), 0);
	assert_int_equal(irq.vector, 9);
	assert_int_equal(physdev(PHYSDEVOP_map_pirq, &irq), -XEN_EINVAL);
	assert_int_equal(physdev(PHYSDEVOP_pirq_eoi_gmfn_v2, &irq), -XEN_ENOSYS);
	assert_int_equal(physdev(99, &irq), -XEN_ENOSYS);
	fake_run(1);
	assert_int_equal(physdev(PHYSDEVOP_alloc_irq_vector, &irq), -XEN_EPERM);
	assert_int_equal(physdev(PHYSDEVOP_map_pirq, &irq), -XEN_EPERM);
}

static void dom0_sets_the_clock(void **state)
{
	struct xen_platform_op op = { .cmd = XENPF_settime64,
				      .interface_version = XENPF_INTERFACE_VERSION };

	(void)state;
	op.u.settime64 = (struct xenpf_settime64){ .secs = 1UL << 33, .nsecs = 5,
						   .system_time = 6 };
	assert_int_equal(platform(&op), 0);
	assert_int_equal(fake_clock[0], 1UL << 33);
	assert_int_equal(fake_clock[1], 5);
	assert_int_equal(fake_clock[2], 6);
	op.u.settime64.mbz = 1;
	assert_int_equal(platform(&op), -XEN_EINVAL);
	fake_run(1);
	assert_int_equal(platform(&op), -XEN_EPERM);
}

static void there_is_no_firmware_to_ask(void **state)
{
	static const struct { uint32_t type; long rc; } rows[] = {
		{ XEN_FW_DISK_INFO, -XEN_ESRCH }, { XEN_FW_DISK_MBR_SIGNATURE, -XEN_ESRCH },
		{ XEN_FW_VBEDDC_INFO, -XEN_ESRCH }, { XEN_FW_EFI_INFO, -XEN_ENOSYS },
		{ XEN_FW_KBD_SHIFT_FLAGS, -XEN_EINVAL }, { 99, -XEN_EINVAL },
	};
	struct xen_platform_op op = { .cmd = XENPF_firmware_info,
				      .interface_version = XENPF_INTERFACE_VERSION };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		op.u.firmware_info.type = rows[i].type;
		assert_int_equal(platform(&op), rows[i].rc);
	}
}

static void processors_and_power_are_nothing_to_manage(void **state)
{
	static const uint32_t cmds[] = { XENPF_cpu_online, XENPF_cpu_offline, XENPF_cpu_hotadd, XENPF_mem_hotadd,
					 XENPF_core_parking, XENPF_set_processor_pminfo, XENPF_enter_acpi_sleep,
					 XENPF_microcode_update, XENPF_getidletime, ~0U };
	struct xen_platform_op op = { .interface_version = XENPF_INTERFACE_VERSION };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cmds); i++) {
		op.cmd = cmds[i];
		assert_int_equal(platform(&op), -XEN_ENOSYS);
	}
}

static void platform_op_wants_its_version(void **state)
{
	struct xen_platform_op op = { .cmd = XENPF_get_cpuinfo };

	(void)state;
	assert_int_equal(platform(&op), -XEN_EACCES);
	assert_int_equal(platform(NULL), -XEN_EFAULT);
	op.interface_version = XENPF_INTERFACE_VERSION;
	assert_int_equal(platform(&op), 0);
	assert_int_equal(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE);
	op.u.pcpu_info.xen_cpuid = 1;
	assert_int_equal(platform(&op), 0);
	assert_int_equal(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
	op.cmd = XENPF_firmware_info;
	op.u.firmware_info.type = XEN_FW_DISK_INFO;
	assert_int_equal(platform(&op), -XEN_ESRCH);
	op.cmd = 999;
	assert_int_equal(platform(&op), -XEN_ENOSYS);
}

#define T(f) cmocka_unit_test_setup(f, fake_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_version_is_4_17),
		T(texts_fill_their_buffers_to_the_end),
		T(only_control_reads_command_line_and_build_id),
		T(features_are_those_that_linux_needs),
		T(dom0_writes_and_reads_the_console),
		T(long_output_is_preempted),
		T(a_guest_is_refused_unless_its_messages_are_wanted),
		T(a_guests_lines_carry_its_name_and_nothing_strange),
		T(nor_control_characters_of_eight_bits),
		T(a_guest_that_floods_the_console_is_held_back),
		T(io_privilege_is_kept_per_vcpu),
		T(hardware_interrupts_are_not_for_guests),
		T(dom0_sets_the_clock),
		T(there_is_no_firmware_to_ask),
		T(processors_and_power_are_nothing_to_manage),
		T(platform_op_wants_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
