// SPDX-License-Identifier: MIT
/* The command line: every option's forms, every refusal, and dom0's share of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "hv/bootopts.h"

#define MB (UINT64_C(1) << 20)
#define GB (UINT64_C(1) << 30)

static struct boot_options o;

static void parse(const char *line)
{
	bootopts_parse(&o, line);
}

/* One problem, with this option and these words. */
static void assert_problem(const char *line, const char *option, const char *words)
{
	parse(line);
	assert_int_equal(o.problem_count, 1);
	assert_true(str_span_equal(o.problems[0].option, option));
	if (strstr(o.problems[0].reason, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", line, o.problems[0].reason, words);
}

static void an_empty_line_gives_the_defaults(void **state)
{
	(void)state;
	parse("");
	assert_true(o.com[0].console);
	assert_false(o.com[1].console);
	assert_int_equal(o.com[0].baud, 115200);
	assert_int_equal(o.com[0].io_base, 0x3f8);
	assert_int_equal(o.com[1].io_base, 0x2f8);
	assert_int_equal(o.log.level, BOOT_LOG_INFO);
	assert_int_equal(o.guest_log.level, BOOT_LOG_NONE);
	assert_int_equal(o.guest_log.limited, BOOT_LOG_WARNING);
	assert_false(o.noreboot);
	assert_false(o.dom0_mem.given);
	assert_int_equal(o.conswitch, 'a');
	assert_string_equal(o.dom0_cmdline, "");
	assert_int_equal(o.problem_count, 0);
}

static void the_usual_line_is_understood(void **state)
{
	(void)state;
	parse("  console=com1 com1=57600,8n1 dom0_mem=512M,max:1G loglvl=all\t"
	      "guest_loglvl=error/all noreboot sync_console=on maxcpus=2  ");
	assert_int_equal(o.problem_count, 0);
	assert_true(o.com[0].console && !o.com[1].console && !o.console_none);
	assert_int_equal(o.com[0].baud, 57600);
	assert_true(o.dom0_mem.given && o.dom0_mem.bytes == 512 * MB);
	assert_true(o.dom0_max.given && o.dom0_max.bytes == GB);
	assert_int_equal(o.log.level, BOOT_LOG_DEBUG);
	assert_int_equal(o.guest_log.level, BOOT_LOG_ERROR);
	assert_int_equal(o.guest_log.limited, BOOT_LOG_DEBUG);
	assert_true(o.noreboot);
	assert_true(o.sync_console);
	assert_int_equal(o.maxcpus, 2);
}

static void serial_ports_are_described_by_place_and_by_name(void **state)
{
	(void)state;
	parse("com1=115200/230400,7e2,0x2e8,5 com2=auto");
	assert_int_equal(o.problem_count, 0);
	assert_int_equal(o.com[0].clock_hz, 230400 * 16);
	assert_int_equal(o.com[0].data_bits, 7);
	assert_int_equal(o.com[0].parity, 'e');
	assert_int_equal(o.com[0].stop_bits, 2);
	assert_int_equal(o.com[0].io_base, 0x2e8);
	assert_int_equal(o.com[0].irq, 5);
	assert_int_equal(o.com[1].baud, 0);
	parse("com1=baud=9600,parity=o,stop-bits=2,io-base=0x3e8,data-bits=5,irq=7,clock-hz=921600");
	assert_int_equal(o.problem_count, 0);
	assert_int_equal(o.com[0].baud, 9600);
	assert_int_equal(o.com[0].parity, 'o');
	assert_int_equal(o.com[0].io_base, 0x3e8);
	assert_int_equal(o.com[0].irq, 7);
	assert_int_equal(o.com[0].clock_hz, 921600);
	parse("com1=,,0x2f8");
	assert_int_equal(o.com[0].baud, 115200);
	assert_int_equal(o.com[0].io_base, 0x2f8);
}

static void a_malformed_serial_port_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"com1=fast", "com1=10", "com1=115200x", "com1=9600/300", "com1=9600,9n1",
		"com1=9600,8x1", "com1=9600,8n3", "com1=9600,8n", "com1=9600,8n1,0",
		"com1=9600,8n1,0x10000", "com1=9600,8n1,0x3f8,0", "com1=9600,8n1,pci", "com1=9600,8n1,0x3f8,16",
		"com1=9600,8n1,0x3f8,msi", "com1=9600,8n1,0x3f8,4,00:1f.0", "com1=baud=x",
		"com1=parity=nn", "com1=stop-bits=3", "com1=data-bits=9", "com1=clock-hz=1",
		"com1=reg-width=4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		parse(bad[i]);
		if (o.problem_count != 1)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(o.com[0].baud, 115200);
		assert_int_equal(o.com[0].io_base, 0x3f8);
	}
}

