/* SPDX-License-Identifier: MIT */
/*
 * Whole xl commands on a pretend hypervisor and xenstore: what is printed, the
 * exit code, and what has become of the domains.
 */
#include "xl/test.h"

#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/sched.h>

#include "dom0/xl.h"
#include "xl/elf_maker.h"
#include "xl/fake_dom0.h"
#include "xl/fake_store.h"
#include "xl/fake_threads.h"
#include "xl/fake_xen.h"
#include "xl/create.h"
#include "xl/monitor.h"

static const char uk1[] = "name='uk1'\nkernel='/k'\nmemory=4\n";
static const char uk2[] = "name='uk2'\nkernel='/k'\nmemory=2\nvcpus=2\n";
static const char bad[] = "name=\"bad\"\nmemory=\nkernel=[1,\n";
static const char noname[] = "kernel='/k'\n";
static const char nokernel[] = "name='x'\n";
static const char phoenix[] = "name='phoenix'\nkernel='/k'\nmemory=2\non_poweroff='restart'\n"
	"on_crash='preserve'\non_watchdog='rename-restart'\non_soft_reset='coredump-restart'\n";

static struct elf_maker m;
static char *out_text, *err_text;
static size_t out_size, err_size;

static void forget_output(void)
{
	free(out_text);
	free(err_text);
	out_text = err_text = NULL;
}

/* Runs the command line, whose words are separated by single blanks. */
static int xl(const char *line)
{
	FILE *real_out = stdout, *real_err = stderr;
	char *words = strdup(line), *argv[16], *rest = words;
	int argc = 0, code;

	forget_output();
	stdout = open_memstream(&out_text, &out_size);
	stderr = open_memstream(&err_text, &err_size);
	argv[argc++] = "xl";
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	code = xl_main(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = real_out;
	stderr = real_err;
	free(words);
	return code;
}

#define assert_xl(line, code, out, err) do {		\
	assert_int_equal(xl(line), code);		\
	assert_string_equal(out_text, out);		\
	assert_string_equal(err_text, err);		\
} while (0)

static int setup(void **state)
{
	(void)state;
	fake_xen_reset();
	fake_store_reset();
	fake_dom0_reset();
	fake_store_set("/local/domain/0/name", "Domain-0");
	elf_make_begin(&m, 0x100000);
	elf_make_load(&m, 0x100000, 0x1000, 0x1000, 'k');
	elf_make_common_notes(&m);
	elf_make_end(&m);
	fake_file("/k", m.image, m.size);
	fake_file("/uk1", uk1, sizeof(uk1) - 1);
	fake_file("/uk2", uk2, sizeof(uk2) - 1);
	fake_file("/bad", bad, sizeof(bad) - 1);
	fake_file("/noname", noname, sizeof(noname) - 1);
	fake_file("/nokernel", nokernel, sizeof(nokernel) - 1);
	fake_file("/phoenix", phoenix, sizeof(phoenix) - 1);
	fake_file("/text", "#!/bin/sh\n", 10);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (record_first())
		record_forget(record_first());
	fake_store_reset();
	elf_make_free(&m);
	forget_output();
	return 0;
}

static const char *value(const char *path)
{
	const char *v = fake_store_value(path);

	return v ? v : "(none)";
}

static void create_makes_a_running_domain(void **state)
{
	(void)state;
	assert_xl("create /uk1", 0, "Parsing config from /uk1\n", "");
	assert_true(fake_domains[1].exists);
	assert_int_equal(fake_domains[1].pauses, 0);
	assert_int_equal(fake_introduced, 1);
	assert_string_equal(value("/local/domain/1/name"), "uk1");
	assert_string_equal(value("/local/domain/1/memory/target"), "4096");
	assert_string_equal(value("/local/domain/1/cpu/0/availability"), "online");
	assert_string_equal(value("/local/domain/1/console/port"), "2");
	assert_string_equal(value("/local/domain/0/backend/console/1/0/frontend"),
			    "/local/domain/1/console");
	assert_xl("list uk1", 0,
		  "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
		  "uk1                                          1     4     1     ------       0.0\n",
		  "");
}

