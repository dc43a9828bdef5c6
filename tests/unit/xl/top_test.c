/* SPDX-License-Identifier: MIT */
/* xl top's table byte for byte as xentop's, its order, its screen, its keys. */
#include "xl/test.h"

#include <xen/sched.h>

#include "xl/top.h"

#define HEADER "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) " \
	"NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID\n"
#define DEVICES "    0        0        0    0        0        0        0          0          0    0\n"
#define CRASHED (XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift)

static struct top_domain domains[4];
static struct top_vcpu vcpus[7];
static struct top_sample sample;
static struct top_view view;
static char *text;
static size_t size;

static void fill(unsigned i, const char *name, uint32_t flags, uint64_t pages, uint64_t max,
		 uint64_t ns, uint64_t delta_ns)
{
	strcpy(domains[i].name, name);
	domains[i].info = (struct xen_domctl_getdomaininfo){
		.domain = i, .flags = flags, .tot_pages = pages, .max_pages = max,
		.cpu_time = ns, .nr_online_vcpus = 1,
	};
	domains[i].delta_ns = delta_ns;
}

static int setup(void **state)
{
	(void)state;
	memset(domains, 0, sizeof(domains));
	fill(0, "Domain-0", XEN_DOMINF_running, 262144, 262144, 72900000000, 20000000);
	fill(1, "uk9", XEN_DOMINF_blocked, 4096, 5376, 0, 0);
	fill(2, "averylongname", XEN_DOMINF_paused, 4096, UINT32_MAX, 3000000000, 980000000);
	fill(3, "lost", CRASHED, 100, 4352, 0, 0);
	sample = (struct top_sample){
		.domains = domains, .count = 4, .at_ns = 5000000000, .before_ns = 4000000000,
		.seconds = 3 * 3600 + 4 * 60 + 5, .total_kb = 4193788, .free_kb = 3078652, .cpus = 2,
		.mhz = 2100, .version = "4.17.0",
	};
	view = (struct top_view){ .delay = 3, .rows = 24, .columns = 200 };
	return 0;
}

static void assert_batch(const char *wanted)
{
	FILE *out = open_memstream(&text, &size);

	top_sort(&view, &sample);
	top_print_batch(out, &view, &sample);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

/* The screen as text, a caret for each escape. */
static const char *screen(void)
{
	static char plain[16384];
	FILE *out = open_memstream(&text, &size);

	top_print_screen(out, &view, &sample);
	fclose(out);
	assert_true(size < sizeof(plain));
	strcpy(plain, text);
	free(text);
	for (char *p = plain; *p; p++)
		if (*p == '\x1b')
			*p = '^';
	return plain;
}

static enum top_action keys(const char *bytes)
{
	return top_keys(&view, &sample, bytes, strlen(bytes));
}

static void the_table_is_that_of_xentop(void **state)
{
	(void)state;
	assert_batch(HEADER
"  Domain-0 -----r         72    2.0    1048576   25.0    1048576      25.0     1" DEVICES
"averylongn ----p-          3   98.0      16384    0.4   no limit       n/a     1" DEVICES
"      lost ---c--          0    0.0        400    0.0      17408       0.4     1" DEVICES
"       uk9 --b---          0    0.0      16384    0.4      21504       0.5     1" DEVICES);
}

static void the_first_sample_has_no_percentages(void **state)
{
	(void)state;
	sample.before_ns = 0;
	sample.count = 1;
	assert_batch(HEADER
"  Domain-0 -----r         72    0.0    1048576   25.0    1048576      25.0     1" DEVICES);
}

static void vcpus_stand_five_in_a_line(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++)
		vcpus[i] = (struct top_vcpu){ .id = i, .ns = i * 1000000000ULL };
	domains[0].vcpus = vcpus;
	domains[0].nr_vcpus = 7;
	sample.count = 1;
	view.vcpus = view.full_names = true;
	assert_batch(HEADER
"  Domain-0 -----r         72    2.0    1048576   25.0    1048576      25.0     1" DEVICES
"VCPUs(sec):   0:          0s  1:          1s  2:          2s  3:          3s  4:          4s\n"
"          5:          5s  6:          6s\n");
}

