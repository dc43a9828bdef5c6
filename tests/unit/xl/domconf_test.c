/* SPDX-License-Identifier: MIT */
/* The meaning of xl.cfg(5): defaults, limits, and every refusal. */
#include "xl/test.h"

#include <errno.h>

#include "domconf/domconf.h"

#define BASE "name='d'\nkernel='/k'\n"

static struct domconf conf;
static struct domconf_report report;
static char warnings[2048];

static void keep_warning(void *ctx, const char *line)
{
	(void)ctx;
	strcat(strcat(warnings, line), "\n");
}

static int read_text(const char *text)
{
	struct cfg cfg;
	struct cfg_error err;
	int result;

	warnings[0] = '\0';
	report = (struct domconf_report){ .warn = keep_warning };
	cfg_init(&cfg);
	assert_int_equal(cfg_parse(&cfg, "d.cfg", text, strlen(text), &err), 0);
	result = domconf_read(&conf, &cfg, &report);
	cfg_free(&cfg);
	return result;
}

static void assert_read(const char *text)
{
	domconf_free(&conf);
	if (read_text(text))
		fail_msg("%s", report.error.text);
}

static void assert_refused(const char *text, const char *message)
{
	domconf_free(&conf);
	assert_int_equal(read_text(text), -EINVAL);
	assert_string_equal(report.error.text, message);
}

static int teardown(void **state)
{
	(void)state;
	domconf_free(&conf);
	return 0;
}

static void defaults_are_those_of_xl(void **state)
{
	(void)state;
	assert_read(BASE);
	assert_string_equal(conf.name, "d");
	assert_string_equal(conf.kernel, "/k");
	assert_null(conf.ramdisk);
	assert_null(conf.cmdline);
	assert_false(conf.has_uuid);
	assert_int_equal(conf.memory_kb, 32 * 1024);
	assert_int_equal(conf.maxmem_kb, 32 * 1024);
	assert_int_equal(conf.vcpus, 1);
	assert_int_equal(conf.maxvcpus, 1);
	assert_int_equal(conf.on_poweroff, ACTION_DESTROY);
	assert_int_equal(conf.on_reboot, ACTION_RESTART);
	assert_int_equal(conf.on_crash, ACTION_DESTROY);
	assert_int_equal(conf.max_event_channels, 1023);
	assert_int_equal(conf.max_grant_frames, -1);
	assert_string_equal(warnings, "");
}

static void all_keys_are_read(void **state)
{
	(void)state;
	assert_read(BASE "type='pv'\nbuilder='generic'\nramdisk='/r'\nmemory=64\nmaxmem=128\n"
		    "vcpus=2\nmaxvcpus=4\nuuid='00112233-4455-6677-8899-aabbccddeeff'\n"
		    "on_poweroff='preserve'\non_reboot='rename-restart'\n"
		    "on_crash='coredump-restart'\non_watchdog='restart'\ncpu_weight=512\ncap=50\n"
		    "max_grant_frames=4\nmax_event_channels=2000\ntsc_mode='native'\n"
		    "rtc_timeoffset=-3600\n");
	assert_string_equal(conf.ramdisk, "/r");
	assert_int_equal(conf.memory_kb, 64 * 1024);
	assert_int_equal(conf.maxmem_kb, 128 * 1024);
	assert_int_equal(conf.vcpus, 2);
	assert_int_equal(conf.maxvcpus, 4);
	assert_true(conf.has_uuid);
	assert_int_equal(conf.uuid[1], 0x11);
	assert_int_equal(conf.uuid[15], 0xff);
	assert_int_equal(conf.on_poweroff, ACTION_PRESERVE);
	assert_int_equal(conf.on_reboot, ACTION_RENAME_RESTART);
	assert_int_equal(conf.on_crash, ACTION_COREDUMP_RESTART);
	assert_int_equal(conf.on_watchdog, ACTION_RESTART);
	assert_int_equal(conf.cpu_weight, 512);
	assert_int_equal(conf.cap, 50);
	assert_int_equal(conf.max_grant_frames, 4);
	assert_int_equal(conf.max_event_channels, 2000);
	assert_int_equal(conf.tsc_mode, 2);
	assert_int_equal(conf.rtc_timeoffset, -3600);
	assert_string_equal(warnings, "");
}

