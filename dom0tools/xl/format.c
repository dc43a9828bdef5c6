/* SPDX-License-Identifier: MIT */
/* Columns that scripts cut by their places: do not straighten them. */
#include "xl/format.h"

#include <inttypes.h>

#include <xen/sched.h>

#include "domconf/domconf.h"

/* Seconds with a tenth, like "%8.1f", which takes too long for a list of a thousand domains. */
#define TENTHS(ns)	(((ns) + 50000000) / 100000000)
#define SECONDS(ns)	(unsigned long)(TENTHS(ns) / 10), (unsigned)(TENTHS(ns) % 10)

unsigned format_shutdown_reason(const struct xen_domctl_getdomaininfo *info)
{
	return info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

const char *format_reason_name(unsigned reason)
{
	static const char *const names[] = {
		[SHUTDOWN_poweroff] = "poweroff",
		[SHUTDOWN_reboot] = "reboot",
		[SHUTDOWN_suspend] = "suspend",
		[SHUTDOWN_crash] = "crash",
		[SHUTDOWN_watchdog] = "watchdog",
		[SHUTDOWN_soft_reset] = "soft-reset",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

void format_list_header(FILE *out, const struct list_columns *c)
{
	fputs("Name                                        ID   Mem VCPUs\tState\tTime(s)", out);
	if (c->verbose)
		fputs("   UUID                            Reason-Code\tSecurity Label", out);
	if (c->label && !c->verbose)
		fputs("   Security Label", out);
	if (c->claimed)
		fputs("  Claimed", out);
	if (c->pool)
		fputs("         Cpupool", out);
	if (c->numa)
		fputs(" NODE Affinity", out);
	fputc('\n', out);
}

static char flag(const struct xen_domctl_getdomaininfo *info, uint32_t bit, char letter)
{
	return info->flags & bit ? letter : '-';
}

static char reason_letter(const struct xen_domctl_getdomaininfo *info)
{
	static const char letters[] = "-rscwS";
	unsigned reason = format_shutdown_reason(info);

	if (!(info->flags & XEN_DOMINF_shutdown))
		return '-';
	return reason < sizeof(letters) - 1 ? letters[reason] : '?';
}

void format_list_line(FILE *out, const struct list_columns *c, const char *name,
		      const struct xen_domctl_getdomaininfo *info)
{
	unsigned long mb = (info->tot_pages + info->outstanding_pages) / 256;
	char uuid[UUID_TEXT];
	const char state[] = {
		flag(info, XEN_DOMINF_running, 'r'), flag(info, XEN_DOMINF_blocked, 'b'),
		flag(info, XEN_DOMINF_paused, 'p'), flag(info, XEN_DOMINF_shutdown, 's'),
		reason_letter(info), flag(info, XEN_DOMINF_dying, 'd'), '\0',
	};

	fprintf(out, "%-40s %5d %5lu %5d     %s  %6lu.%u", name, info->domain, mb,
		info->nr_online_vcpus, state, SECONDS(info->cpu_time));
	if (c->verbose) {
		domconf_uuid_text(uuid, info->handle);
		fprintf(out, " %s", uuid);
		if (info->flags & XEN_DOMINF_shutdown)
			fprintf(out, " %8x", format_shutdown_reason(info));
		else
			fprintf(out, " %8s", "-");
	}
	if (c->verbose || c->label)
		fprintf(out, " %16s", "-");
	if (c->claimed)
		fprintf(out, " %5lu", (unsigned long)(info->outstanding_pages / 256));
	if (c->pool)
		fprintf(out, "%16s", "Pool-0");
	if (c->numa)
		fputs(" all", out);
	fputc('\n', out);
}

static bool map_has(const uint8_t *map, unsigned cpu)
{
	return map[cpu / 8] >> cpu % 8 & 1;
}

void format_cpus(FILE *out, const uint8_t *map, unsigned cpus)
{
	unsigned count = 0;
	const char *comma = "";

	for (unsigned i = 0; i < cpus; i++)
		count += map_has(map, i);
	if (!count || count == cpus) {
		fputs(count ? "all" : "none", out);
		return;
	}
	for (unsigned i = 0; i < cpus; i++) {
		unsigned first = i;

		if (!map_has(map, i))
			continue;
		while (i + 1 < cpus && map_has(map, i + 1))
			i++;
		if (i > first)
			fprintf(out, "%s%u-%u", comma, first, i);
		else
			fprintf(out, "%s%u", comma, first);
		comma = ",";
	}
}

void format_vcpu_header(FILE *out)
{
	fprintf(out, "%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
		"Time(s)", "Affinity (Hard / Soft)");
}

void format_vcpu_line(FILE *out, const char *name, domid_t domid, unsigned vcpu,
		      const struct xen_domctl_getvcpuinfo *info, const uint8_t *hard,
		      const uint8_t *soft, unsigned cpus)
{
	fprintf(out, "%-32s %5u %5u", name, domid, vcpu);
	if (info->online)
		fprintf(out, "%5u %3c%c- ", info->cpu, info->running ? 'r' : '-',
			info->blocked ? 'b' : '-');
	else
		fprintf(out, "%5c %3c%cp ", '-', '-', '-');
	fprintf(out, "%7lu.%u  ", SECONDS(info->cpu_time));
	format_cpus(out, hard, cpus);
	fputs(" / ", out);
	format_cpus(out, soft, cpus);
	fputc('\n', out);
}

void format_sched_header(FILE *out)
{
	fprintf(out, "%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

void format_sched_line(FILE *out, const char *name, domid_t domid, unsigned weight, unsigned cap)
{
	fprintf(out, "%-33s %4u %6u %4u\n", name, domid, weight, cap);
}

void format_uptime_header(FILE *out)
{
	fprintf(out, "%-33s %4s %s\n", "Name", "ID", "Uptime");
}

static void print_days(FILE *out, uint64_t days)
{
	if (days)
		fprintf(out, "%" PRIu64 " day%s, ", days, days > 1 ? "s" : "");
}

void format_uptime_line(FILE *out, const char *name, domid_t domid, uint64_t seconds)
{
	fprintf(out, "%-33s %4d ", name, domid);
	print_days(out, seconds / 86400);
	fprintf(out, "%2u:%02u:%02u\n", (unsigned)(seconds / 3600 % 24),
		(unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
}

void format_uptime_short(FILE *out, const char *name, domid_t domid, uint64_t seconds,
			 uint64_t now)
{
	fprintf(out, " %02u:%02u:%02u up ", (unsigned)(now / 3600 % 24), (unsigned)(now / 60 % 60),
		(unsigned)(now % 60));
	print_days(out, seconds / 86400);
	fprintf(out, "%2u:%02u, %s (%d)\n", (unsigned)(seconds / 3600 % 24),
		(unsigned)(seconds / 60 % 60), name, domid);
}