static void create_can_leave_it_paused(void **state)
{
	(void)state;
	assert_xl("create -q -p /uk2", 0, "", "");
	assert_int_equal(fake_domains[1].pauses, 1);
	assert_xl("unpause uk2", 0, "", "");
	assert_int_equal(fake_domains[1].pauses, 0);
	assert_xl("pause 1", 0, "", "");
	assert_int_equal(fake_domains[1].pauses, 1);
}

static void create_c_starts_it_when_the_console_is_joined(void **state)
{
	(void)state;
	assert_xl("create -qc /uk1", 0, "", "");
	assert_int_equal(fake_attached, 1);
	assert_int_equal(fake_domains[1].pauses, 0);
	assert_xl("create -q -p -c /uk2", 0, "", "");
	assert_int_equal(fake_attached, 2);
	assert_int_equal(fake_domains[2].pauses, 1);
}

static void overrides_come_after_the_file(void **state)
{
	(void)state;
	assert_xl("create -q /uk1 name=other memory=8 on_crash=preserve", 0, "", "");
	assert_string_equal(value("/local/domain/1/name"), "other");
	assert_int_equal(fake_domains[1].pages, 2048);
	assert_xl("create -q -f /uk1 memory=3", 0, "", "");
	assert_int_equal(fake_domains[2].pages, 768);
}

static void every_refusal_is_one_line(void **state)
{
	unsigned frames = fake_xen_free_frames(), nodes = fake_store_nodes();

	(void)state;
	assert_xl("create /nosuch", 3, "",
		  "Failed to read config file: /nosuch: No such file or directory\n");
	assert_xl("create /bad", 1, "Parsing config from /bad\n", "/bad:2:8: syntax error, "
		  "unexpected end of line, expecting a string or a number or '['\n");
	assert_xl("create -q /noname", 1, "", "Domain name must be specified.\n");
	assert_xl("create -q /nokernel", 1, "", "Neither kernel nor bootloader specified\n");
	assert_xl("create -q /uk1 kernel=/nosuch", 3, "",
		  "xl: cannot read kernel '/nosuch': No such file or directory\n");
	assert_xl("create -q /uk1 ramdisk=/nosuch", 3, "",
		  "xl: cannot read ramdisk '/nosuch': No such file or directory\n");
	assert_xl("create -q /uk1 kernel=/text", 3, "", "xl: kernel '/text': not an ELF image\n");
	assert_xl("create -q /uk1 memory=1000", 3, "",
		  "xl: not enough memory: 1000 MiB asked, 23 MiB free\n");
	assert_xl("create -q /uk1 memory=1", 3, "", "xl: not enough memory: the kernel, its ramdisk "
		  "and tables need 2 MiB, the domain has 1 MiB\n");
	assert_xl("create /uk1 memroy=1 memory=1000", 3, "Parsing config from /uk1\n", "<command line>:1:1: warning: "
		  "memroy: unknown key, ignored\n"
		  "xl: not enough memory: 1000 MiB asked, 23 MiB free\n");
	assert_xl("create", 1, "", "xl create: no configuration file is named\n");
	assert_int_equal(fake_xen_free_frames(), frames);
	assert_int_equal(fake_store_nodes(), nodes);
	assert_null(record_first());
}

static void names_and_uuids_are_unique(void **state)
{
	(void)state;
	xl("create -q /uk1 uuid=c1d0ffab-d5b0-4a30-b3b7-982d9d250270");
	assert_xl("create -q /uk1", 3, "", "xl: Domain with name \"uk1\" already exists.\n");
	assert_xl("create -q /uk2 uuid=c1d0ffab-d5b0-4a30-b3b7-982d9d250270", 3, "",
		  "xl: another domain has the uuid that 'uk2' asks for\n");
	assert_false(fake_domains[2].exists);
}

static void a_failing_store_undoes_the_creation(void **state)
{
	unsigned frames = fake_xen_free_frames(), nodes = fake_store_nodes(), failures = 0;

	(void)state;
	for (int nth = 0; nth < 80; nth++) {
		fake_store_fail(nth);
		if (!xl("create -q /uk1"))
			break;
		failures++;
		assert_non_null(strstr(err_text, "xenstore"));
		assert_int_equal(fake_xen_free_frames(), frames);
		assert_int_equal(fake_store_nodes(), nodes);
		assert_int_equal(fake_introduced, 0);
	}
	assert_true(failures > 40);
}

