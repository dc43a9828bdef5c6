/* SPDX-License-Identifier: MIT */
/* Tables and JSON, compared byte for byte with what Xen's xl 4.17 printed for the same domains. */
#include "xl/test.h"

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sched.h>

#include "xl/format.h"
#include "xl/json.h"

static char *text;
static size_t length;

static FILE *begin(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &length);
}

static void end(FILE *out, const char *expected)
{
	fclose(out);
	assert_string_equal(text, expected);
}

static int teardown(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static struct xen_domctl_getdomaininfo info(domid_t domid, uint64_t mb, uint32_t flags, double s)
{
	return (struct xen_domctl_getdomaininfo){
		.domain = domid,
		.tot_pages = mb * 256,
		.flags = flags,
		.cpu_time = s * 1e9,
		.nr_online_vcpus = 1,
	};
}

static void the_list_is_xens(void **state)
{
	const struct list_columns c = { 0 };
	struct xen_domctl_getdomaininfo dom0 = info(0, 1024, XEN_DOMINF_running, 67.0);
	struct xen_domctl_getdomaininfo uk1 = info(1, 16, XEN_DOMINF_paused | XEN_DOMINF_blocked, 0);
	struct xen_domctl_getdomaininfo uk2 = info(3, 16, XEN_DOMINF_paused, 0.04);
	FILE *out = begin();

	(void)state;
	format_list_header(out, &c);
	format_list_line(out, &c, "Domain-0", &dom0);
	format_list_line(out, &c, "uk1", &uk1);
	format_list_line(out, &c, "uk2", &uk2);
	end(out,
"Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
"Domain-0                                     0  1024     1     r-----      67.0\n"
"uk1                                          1    16     1     -bp---       0.0\n"
"uk2                                          3    16     1     --p---       0.0\n");
}

static void the_verbose_list_is_xens(void **state)
{
	const struct list_columns c = { .verbose = true };
	struct xen_domctl_getdomaininfo dom0 = info(0, 1024, XEN_DOMINF_running, 33.6);
	struct xen_domctl_getdomaininfo uk1 = info(1, 16, XEN_DOMINF_blocked, 0);
	FILE *out = begin();

	(void)state;
	domconf_uuid_parse(uk1.handle, "707dd80e-e5e3-11f1-aa3b-b11c719aa2c6");
	format_list_header(out, &c);
	format_list_line(out, &c, "Domain-0", &dom0);
	format_list_line(out, &c, "uk1", &uk1);
	end(out,
"Name                                        ID   Mem VCPUs\tState\tTime(s)   UUID                            Reason-Code\tSecurity Label\n"
"Domain-0                                     0  1024     1     r-----      33.6 00000000-0000-0000-0000-000000000000        -                -\n"
"uk1                                          1    16     1     -b----       0.0 707dd80e-e5e3-11f1-aa3b-b11c719aa2c6        -                -\n");
}

static void the_state_shows_why_a_domain_has_ended(void **state)
{
	static const char letters[] = "-rscwS?";
	const struct list_columns c = { 0 };

	(void)state;
	for (uint32_t reason = 0; letters[reason]; reason++) {
		struct xen_domctl_getdomaininfo d = info(5, 16, XEN_DOMINF_shutdown |
							 reason << XEN_DOMINF_shutdownshift, 1);
		char expected[128];

		snprintf(expected, sizeof(expected), "d                                        "
			 "    5    16     1     ---s%c-       1.0\n", letters[reason]);
		FILE *out = begin();

		format_list_line(out, &c, "d", &d);
		end(out, expected);
	}
}

static void a_dying_domain_has_a_d(void **state)
{
	const struct list_columns c = { 0 };
	struct xen_domctl_getdomaininfo d = info(12, 0, XEN_DOMINF_dying, 1);
	FILE *out = begin();

	(void)state;
	format_list_line(out, &c, "(null)", &d);
	end(out, "(null)                                      12     0     1     -----d       1.0\n");
}

static void vcpus_are_listed_as_by_xen(void **state)
{
	const uint8_t all[1] = { 1 };
	struct xen_domctl_getvcpuinfo run = { .online = 1, .running = 1, .cpu_time = 127900000000 };
	struct xen_domctl_getvcpuinfo blocked = { .online = 1, .blocked = 1, .cpu_time = 25000000000 };
	struct xen_domctl_getvcpuinfo off = { .vcpu = 1 };
	FILE *out = begin();

	(void)state;
	format_vcpu_header(out);
	format_vcpu_line(out, "Domain-0", 0, 0, &run, all, all, 1);
	format_vcpu_line(out, "lin1", 9, 0, &blocked, all, all, 1);
	format_vcpu_line(out, "lin1", 9, 1, &off, all, all, 1);
	end(out,
"Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"
"Domain-0                             0     0    0   r--     127.9  all / all\n"
"lin1                                 9     0    0   -b-      25.0  all / all\n"
"lin1                                 9     1    -   --p       0.0  all / all\n");
}

static void cpu_maps_are_ranges(void **state)
{
	static const struct {
		uint8_t map[2];
		const char *text;
	} cases[] = {
		{ { 0xff, 0x0f }, "all" },
		{ { 0x00, 0xf0 }, "none" },
		{ { 0x07, 0x00 }, "0-2" },
		{ { 0x25, 0x0c }, "0,2,5,10-11" },
		{ { 0xfe, 0x0f }, "1-11" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *out = begin();

		format_cpus(out, cases[i].map, 12);
		end(out, cases[i].text);
	}
}

static void uptimes_are_xens(void **state)
{
	FILE *out = begin();

	(void)state;
	format_uptime_header(out);
	format_uptime_line(out, "Domain-0", 0, 48);
	format_uptime_line(out, "uk1", 1, 86400 + 3600 * 13 + 61);
	format_uptime_line(out, "uk2", 3, 3 * 86400);
	format_uptime_short(out, "uk2", 3, 3700, 45296);
	end(out,
"Name                                ID Uptime\n"
"Domain-0                             0  0:00:48\n"
"uk1                                  1 1 day, 13:01:01\n"
"uk2                                  3 3 days,  0:00:00\n"
" 12:34:56 up  1:01, uk2 (3)\n");
}

static struct domconf uk1(void)
{
	struct domconf c = {
		.name = "uk1", .kernel = "/guest/test-pv64-idle", .memory_kb = 16384,
		.maxmem_kb = 16384, .vcpus = 1, .maxvcpus = 1, .on_reboot = ACTION_RESTART,
		.on_soft_reset = ACTION_SOFT_RESET, .cpu_weight = -1, .cap = -1,
	};

	domconf_uuid_parse(c.uuid, "c1d0ffab-d5b0-4a30-b3b7-982d9d250270");
	return c;
}

static void a_dry_run_prints_xens_json(void **state)
{
	struct domconf c = uk1();
	FILE *out = begin();

	(void)state;
	json_config(out, &c);
	end(out,
"{\n"
"    \"c_info\": {\n"
"        \"type\": \"pv\",\n"
"        \"name\": \"uk1\",\n"
"        \"uuid\": \"c1d0ffab-d5b0-4a30-b3b7-982d9d250270\",\n"
"        \"run_hotplug_scripts\": \"True\"\n"
"    },\n"
"    \"b_info\": {\n"
"        \"max_vcpus\": 1,\n"
"        \"avail_vcpus\": [\n"
"            0\n"
"        ],\n"
"        \"max_memkb\": 16384,\n"
"        \"target_memkb\": 16384,\n"
"        \"sched_params\": {\n"
"\n"
"        },\n"
"        \"claim_mode\": \"True\",\n"
"        \"kernel\": \"/guest/test-pv64-idle\",\n"
"        \"type.pv\": {\n"
"\n"
"        },\n"
"        \"arch_arm\": {\n"
"\n"
"        },\n"
"        \"arch_x86\": {\n"
"\n"
"        }\n"
"    },\n"
"    \"on_reboot\": \"restart\",\n"
"    \"on_soft_reset\": \"soft_reset\"\n"
"}\n");
}

static void the_long_list_is_xens(void **state)
{
	struct domconf c = uk1();
	struct json_live live = { .domid = 9, .has_sched = true, .weight = 256 };
	FILE *out = begin();

	(void)state;
	c.cmdline = "console=hvc0 act=sleep";
	c.ramdisk = "/guest/du.gz";
	json_domain(out, &c, &live);
	end(out,
"    {\n"
"        \"domid\": 9,\n"
"        \"config\": {\n"
"            \"c_info\": {\n"
"                \"type\": \"pv\",\n"
"                \"name\": \"uk1\",\n"
"                \"domid\": 4294967295,\n"
"                \"uuid\": \"c1d0ffab-d5b0-4a30-b3b7-982d9d250270\",\n"
"                \"run_hotplug_scripts\": \"True\"\n"
"            },\n"
"            \"b_info\": {\n"
"                \"max_vcpus\": 1,\n"
"                \"avail_vcpus\": [\n"
"                    0\n"
"                ],\n"
"                \"max_memkb\": 16384,\n"
"                \"target_memkb\": 16384,\n"
"                \"video_memkb\": 0,\n"
"                \"sched_params\": {\n"
"                    \"sched\": \"credit2\",\n"
"                    \"weight\": 256,\n"
"                    \"cap\": 0\n"
"                },\n"
"                \"claim_mode\": \"True\",\n"
"                \"kernel\": \"/guest/test-pv64-idle\",\n"
"                \"cmdline\": \"console=hvc0 act=sleep\",\n"
"                \"ramdisk\": \"/guest/du.gz\",\n"
"                \"type.pv\": {\n"
"\n"
"                },\n"
"                \"arch_arm\": {\n"
"\n"
"                },\n"
"                \"arch_x86\": {\n"
"                    \"msr_relaxed\": \"False\"\n"
"                }\n"
"            },\n"
"            \"on_reboot\": \"restart\",\n"
"            \"on_soft_reset\": \"soft_reset\"\n"
"        }\n"
"    }");
}

static void domain_0_has_little_to_say(void **state)
{
	struct json_live live = { .has_sched = true, .weight = 256 };
	FILE *out = begin();

	(void)state;
	json_domain0(out, 1048576, 1048575, &live);
	end(out,
"    {\n"
"        \"domid\": 0,\n"
"        \"config\": {\n"
"            \"c_info\": {\n"
"                \"type\": \"pv\",\n"
"                \"name\": \"Domain-0\"\n"
"            },\n"
"            \"b_info\": {\n"
"                \"max_memkb\": 1048576,\n"
"                \"target_memkb\": 1048575,\n"
"                \"sched_params\": {\n"
"                    \"sched\": \"credit2\",\n"
"                    \"weight\": 256,\n"
"                    \"cap\": 0\n"
"                },\n"
"                \"type.pv\": {\n"
"\n"
"                },\n"
"                \"arch_arm\": {\n"
"\n"
"                },\n"
"                \"arch_x86\": {\n"
"\n"
"                }\n"
"            }\n"
"        }\n"
"    }");
}

static void json_quotes_what_must_be_quoted(void **state)
{
	struct domconf c = uk1();
	FILE *out = begin();

	(void)state;
	c.cmdline = "a=\"b\\c\"\n\x01";
	json_config(out, &c);
	fclose(out);
	assert_non_null(strstr(text, "\"cmdline\": \"a=\\\"b\\\\c\\\"\\n\\u0001\",\n"));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_list_is_xens),
		TEST(the_verbose_list_is_xens),
		TEST(the_state_shows_why_a_domain_has_ended),
		TEST(a_dying_domain_has_a_d),
		TEST(vcpus_are_listed_as_by_xen),
		TEST(cpu_maps_are_ranges),
		TEST(uptimes_are_xens),
		TEST(a_dry_run_prints_xens_json),
		TEST(the_long_list_is_xens),
		TEST(domain_0_has_little_to_say),
		TEST(json_quotes_what_must_be_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