static void the_command_line_is_made_of_root_and_extra(void **state)
{
	(void)state;
	assert_read(BASE "root='/dev/xvda1'\nextra='ro quiet'\n");
	assert_string_equal(conf.cmdline, "root=/dev/xvda1 ro quiet");
	assert_read(BASE "root='/dev/xvda1'\n");
	assert_string_equal(conf.cmdline, "root=/dev/xvda1");
	assert_read(BASE "extra='console=hvc0'\n");
	assert_string_equal(conf.cmdline, "console=hvc0");
	assert_read(BASE "cmdline='a b'\nextra='c'\n");
	assert_string_equal(conf.cmdline, "a b");
	assert_string_equal(warnings, "d.cfg:3:1: warning: cmdline: root= and extra= are ignored "
			    "in favour of it\n");
}

static void a_command_line_must_fit_start_info(void **state)
{
	char text[2048] = BASE "extra='";

	(void)state;
	memset(text + strlen(text), 'x', 1023);
	strcat(text, "'\n");
	assert_read(text);
	text[strlen(text) - 2] = '\0';
	strcat(text, "y'\n");
	assert_refused(text, "d.cfg:3:1: extra: the command line has 1024 characters, at most 1023 "
		       "fit");
}

static void a_name_and_a_kernel_are_needed(void **state)
{
	(void)state;
	assert_refused("kernel='/k'\n", "Domain name must be specified.");
	assert_refused("name=''\nkernel='/k'\n", "Domain name must be specified.");
	assert_refused("name='d'\n", "Neither kernel nor bootloader specified");
	assert_refused(BASE "bootloader='pygrub'\n", "d.cfg:3:1: bootloader: boot loaders cannot "
		       "run in this dom0; give kernel= instead");
}

static void names_that_would_confuse_are_refused(void **state)
{
	(void)state;
	assert_refused("kernel='/k'\nname='a/b'\n", "d.cfg:2:1: name: may not contain blanks, '/' "
		       "or control characters");
	assert_refused("kernel='/k'\nname='17'\n", "d.cfg:2:1: name: '17' would be taken for a "
		       "domain id");
	assert_refused("kernel='/k'\nname='0123456789012345678901234567890123456789"
		       "01234567890123456789012345678901234567890'\n",
		       "d.cfg:2:1: name: longer than 80 characters");
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
	(void)state;
	assert_refused(BASE "memory='much'\n", "d.cfg:3:1: memory: needs a number, not 'much'");
	assert_refused(BASE "memory='a\\nb'\n", "d.cfg:3:1: memory: needs a number, not 'a?b'");
	assert_refused(BASE "memory=[1]\n", "d.cfg:3:1: memory: needs a number, not a list");
	assert_refused(BASE "ramdisk=5\n", "d.cfg:3:1: ramdisk: needs a string in quotes");
	assert_refused(BASE "on_crash='explode'\n", "d.cfg:3:1: on_crash: 'explode' is no action "
		       "(destroy, restart, rename-restart, preserve, coredump-destroy, "
		       "coredump-restart, soft-reset)");
	assert_refused(BASE "on_reboot=1\n", "d.cfg:3:1: on_reboot: needs a string in quotes");
	assert_refused(BASE "uuid='12'\n", "d.cfg:3:1: uuid: needs the form "
		       "\"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", hexadecimal");
}

static void numbers_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_refused(BASE "memory=0\n", "d.cfg:3:1: memory: 0 is not in the range from 1 to "
		       "1048576");
	assert_refused(BASE "memory=9999999999\n", "d.cfg:3:1: memory: 9999999999 is not in the "
		       "range from 1 to 1048576");
	assert_refused(BASE "memory=64\nmaxmem=32\n", "d.cfg:4:1: maxmem: 32 MiB are less than "
		       "memory=64");
	assert_refused(BASE "vcpus=0\n", "d.cfg:3:1: vcpus: 0 is not in the range from 1 to 128");
	assert_refused(BASE "vcpus=129\n", "d.cfg:3:1: vcpus: 129 is not in the range from 1 to 128");
	assert_refused(BASE "cpu_weight=0\n", "d.cfg:3:1: cpu_weight: 0 is not in the range from 1 to "
		       "65535");
	assert_refused(BASE "cpu_weight=-1\n", "d.cfg:3:1: cpu_weight: -1 is not in the range from 1 to "
		       "65535");
	assert_refused(BASE "vcpus=2\ncap=201\n", "d.cfg:4:1: cap: 201 is not in the range from 0 to 200");
	assert_refused(BASE "vcpus=4\nmaxvcpus=2\n", "d.cfg:4:1: maxvcpus: 2 is less than vcpus=4");
}