static void a_crash_at_start_shows_the_last_words(void **state)
{
	unsigned frames = fake_xen_free_frames();

	(void)state;
	fake_crash_at_start = true;
	fake_last_words = "page fault at 0\r\n\r\nrip 100000\r\n";
	assert_xl("create -q /uk1", 3, "", "xl: domain 1 (uk1) crashed while starting; its last "
		  "console lines:\n  | page fault at 0\n  | \n  | rip 100000\n");
	fake_last_words = "";
	assert_xl("create -q /uk1", 3, "", "xl: domain 2 (uk1) crashed while starting and printed "
		  "nothing\n");
	assert_int_equal(fake_xen_free_frames(), frames);
	assert_null(record_first());
	assert_int_equal(xl("create -q /uk1 on_crash=preserve"), 3);
	assert_true(fake_domains[3].exists);
	assert_int_equal(record_first()->state, RECORD_KEPT);
}

static void a_dry_run_creates_nothing(void **state)
{
	(void)state;
	assert_int_equal(xl("create -n /uk1"), 0);
	assert_non_null(strstr(out_text, "Parsing config from /uk1\n{\n    \"c_info\": {\n"));
	assert_false(fake_domains[1].exists);
	assert_int_equal(xl("-N create -q /uk1"), 0);
	assert_int_equal(*out_text, '{');
	assert_xl("-N list", 1, "", "command does not implement -N (dryrun) option\n");
}

static void destroy_leaves_nothing(void **state)
{
	unsigned frames = fake_xen_free_frames(), nodes = fake_store_nodes();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(xl("create -q /uk1"), 0);
		assert_int_equal(xl("destroy uk1"), 0);
	}
	assert_int_equal(fake_xen_free_frames(), frames);
	assert_int_equal(fake_store_nodes(), nodes);
	assert_int_equal(fake_introduced, 0);
	assert_null(record_first());
}

static void domain_0_is_not_destroyed(void **state)
{
	(void)state;
	assert_xl("destroy 0", 1, "", "Not destroying domain 0; use -f to force.\n"
		  "This can only be done when using a disaggregated hardware domain and "
		  "toolstack.\n\n");
	assert_int_equal(xl("destroy -f 0"), 1);
	assert_int_equal(xl("pause 0"), 1);
	assert_int_equal(xl("shutdown 0"), 1);
	assert_true(fake_domains[0].exists);
}

static void unknown_domains_are_named(void **state)
{
	static const char *const commands[] = {
		"list nosuch", "pause nosuch", "unpause nosuch", "destroy nosuch",
		"shutdown nosuch", "reboot nosuch", "console nosuch", "vcpu-list nosuch",
		"uptime nosuch", "sysrq nosuch s", "trigger nosuch nmi", "mem-set nosuch 8",
		"mem-max nosuch 8", "rename nosuch new", "vcpu-set nosuch 1", "vcpu-pin nosuch 0 0",
		"sched-credit2 -d nosuch",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(xl(commands[i]), 1);
		assert_string_equal(err_text, "nosuch is an invalid domain identifier (rc=-6)\n");
	}
	assert_xl("pause 77", 1, "", "77 is an invalid domain identifier (rc=-6)\n");
}

static void names_and_ids_are_converted(void **state)
{
	(void)state;
	xl("create -q /uk1");
	assert_xl("domid uk1", 0, "1\n", "");
	assert_xl("domname 1", 0, "uk1\n", "");
	assert_xl("domid uk7", 1, "", "Can't get domid of domain name 'uk7', maybe this domain does "
		  "not exist.\n");
	assert_xl("domname 7", 1, "", "Can't get domain name of domain id '7', maybe this domain "
		  "does not exist.\n");
	assert_xl("domname uk1", 1, "", "Invalid domain id.\n\n");
}