static void a_console_that_is_not_known_leaves_no_machine_mute(void **state)
{
	(void)state;
	assert_problem("console=tty0", "console=tty0", "not supported");
	assert_true(o.com[0].console);
	assert_problem("console=vga", "console=vga", "not supported");
	assert_true(o.com[0].console);
	assert_problem("console=com2,xhci", "console=com2,xhci", "not supported");
	assert_true(o.com[1].console && !o.com[0].console);
	parse("console=none");
	assert_true(o.console_none && !o.com[0].console);
}

static void what_is_not_known_is_kept_to_be_named(void **state)
{
	(void)state;
	parse("foo console=com1 iommu=no bar=1");
	assert_int_equal(o.problem_count, 3);
	assert_true(str_span_equal(o.problems[0].option, "foo"));
	assert_true(str_span_equal(o.problems[1].option, "iommu=no"));
	assert_true(str_span_equal(o.problems[2].option, "bar=1"));
	assert_string_equal(o.problems[0].reason, "not known");
	parse("placeholder no-real-mode edd=off");
	assert_int_equal(o.problem_count, 0);
}

static void problems_beyond_the_list_are_still_counted(void **state)
{
	(void)state;
	parse("a b c d e f g h i j k l m n o p q r s t");
	assert_int_equal(o.problem_count, 20);
	assert_true(str_span_equal(o.problems[BOOT_PROBLEMS_MAX - 1].option, "p"));
}

static void bad_values_are_named_with_what_was_wanted(void **state)
{
	char longest[400];

	(void)state;
	assert_problem("dom0_mem=lots", "dom0_mem=lots", "wants SIZE");
	assert_problem("dom0_mem=1G,most:2G", "dom0_mem=1G,most:2G", "wants SIZE");
	assert_problem("dom0_mem=100%", "dom0_mem=100%", "wants SIZE");
	assert_problem("dom0_mem=1G+5", "dom0_mem=1G+5", "wants SIZE");
	assert_problem("dom0_mem", "dom0_mem", "wants a value");
	assert_problem("loglvl=loud", "loglvl=loud", "wants none");
	assert_problem("loglvl=all/loud", "loglvl=all/loud", "wants none");
	assert_problem("maxcpus=0", "maxcpus=0", "wants a number");
	assert_problem("maxcpus=two", "maxcpus=two", "wants a number");
	assert_problem("dom0_max_vcpus=x", "dom0_max_vcpus=x", "wants a number");
	assert_problem("mem=0", "mem=0", "wants a size");
	assert_problem("noreboot=maybe", "noreboot=maybe", "yes or no");
	assert_problem("sync_console=maybe", "sync_console=maybe", "yes or no");
	assert_problem("nosmp=x", "nosmp=x", "yes or no");
	assert_problem("reboot=efi", "reboot=efi", "not supported");
	assert_problem("watchdog", "watchdog", "not known");
	assert_problem("conswitch=ab", "conswitch=ab", "wants a letter");
	assert_problem("no-dom0_mem", "no-dom0_mem", "not known");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "mem=", 4);
	longest[sizeof(longest) - 1] = '\0';
	assert_problem(longest, longest, "too long");
}

static void booleans_have_all_their_forms(void **state)
{
	(void)state;
	parse("sync_console console_to_ring=on");
	assert_true(o.sync_console && o.console_to_ring);
	parse("sync_console=1 no-sync_console console_to_ring=true console_to_ring=off");
	assert_true(!o.sync_console && !o.console_to_ring);
	parse("no-sync_console=no");
	assert_true(o.sync_console);
	parse("noreboot=enable noreboot=0 nosmp");
	assert_false(o.noreboot);
	assert_int_equal(o.maxcpus, 1);
	assert_int_equal(o.problem_count, 0);
}

