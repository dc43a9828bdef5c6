/* SPDX-License-Identifier: MIT */
/* xl info, dmesg and debug-keys: the machine and its hypervisor. */
#include "xl/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xen/version.h>

#include "build/domctl.h"
#include "pvguest/errno.h"
#include "pvguest/hypercall.h"

/* xl info NAME: only what begins with it, without its name; as Xen's, and as test suites ask. */
static const char *wanted;

static void line(const char *key, const char *value)
{
	if (!wanted)
		printf("%-23s: %s\n", key, value);
	else if (!strncmp(key, wanted, strlen(wanted)))
		printf("%s\n", value);
}

static void __attribute__((format(printf, 2, 3))) fact(const char *key, const char *fmt, ...)
{
	char value[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	line(key, value);
}

static void number(const char *key, unsigned long long value)
{
	fact(key, "%llu", value);
}

static void print_machine(const struct xen_sysctl_physinfo *p)
{
	line("host", "dom0");
	line("release", XL_VERSION);
	line("version", "Cloison dom0");
	line("machine", "x86_64");
	number("nr_cpus", p->nr_cpus);
	number("max_cpu_id", p->max_cpu_id);
	number("nr_nodes", p->nr_nodes);
	number("cores_per_socket", p->cores_per_socket);
	number("threads_per_core", p->threads_per_core);
	fact("cpu_mhz", "%u.%03u", p->cpu_khz / 1000, p->cpu_khz % 1000);
	fact("hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", p->hw_cap[0], p->hw_cap[1],
	     p->hw_cap[2], p->hw_cap[3], p->hw_cap[4], p->hw_cap[5], p->hw_cap[6], p->hw_cap[7]);
}

static void print_capabilities(uint32_t caps)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, "pv" },
		{ XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
		{ XEN_SYSCTL_PHYSCAP_hap, "hap" },
		{ XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
		{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
		{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
		{ XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
	};

	char text[128] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(caps & names[i].bit))
			continue;
		if (text[0])
			strcat(text, " ");
		strcat(text, names[i].name);
	}
	line("virt_caps", text);
}

static void print_memory(const struct xen_sysctl_physinfo *p)
{
	number("total_memory", p->total_pages / 256);
	number("free_memory", (p->free_pages - p->outstanding_pages) / 256);
	number("sharing_freed_memory", 0);
	number("sharing_used_memory", 0);
	number("outstanding_claims", p->outstanding_pages / 256);
	number("free_cpus", 0);
}

/* A string that the hypervisor fills in; "" when it does not answer. */
static void version_string(int what, char *buffer, size_t size)
{
	memset(buffer, 0, size);
	if (hypercall_xen_version(what, buffer) < 0)
		buffer[0] = '\0';
	buffer[size - 1] = '\0';
}

static const char *scheduler_name(void)
{
	static const char *const names[] = {
		[XEN_SCHEDULER_CREDIT] = "credit", [XEN_SCHEDULER_CREDIT2] = "credit2",
		[XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
		[XEN_SCHEDULER_NULL] = "null",
	};
	uint32_t id;

	if (sysctl_scheduler(&id) || id >= sizeof(names) / sizeof(names[0]) || !names[id])
		return "unknown";
	return names[id];
}

static void print_version(void)
{
	xen_platform_parameters_t platform = { 0 };
	char text[1024];
	long version = hypercall_xen_version(XENVER_version, NULL);

	version_string(XENVER_extraversion, text, sizeof(xen_extraversion_t));
	number("xen_major", version >> 16);
	number("xen_minor", version & 0xffff);
	line("xen_extra", text);
	fact("xen_version", "%ld.%ld%s", version >> 16, version & 0xffff, text);
	version_string(XENVER_capabilities, text, sizeof(xen_capabilities_info_t));
	line("xen_caps", text);
	line("xen_scheduler", scheduler_name());
	number("xen_pagesize", hypercall_xen_version(XENVER_pagesize, NULL));
	hypercall_xen_version(XENVER_platform_parameters, &platform);
	fact("platform_params", "virt_start=0x%lx", platform.virt_start);
	version_string(XENVER_changeset, text, sizeof(xen_changeset_info_t));
	line("xen_changeset", text);
	version_string(XENVER_commandline, text, sizeof(xen_commandline_t));
	line("xen_commandline", text);
}

static void print_build(void)
{
	struct xen_compile_info c = { "", "", "", "" };
	struct {
		struct xen_build_id head;
		unsigned char bytes[64];
	} id = { .head.len = sizeof(id.bytes) };
	const unsigned char *bytes = (const unsigned char *)&id + sizeof(id.head.len);
	char text[2 * sizeof(id.bytes) + 1] = "";
	long n;

	hypercall_xen_version(XENVER_compile_info, &c);
	fact("cc_compiler", "%.64s", c.compiler);
	fact("cc_compile_by", "%.16s", c.compile_by);
	fact("cc_compile_domain", "%.32s", c.compile_domain);
	fact("cc_compile_date", "%.32s", c.compile_date);
	n = hypercall_xen_version(XENVER_build_id, &id);
	for (long i = 0; i < n && i < (long)sizeof(id.bytes); i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	line("build_id", text);
	number("xend_config_format", 4);
}

int cmd_info(struct args *a)
{
	static const struct args_long longs[] = { { "numa", 'n' }, { "help", 'h' }, { NULL, 0 } };
	struct xen_sysctl_physinfo p;
	int letter, code, err;

	while ((letter = args_option(a, "nh", longs)) != ARGS_END)
		if (letter != 'n')
			return xl_option_default(a, letter);
	if (!xl_check_operands(a, 0, 1, &code))
		return code;
	wanted = a->count ? a->operand[0] : NULL;
	err = sysctl_physinfo(&p);
	if (err) {
		fprintf(stderr, "xl info: %s\n", errno_xen_text(err));
		return XL_FAILURE;
	}
	print_machine(&p);
	print_capabilities(p.capabilities);
	print_memory(&p);
	print_version();
	print_build();
	return XL_OK;
}

int cmd_dmesg(struct args *a)
{
	char buffer[1024];
	uint32_t index = 0, size;
	bool clear = false;
	int letter, code, err;

	while ((letter = args_option(a, "ch", NULL)) != ARGS_END) {
		if (letter != 'c')
			return xl_option_default(a, letter);
		clear = true;
	}
	if (!xl_check_operands(a, 0, 0, &code))
		return code;
	for (;;) {
		size = sizeof(buffer);
		err = sysctl_read_console(buffer, &size, &index, false);
		if (err || !size)
			break;
		fwrite(buffer, 1, size, stdout);
	}
	if (!err && clear) {
		size = sizeof(buffer);
		err = sysctl_read_console(buffer, &size, &index, true);
	}
	if (err)
		fprintf(stderr, "xl dmesg: %s\n", errno_xen_text(err));
	return err ? XL_FAILURE : XL_OK;
}

int cmd_debug_keys(struct args *a)
{
	int code, err;

	if (!xl_read_operands(a, 1, 1, &code))
		return code;
	err = sysctl_debug_keys(a->operand[0], strlen(a->operand[0]));
	if (!err)
		return XL_OK;
	fprintf(stderr, "cannot send debug keys: %s: %s\n", a->operand[0], errno_xen_text(err));
	return XL_FAILURE;
}