static void rename_changes_the_name_everywhere(void **state)
{
	(void)state;
	xl("create -q /uk1 uuid=c1d0ffab-d5b0-4a30-b3b7-982d9d250270");
	xl("create -q /uk2");
	assert_xl("rename uk1 uk9", 0, "", "");
	assert_string_equal(value("/local/domain/1/name"), "uk9");
	assert_string_equal(value("/vm/c1d0ffab-d5b0-4a30-b3b7-982d9d250270/name"), "uk9");
	assert_string_equal(record_find(1)->conf.name, "uk9");
	assert_xl("rename uk9 uk2", 1, "", "Domain with name \"uk2\" already exists.\n");
	assert_xl("rename uk9 a/b", 1, "", "xl rename: 'a/b' is no name for a domain\n");
}

static void shutdown_writes_the_request(void **state)
{
	(void)state;
	xl("create -q -e /uk1");
	fake_store_set("/local/domain/1/control/shutdown", "");
	assert_int_equal(xl("shutdown uk1"), 1);
	assert_string_equal(out_text, "Shutting down domain 1\n");
	assert_string_equal(value("/local/domain/1/control/shutdown"), "poweroff");
	assert_non_null(strstr(err_text, "does not answer"));
	fake_domains[1].flags = XEN_DOMINF_shutdown;
	assert_xl("reboot -w uk1", 0, "Rebooting domain 1\nWaiting for 1 domains\n"
		  "Domain 1 has been shut down, reason code 0\n", "");
	assert_string_equal(value("/local/domain/1/control/shutdown"), "reboot");
	assert_int_equal(xl("shutdown -a uk1"), 1);
	assert_int_equal(xl("shutdown"), 1);
}

/* The domain's kernel shuts down for this reason, and the monitor sees it. */
static void end_domain(domid_t domid, uint32_t reason)
{
	fake_domains[domid].flags = XEN_DOMINF_shutdown | reason << XEN_DOMINF_shutdownshift;
	monitor_check(record_find(domid));
	fake_threads_run();
}

static void a_powered_off_domain_is_destroyed(void **state)
{
	unsigned frames = fake_xen_free_frames();

	(void)state;
	xl("create -q /uk1");
	end_domain(1, SHUTDOWN_poweroff);
	assert_false(fake_domains[1].exists);
	assert_null(record_first());
	assert_int_equal(fake_xen_free_frames(), frames);
	assert_string_equal(fake_log, "uk1: Domain 1 has shut down, reason code 0 (poweroff)\n"
			    "uk1: Action for shutdown reason code 0 is destroy\n");
}

static void a_rebooted_domain_comes_back(void **state)
{
	(void)state;
	xl("create -q /uk1 uuid=c1d0ffab-d5b0-4a30-b3b7-982d9d250270");
	end_domain(1, SHUTDOWN_reboot);
	assert_false(fake_domains[1].exists);
	assert_true(fake_domains[2].exists);
	assert_int_equal(fake_domains[2].pauses, 0);
	assert_string_equal(value("/local/domain/2/name"), "uk1");
	assert_string_equal(value("/local/domain/2/vm"), "/vm/c1d0ffab-d5b0-4a30-b3b7-982d9d250270");
	assert_int_equal(record_first()->state, RECORD_RUNNING);
	assert_null(record_first()->next);
}

static void destroy_between_two_lives_cancels_the_restart(void **state)
{
	struct record *r;

	(void)state;
	xl("create -q /uk1");
	r = record_first();
	fake_domains[1].exists = false;
	fake_store_reset();
	r->domid = DOMID_INVALID;
	r->state = RECORD_ENDING;
	assert_xl("destroy uk1", 0, "", "");
	assert_true(r->cancelled);
}

static void a_restart_that_fails_is_logged(void **state)
{
	unsigned frames = fake_xen_free_frames();

	(void)state;
	xl("create -q /uk1");
	fake_domains[1].flags = XEN_DOMINF_shutdown | SHUTDOWN_reboot << XEN_DOMINF_shutdownshift;
	fake_store_fail(3);
	monitor_check(record_find(1));
	fake_threads_run();
	assert_non_null(strstr(fake_log, "uk1: Restart failed: writing the domain's nodes"));
	assert_null(record_first());
	assert_int_equal(fake_xen_free_frames(), frames);
}