static void each_column_sorts_its_largest_first(void **state)
{
	static const struct {
		const char *keys;
		unsigned first, last;	/* domain ids */
	} orders[] = {
		{ "s", 1, 0 },		/* STATE */
		{ "s", 0, 3 },		/* CPU(sec) */
		{ "S", 2, 3 },		/* CPU(%) */
		{ "s", 0, 3 },		/* MEM(k) */
		{ "ss", 2, 3 },		/* MAXMEM(k) */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		assert_int_equal(keys(orders[i].keys), TOP_REDRAW);
		top_sort(&view, &sample);
		assert_int_equal(domains[0].info.domain, orders[i].first);
		assert_int_equal(domains[3].info.domain, orders[i].last);
	}
	view.dom0_first = true;
	top_sort(&view, &sample);
	assert_int_equal(domains[0].info.domain, 0);
	for (unsigned i = view.sort; i < 19; i++)
		keys("s");
	assert_int_equal(view.sort, 0);
}

static void the_screen_ends_at_its_edges(void **state)
{
	const char *s, *line;

	(void)state;
	view.rows = 6;
	view.columns = 40;
	s = screen();
	assert_non_null(strstr(s, "xentop - 03:04:05   Xen 4.17.0^[K\n"));
	assert_non_null(strstr(s, "4 domains: 1 running, 1 blocked, 1 pause^[K\n"));
	assert_non_null(strstr(s, "^[1m      NAME^[0m  STATE   CPU(sec) CPU(%)     ^[K\n"));
	assert_non_null(strstr(s, "  Domain-0 -----r         72    2.0    1^[K\n^[J^[6;1H"));
	assert_null(strstr(s, "uk9"));
	line = strstr(s, "^[6;1H");
	assert_null(strchr(line, '\n'));
	view.rows = 24;
	view.columns = 100;
	s = screen();
	assert_non_null(strstr(s, "4 domains: 1 running, 1 blocked, 1 paused, 1 crashed, 0 dying, 0 shutdown "));
	assert_non_null(strstr(s, "Mem: 4193788k total, 1115136k used, 3078652k free    CPUs: 2 @ 2100MHz"));
	assert_non_null(strstr(s, "  ^[1mD^[0melay  ^[1mN^[0metworks  v^[1mB^[0mds  ^[1mV^[0mCPUs  "
			       "^[1mR^[0mepeat header  ^[1mS^[0mort order  ^[1mQ^[0muit"));
}

static void keys_change_the_view(void **state)
{
	(void)state;
	assert_int_equal(keys("n"), TOP_REDRAW);
	assert_true(view.networks);
	assert_int_equal(keys("B"), TOP_REDRAW);
	assert_true(view.disks);
	assert_int_equal(keys("v"), TOP_SAMPLE);
	assert_true(view.vcpus);
	assert_int_equal(keys("rR"), TOP_REDRAW);
	assert_false(view.repeat_header);
	assert_int_equal(keys("z"), TOP_NOTHING);
	assert_int_equal(keys("q"), TOP_QUIT);
	assert_int_equal(keys("\x03"), TOP_QUIT);
}

static void arrows_scroll_no_further_than_the_last_domain(void **state)
{
	(void)state;
	assert_int_equal(keys("\x1b[A"), TOP_NOTHING);
	assert_int_equal(keys("\x1b[B\x1b[B\x1bOB\x1b[B\x1b[B"), TOP_REDRAW);
	assert_int_equal(view.first, 3);
	assert_non_null(strstr(screen(), "      lost"));
	assert_null(strstr(screen(), "  Domain-0"));
	assert_int_equal(keys("\x1b[A"), TOP_REDRAW);
	assert_int_equal(view.first, 2);
}

static void a_delay_is_typed_at_a_prompt(void **state)
{
	(void)state;
	assert_int_equal(keys("d1q2x\x7f" "5"), TOP_REDRAW);
	assert_non_null(strstr(screen(), "Delay(sec): 15"));
	assert_int_equal(keys("\r"), TOP_REDRAW);
	assert_int_equal(view.delay, 15);
	keys("d0\r");
	assert_int_equal(view.delay, 15);
	keys("d99999999999\r");
	assert_int_equal(view.delay, 15);
	keys("d4\x1b");
	assert_int_equal(view.delay, 15);
	assert_false(view.prompting);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_table_is_that_of_xentop),
		TEST(the_first_sample_has_no_percentages),
		TEST(vcpus_stand_five_in_a_line),
		TEST(each_column_sorts_its_largest_first),
		TEST(the_screen_ends_at_its_edges),
		TEST(keys_change_the_view),
		TEST(arrows_scroll_no_further_than_the_last_domain),
		TEST(a_delay_is_typed_at_a_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