static void numbers_may_be_written_as_strings(void **state)
{
	(void)state;
	assert_read(BASE "memory='48'\n");
	assert_int_equal(conf.memory_kb, 48 * 1024);
}

static void guests_that_are_not_pv_are_refused(void **state)
{
	(void)state;
	assert_refused(BASE "type='hvm'\n", "d.cfg:3:1: type: 'hvm' guests are not supported, only "
		       "'pv'");
	assert_refused(BASE "builder='hvm'\n", "d.cfg:3:1: builder: 'hvm' guests are not "
		       "supported, only PV guests (type=\"pv\")");
	assert_refused(BASE "pvh=1\n", "d.cfg:3:1: pvh: 'pvh' guests are not supported, only PV "
		       "guests (type=\"pv\")");
	assert_refused(BASE "type='paravirt'\n", "d.cfg:3:1: type: must be \"pv\"");
	assert_refused(BASE "type=1\n", "d.cfg:3:1: type: must be \"pv\"");
	assert_refused(BASE "builder='bsd'\n", "d.cfg:3:1: builder: must be \"generic\" for a PV guest");
	assert_refused(BASE "hvm=1\n", "d.cfg:3:1: hvm: 'hvm' guests are not supported, only PV "
		       "guests (type=\"pv\")");
	assert_read(BASE "builder='linux'\n");
	assert_refused(BASE "boot='c'\n", "d.cfg:3:1: boot: is for HVM guests, only PV guests are "
		       "supported");
	assert_read(BASE "pvh=0\n");
}

static void what_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_refused(BASE "disk=['phy:/dev/sda,xvda,w']\n", "d.cfg:3:1: disk: this dom0 has no "
		       "backend for such devices");
	assert_refused(BASE "pci=['00:1f.0']\n", "d.cfg:3:1: pci: hardware cannot be passed "
		       "through to guests");
	assert_read(BASE "disk=[]\nvif=[]\npci=[]\n");
	assert_string_equal(warnings, "");
}

static void unknown_keys_are_warned_of(void **state)
{
	(void)state;
	assert_read(BASE "memroy=64\nlocaltime=1\n");
	assert_string_equal(warnings, "d.cfg:3:1: warning: memroy: unknown key, ignored\n"
			    "d.cfg:4:1: warning: localtime: has no effect here\n");
}

static void a_copy_lives_on_its_own(void **state)
{
	struct domconf copy;

	(void)state;
	assert_read(BASE "ramdisk='/r'\nextra='x'\ncpus='1'\n");
	assert_true(domconf_copy(&copy, &conf));
	domconf_free(&conf);
	assert_string_equal(copy.name, "d");
	assert_string_equal(copy.ramdisk, "/r");
	assert_int_equal(copy.hard.maps[0].bits[0], 2);
	domconf_free(&copy);
}