static void the_configuration_decides_what_follows(void **state)
{
	(void)state;
	xl("create -q /phoenix");
	end_domain(1, SHUTDOWN_poweroff);
	assert_true(fake_domains[2].exists);
	end_domain(2, SHUTDOWN_soft_reset);
	assert_non_null(strstr(fake_log, "phoenix: Core dumps are not implemented: restarting "
			       "without one\n"));
	assert_false(fake_domains[2].exists);
	assert_true(fake_domains[3].exists);
	fake_now += 10000000000;
	end_domain(3, SHUTDOWN_watchdog);
	assert_true(fake_domains[3].exists);
	assert_memory_equal(value("/local/domain/3/name"), "phoenix-2026", 12);
	assert_true(fake_domains[4].exists);
	assert_string_equal(value("/local/domain/4/name"), "phoenix");
	assert_memory_not_equal(fake_domains[3].uuid, fake_domains[4].uuid, 16);
	end_domain(4, SHUTDOWN_crash);
	assert_true(fake_domains[4].exists);
	assert_int_equal(record_find(4)->state, RECORD_KEPT);
}

static void who_dies_at_once_is_not_renamed_and_restarted(void **state)
{
	(void)state;
	xl("create -q /phoenix");
	end_domain(1, SHUTDOWN_watchdog);
	assert_true(fake_domains[1].exists);
	assert_false(fake_domains[2].exists);
	assert_string_equal(value("/local/domain/1/name"), "phoenix");
	assert_non_null(strstr(fake_log, "Ended too soon after its start: kept, not restarted\n"));
}

static void an_unmonitored_domain_stays(void **state)
{
	(void)state;
	xl("create -q -e /uk1");
	end_domain(1, SHUTDOWN_poweroff);
	assert_true(fake_domains[1].exists);
}

static void the_long_list_has_the_kept_configuration(void **state)
{
	(void)state;
	xl("create -q /uk2 extra=quiet");
	assert_int_equal(xl("list -l"), 0);
	assert_memory_equal(out_text, "[\n    {\n        \"domid\": 0,\n", 28);
	assert_non_null(strstr(out_text, "    },\n    {\n        \"domid\": 1,\n"));
	assert_non_null(strstr(out_text, "\"cmdline\": \"quiet\",\n"));
	assert_non_null(strstr(out_text, "    }\n]\n\n"));
}

static void memory_is_set_in_store_and_hypervisor(void **state)
{
	(void)state;
	xl("create -q /uk1 maxmem=8");
	assert_xl("mem-set uk1 3m", 0, "", "");
	assert_string_equal(value("/local/domain/1/memory/target"), "3072");
	assert_int_equal(fake_domains[1].max_kb, 3072 + 1024);
	assert_int_equal(xl("mem-set uk1 9"), 1);
	assert_xl("mem-max uk1 16384k", 0, "", "");
	assert_string_equal(value("/local/domain/1/memory/static-max"), "16384");
	assert_xl("mem-max uk1 lots", 1, "", "invalid memory size: lots\n");
	assert_int_equal(xl("mem-max uk1 1"), 1);
}

static void triggers_and_keys_are_sent(void **state)
{
	(void)state;
	xl("create -q /uk1");
	assert_xl("trigger uk1 nmi", 0, "", "");
	assert_int_equal(fake_domains[1].trigger, XEN_DOMCTL_SENDTRIGGER_NMI + 1);
	assert_xl("trigger uk1 kick", 1, "", "Invalid trigger \"kick\"\n");
	assert_xl("sysrq uk1 s", 0, "", "");
	assert_string_equal(value("/local/domain/1/control/sysrq"), "s");
	assert_int_equal(xl("sysrq uk1 sync"), 1);
	assert_xl("debug-keys qr", 0, "", "");
	assert_string_equal(fake_keys, "qr");
	assert_xl("dmesg", 0, "", "");
}

static void tables_of_all_domains(void **state)
{
	(void)state;
	xl("create -q /uk2");
	assert_xl("vcpu-list", 0,
		  "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"
		  "Domain-0                             0     0    0   ---       0.0  all / all\n"
		  "uk2                                  1     0    0   ---       0.0  all / all\n"
		  "uk2                                  1     1    0   ---       0.0  all / all\n", "");
	fake_now += 12000000000;
	assert_int_equal(xl("uptime uk2"), 0);
	assert_string_equal(out_text, "Name                                ID Uptime\n"
			    "uk2                                  1  0:00:12\n");
	assert_int_equal(xl("vm-list"), 0);
	assert_int_equal(xl("info"), 0);
	assert_non_null(strstr(out_text, "\ntotal_memory           : 24\n"));
}