static void reboot_may_be_refused(void **state)
{
	(void)state;
	parse("reboot=no");
	assert_true(o.noreboot);
	parse("reboot=n,warm");
	assert_true(o.noreboot);
	assert_int_equal(o.problem_count, 0);
	assert_problem("reboot=kbd,cold", "reboot=kbd,cold", "not supported");
	assert_false(o.noreboot);
}

static void the_switch_key_may_be_changed_or_taken_away(void **state)
{
	(void)state;
	parse("conswitch=bx");
	assert_int_equal(o.conswitch, 'b');
	assert_true(o.conswitch_stays);
	parse("conswitch=.");
	assert_int_equal(o.conswitch, 0);
	assert_int_equal(o.problem_count, 0);
}

static void what_follows_two_dashes_is_dom0s(void **state)
{
	(void)state;
	parse("console=com1 --  root=/dev/ram0 foo -- bar");
	assert_string_equal(o.dom0_cmdline, "root=/dev/ram0 foo -- bar");
	assert_int_equal(o.problem_count, 0);
	parse("--");
	assert_string_equal(o.dom0_cmdline, "");
	parse("--x");
	assert_int_equal(o.problem_count, 1);
}

static uint64_t dom0_bytes(const char *line, uint64_t available)
{
	parse(line);
	assert_int_equal(o.problem_count, 0);
	return bootopts_dom0_bytes(&o, available, available / 4);
}

static void dom0_gets_what_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(dom0_bytes("dom0_mem=256M", GB), 256 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=262144", GB), 256 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=2G", GB), GB);
	assert_int_equal(dom0_bytes("dom0_mem=-256M", GB), 768 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=-2G", GB), 0);
	assert_int_equal(dom0_bytes("dom0_mem=25%", GB), 256 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=128M+25%", GB), 384 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=90%", UINT64_MAX), UINT64_MAX / 100 * 90 + 13);
}

static void dom0_without_a_size_gets_the_usual(void **state)
{
	(void)state;
	assert_int_equal(dom0_bytes("", GB), 256 * MB);
	assert_int_equal(bootopts_dom0_bytes(&o, 4 * MB, GB), 4 * MB);
	assert_int_equal(dom0_bytes("", 0), 0);
}

static void dom0s_bounds_hold_and_the_upper_one_wins(void **state)
{
	(void)state;
	assert_int_equal(dom0_bytes("dom0_mem=max:128M", GB), 128 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=min:-512M", GB), 512 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=64M,min:128M", GB), 128 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=min:512M,max:256M", GB), 256 * MB);
	assert_int_equal(dom0_bytes("dom0_mem=min:4G", GB), GB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_gives_the_defaults),
		cmocka_unit_test(the_usual_line_is_understood),
		cmocka_unit_test(serial_ports_are_described_by_place_and_by_name),
		cmocka_unit_test(a_malformed_serial_port_changes_nothing),
		cmocka_unit_test(a_console_that_is_not_known_leaves_no_machine_mute),
		cmocka_unit_test(what_is_not_known_is_kept_to_be_named),
		cmocka_unit_test(problems_beyond_the_list_are_still_counted),
		cmocka_unit_test(bad_values_are_named_with_what_was_wanted),
		cmocka_unit_test(booleans_have_all_their_forms),
		cmocka_unit_test(reboot_may_be_refused),
		cmocka_unit_test(the_switch_key_may_be_changed_or_taken_away),
		cmocka_unit_test(what_follows_two_dashes_is_dom0s),
		cmocka_unit_test(dom0_gets_what_was_asked_for),
		cmocka_unit_test(dom0_without_a_size_gets_the_usual),
		cmocka_unit_test(dom0s_bounds_hold_and_the_upper_one_wins),
	};

	return cmocka_run_group_tests_name("boot_opts", tests, NULL, NULL);
}