static void cpus_are_one_set_for_all_or_one_each(void **state)
{
	struct cfg_error err;

	(void)state;
	assert_read(BASE "vcpus=2\nmaxvcpus=3\ncpus='0-3,^1'\ncpus_soft=['2', 1]\n");
	assert_int_equal(conf.hard.count, 3);
	assert_int_equal(conf.hard.maps[2].bits[0], 0x0d);
	assert_int_equal(conf.soft.count, 2);
	assert_int_equal(conf.soft.maps[0].bits[0], 4);
	assert_int_equal(conf.soft.maps[1].bits[0], 2);
	assert_int_equal(domconf_fit_cpus(&conf, 4, &err), 0);
	assert_int_equal(conf.hard.maps[2].bits[0], 0x0d);
	assert_int_equal(domconf_fit_cpus(&conf, 3, &err), -EINVAL);
	assert_string_equal(err.text, "cpus: CPU 3 is not there: the machine has 3, the last is 2");
	assert_read(BASE "cpus=['all','5']\n");
	assert_int_equal(conf.hard.count, 1);
	assert_int_equal(domconf_fit_cpus(&conf, 2, &err), 0);
	assert_int_equal(conf.hard.maps[0].bits[0], 3);
	assert_read(BASE "cpus='all,^0'\n");
	assert_int_equal(domconf_fit_cpus(&conf, 1, &err), -EINVAL);
	assert_string_equal(err.text, "cpus: no CPU is left to run on");
	assert_refused(BASE "cpus='frob'\n", "d.cfg:3:1: cpus: 'frob' is no list of CPUs, such as "
		       "0-3,^2 or all");
	assert_refused(BASE "cpus_soft=['0,^0']\n", "d.cfg:3:1: cpus_soft: '0,^0' leaves no CPU to run on");
}

static void lists_of_cpus_are_read_as_by_xl(void **state)
{
	static const struct {
		const char *text;
		uint8_t first, last;	/* bytes of the map */
		int named;
	} good[] = {
		{ "0", 1, 0, 0 }, { "0-3,^2", 0x0b, 0, 3 }, { "all", 0xff, 0xff, -1 },
		{ "all,^0", 0xfe, 0xff, -1 }, { "^1,0-1", 3, 0, 1 }, { " 1 , 3 ", 0x0a, 0, 3 },
		{ "255", 0, 0x80, 255 }, { "nodes:0,^3", 0xf7, 0xff, -1 },
		{ "0-7,node:^0,1", 2, 0, 7 },
	};
	static const char *const bad[] = {
		"", ",", "1,", "x", "1-", "3-1", "-1", "1 2", "256", "0-256", "99999999999999999999",
		"nodes:1", "0,^0", "^^1", "all-3",
	};
	struct cpumap map;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(cpumap_parse(&map, good[i].text));
		assert_int_equal(map.bits[0], good[i].first);
		assert_int_equal(map.bits[CPUMAP_BYTES - 1], good[i].last);
		assert_int_equal(map.last, good[i].named);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(cpumap_parse(&map, bad[i]));
}

static void uuids_are_written_as_they_are_read(void **state)
{
	static const char text[] = "c144781d-59aa-4148-8967-b6e004c411d5";
	char back[UUID_TEXT];
	uint8_t uuid[16];

	(void)state;
	assert_true(domconf_uuid_parse(uuid, text));
	domconf_uuid_text(back, uuid);
	assert_string_equal(back, text);
	assert_false(domconf_uuid_parse(uuid, "c144781d-59aa-4148-8967-b6e004c411d"));
	assert_false(domconf_uuid_parse(uuid, "c144781d-59aa-4148-8967-b6e004c411d5a"));
	assert_false(domconf_uuid_parse(uuid, "c144781d59aa-4148-8967-b6e004c411d5-"));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_xl),
		TEST(all_keys_are_read),
		TEST(the_command_line_is_made_of_root_and_extra),
		TEST(a_command_line_must_fit_start_info),
		TEST(a_name_and_a_kernel_are_needed),
		TEST(names_that_would_confuse_are_refused),
		TEST(values_of_the_wrong_kind_are_refused),
		TEST(numbers_out_of_range_are_refused),
		TEST(numbers_may_be_written_as_strings),
		TEST(guests_that_are_not_pv_are_refused),
		TEST(what_is_not_there_is_refused),
		TEST(unknown_keys_are_warned_of),
		TEST(a_copy_lives_on_its_own),
		TEST(cpus_are_one_set_for_all_or_one_each),
		TEST(lists_of_cpus_are_read_as_by_xl),
		TEST(uuids_are_written_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