static void vcpus_are_asked_to_come_and_go(void **state)
{
	(void)state;
	xl("create -q /uk2 maxvcpus=6");
	assert_xl("vcpu-set uk2 4", 0, "", "");
	assert_string_equal(value("/local/domain/1/cpu/3/availability"), "online");
	assert_string_equal(value("/local/domain/1/cpu/4/availability"), "offline");
	assert_xl("vcpu-set uk2 1", 0, "", "");
	assert_string_equal(value("/local/domain/1/cpu/0/availability"), "online");
	assert_string_equal(value("/local/domain/1/cpu/1/availability"), "offline");
	fake_domains[1].max_vcpus = 6;
	assert_xl("vcpu-set uk2 7", 1, "", "xl vcpu-set: 7 vCPUs are more than maxvcpus, which is 6\n");
	assert_xl("vcpu-set uk2 0", 1, "", "xl vcpu-set: '0' is no number of vCPUs, which is 1 at least\n");
	assert_xl("vcpu-set uk2 two", 1, "", "xl vcpu-set: 'two' is no number of vCPUs, which is 1 at "
		  "least\n");
	assert_xl("vcpu-set 0 2", 1, "", "xl vcpu-set: domain 0 keeps the vCPUs that it has started with\n");
	assert_string_equal(value("/local/domain/1/cpu/1/availability"), "offline");
	fake_store_fail(0);
	assert_int_equal(xl("vcpu-set uk2 2"), 1);
}

static void vcpus_are_pinned_all_or_none(void **state)
{
	struct fake_domain *d = &fake_domains[1];

	(void)state;
	xl("create -q /uk2 cpus=1-3 cpus_soft=['2']");
	assert_int_equal(d->hard[0], 0x0e);
	assert_int_equal(d->hard[1], 0x0e);
	assert_int_equal(d->soft[0], 4);
	assert_int_equal(d->soft[1], 0x0f);
	assert_xl("vcpu-pin uk2 1 0 2,3", 0, "", "");
	assert_int_equal(d->hard[1], 1);
	assert_int_equal(d->soft[1], 0x0c);
	assert_xl("vcpu-pin uk2 all - all", 0, "", "");
	assert_int_equal(d->hard[1], 1);
	assert_int_equal(d->soft[0], 0x0f);
	assert_xl("vcpu-list uk2", 0,
		  "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"
		  "uk2                                  1     0    0   ---       0.0  1-3 / all\n"
		  "uk2                                  1     1    0   ---       0.0  0 / all\n", "");
	d->pinned_by_kernel[1] = true;
	assert_xl("vcpu-pin uk2 all 0", 1, "", "xl vcpu-pin: vCPU 1: busy: its kernel "
		  "has pinned it, --force ends that\n");
	assert_int_equal(d->hard[0], 0x0e);
	assert_xl("vcpu-pin -f uk2 1 3", 0, "", "");
	assert_int_equal(d->hard[1], 8);
}

static void pinnings_that_cannot_be_are_refused(void **state)
{
	static const char *const refused[][2] = {
		{ "vcpu-pin uk2 0 4", "xl vcpu-pin: CPU 4 is not there: the machine has 4, the last is 3\n" },
		{ "vcpu-pin uk2 0 0 9", "xl vcpu-pin: CPU 9 is not there: the machine has 4, the last is 3\n" },
		{ "vcpu-pin uk2 0 x", "xl vcpu-pin: 'x' is no list of CPUs, such as 0-3,^2 or all\n" },
		{ "vcpu-pin uk2 2 0", "xl vcpu-pin: domain 1 has no vCPU 2, the last is 1\n" },
		{ "vcpu-pin uk2 -- -1 0", "Error: Invalid argument -1 as VCPU.\n" },
		{ "vcpu-pin uk2 one 0", "Error: Invalid argument one as VCPU.\n" },
		{ "vcpu-pin -f uk2 all 0", "xl vcpu-pin: --force is for one vCPU, not for all\n" },
		{ "vcpu-pin 0 all 0,^0", "xl vcpu-pin: '0,^0' leaves no CPU to run on\n" },
		{ "vcpu-pin 0 all all,^0-3", "xl vcpu-pin: 'all,^0-3' leaves no CPU to run on\n" },
		{ "create -q /uk1 cpus=7", "cpus: CPU 7 is not there: the machine has 4, the last is 3\n" },
	};

	(void)state;
	xl("create -q /uk2");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_xl(refused[i][0], 1, "", refused[i][1]);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fake_domains[i].hard[0], 0x0f);
		assert_int_equal(fake_domains[i].soft[0], 0x0f);
	}
	assert_false(fake_domains[2].exists);
}

static void shares_are_read_and_set(void **state)
{
	static const char *const refused[][2] = {
		{ "sched-credit2 -d uk2 -w 0", "xl sched-credit2: weight: 0 is not in the range from 1 to 65535\n" },
		{ "sched-credit -d uk2 -w -3", "xl sched-credit: weight: -3 is not in the range from 1 to 65535\n" },
		{ "sched-credit2 -d uk2 -w 9 -c 201", "xl sched-credit2: cap: 201 is not in the range from 0 to "
		  "200\n" },
		{ "sched-credit2 -d uk2 -w x", "xl sched-credit2: weight: 'x' is no number\n" },
		{ "sched-credit2 -w 5", "Must specify a domain.\n" },
		{ "sched-credit2 -s -d uk2", "Specifying pool parameters with domain/weight/cap options not "
		  "allowed.\n" },
		{ "sched-credit2 -r 100", "xl sched-credit2: -r is one of the scheduler's own parameters: use -s "
		  "-r\n" },
		{ "sched-credit2 -s -r 99", "xl sched-credit2: ratelimit: 99 is not in the range from 100 to "
		  "500000\n" },
		{ "sched-credit2 -p other", "unknown cpupool 'other'\n" },
		{ "sched-credit2 -d nosuch", "nosuch is an invalid domain identifier (rc=-6)\n" },
		{ "cpupool-list other", "Pool 'other' does not exist\n" },
	};

	(void)state;
	xl("create -q /uk2 cpu_weight=128 cap=150");
	assert_xl("sched-credit2 -d uk2", 0,
		  "Name                                ID Weight  Cap\n"
		  "uk2                                  1    128  150\n", "");
	assert_xl("sched-credit2 -d 1 -w 512", 0, "", "");
	assert_xl("sched-credit -d uk2 --cap=0", 0, "", "");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_xl(refused[i][0], 1, "", refused[i][1]);
	assert_xl("sched-credit2", 0,
		  "Cpupool Pool-0: ratelimit=0us\n"
		  "Name                                ID Weight  Cap\n"
		  "Domain-0                             0    256    0\n"
		  "uk2                                  1    512    0\n", "");
	assert_xl("sched-credit2 -s -r 1000", 0, "", "");
	assert_xl("sched-credit2 -s", 0, "Cpupool Pool-0: ratelimit=1000us\n", "");
	assert_xl("sched-credit2 -s -r 0", 0, "", "");
	assert_int_equal(fake_ratelimit, 0);
	assert_xl("cpupool-list", 0, "Name               CPUs   Sched     Active   Domain count\n"
		  "Pool-0               4   credit2       y          2\n", "");
	assert_xl("cpupool-list -c Pool-0", 0, "Name               CPU list\n"
		  "Pool-0             0,1,2,3\n", "");
}

static void top_samples_until_it_has_printed_enough(void **state)
{
	(void)state;
	xl("create -q /uk2");
	fake_domains[1].cpu_time = 1500000000;
	assert_int_equal(xl("top -b -i 3 -d 2"), 0);
	assert_string_equal(err_text, "");
	assert_non_null(strstr(out_text, "       uk2 ------          1    0.0       2048    8.3       3072"));
	fake_typed = "\x1b[40;120Rv";
	assert_int_equal(xl("top -i 2"), 0);
	assert_non_null(strstr(out_text, "\x1b[40;1H"));
	assert_non_null(strstr(out_text, "VCPUs(sec): "));
	fake_typed = "vq";
	assert_int_equal(xl("top"), 0);
	assert_non_null(strstr(out_text, "\x1b[?1049l"));
	assert_xl("top -i 0", 1, "", "xl top: '0' is no number of iterations, which is 1 at least and "
		  "2147483647 at most\n");
	assert_xl("top -d 3601", 1, "", "xl top: '3601' is no number of seconds, which is 1 at least and "
		  "3600 at most\n");
}

static void commands_may_be_shortened(void **state)
{
	(void)state;
	assert_int_equal(xl("li"), 0);
	assert_int_equal(xl("vcpu-l"), 0);
	assert_xl("frobnicate", 1, "", "command not implemented\n");
	assert_xl("mem", 1, "", "command not implemented\n");	/* mem-max or mem-set */
	assert_xl("save uk1 /f", 1, "", "xl save: not implemented: domains are not saved, restored or moved\n");
	assert_xl("help migrate", 0, "xl migrate: not implemented: domains are not saved, restored or moved\n", "");
	assert_xl("pci", 1, "", "command not implemented\n");
	assert_xl("list\\ save", 1, "", "command not implemented\n");
	assert_xl("-z list", 1, "", "unknown global option\n");
	assert_xl("--version", 0, "xl of Cloison 0.1\n", "");
}

static void help_lists_every_command(void **state)
{
	(void)state;
	assert_int_equal(xl(""), 1);
	assert_int_equal(xl("help"), 0);
	for (size_t i = 0; xl_subcommand_name(i); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n %-19s ", xl_subcommand_name(i));
		xl("help");
		assert_non_null(strstr(out_text, line));
		snprintf(line, sizeof(line), "help %s", xl_subcommand_name(i));
		assert_int_equal(xl(line), 0);
		assert_memory_equal(out_text, "Usage: xl [-vtT", 15);
		snprintf(line, sizeof(line), "%s -h", xl_subcommand_name(i));
		assert_int_equal(xl(line), 0);
		assert_memory_equal(out_text, "Usage: xl [-vtT", 15);
		snprintf(line, sizeof(line), "%s --nosuch-option", xl_subcommand_name(i));
		assert_int_equal(xl(line), 2);
	}
	assert_int_equal(xl("help list"), 0);
	assert_string_equal(out_text,
"Usage: xl [-vtT] list [options] [Domain]\n"
"\n"
"\n"
"List information about all/some domains.\n"
"\n"
"Options:\n"
"\n"
"-l, --long              Output all VM details\n"
"-v, --verbose           Prints out UUIDs and security context\n"
"-Z, --context           Prints out security context\n"
"-c, --cpupool           Prints the cpupool the domain is in\n"
"-n, --numa              Prints out NUMA node affinity\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create_makes_a_running_domain),
		TEST(create_can_leave_it_paused),
		TEST(create_c_starts_it_when_the_console_is_joined),
		TEST(overrides_come_after_the_file),
		TEST(every_refusal_is_one_line),
		TEST(names_and_uuids_are_unique),
		TEST(a_failing_store_undoes_the_creation),
		TEST(a_crash_at_start_shows_the_last_words),
		TEST(a_dry_run_creates_nothing),
		TEST(destroy_leaves_nothing),
		TEST(domain_0_is_not_destroyed),
		TEST(unknown_domains_are_named),
		TEST(names_and_ids_are_converted),
		TEST(rename_changes_the_name_everywhere),
		TEST(shutdown_writes_the_request),
		TEST(a_powered_off_domain_is_destroyed),
		TEST(a_rebooted_domain_comes_back),
		TEST(destroy_between_two_lives_cancels_the_restart),
		TEST(a_restart_that_fails_is_logged),
		TEST(the_configuration_decides_what_follows),
		TEST(who_dies_at_once_is_not_renamed_and_restarted),
		TEST(an_unmonitored_domain_stays),
		TEST(the_long_list_has_the_kept_configuration),
		TEST(memory_is_set_in_store_and_hypervisor),
		TEST(triggers_and_keys_are_sent),
		TEST(tables_of_all_domains),
		TEST(vcpus_are_asked_to_come_and_go),
		TEST(vcpus_are_pinned_all_or_none),
		TEST(pinnings_that_cannot_be_are_refused),
		TEST(shares_are_read_and_set),
		TEST(top_samples_until_it_has_printed_enough),
		TEST(commands_may_be_shortened),
		TEST(help_lists_every_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
