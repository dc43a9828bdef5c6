/* SPDX-License-Identifier: MIT */
/*
 * The lines of xl's tables, byte for byte as Xen's xl prints them, from plain
 * data. Pure: everything goes to the stream given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xen/xen.h>
#include <xen/domctl.h>

/** What `xl list` adds to its columns. */
struct list_columns {
	bool verbose;	/* -v: UUID, reason, label */
	bool label;	/* -Z */
	bool claimed;	/* xl claims */
	bool pool;	/* -c */
	bool numa;	/* -n */
};

void format_list_header(FILE *out, const struct list_columns *c);
void format_list_line(FILE *out, const struct list_columns *c, const char *name,
		      const struct xen_domctl_getdomaininfo *info);

void format_vcpu_header(FILE *out);
/** The maps have `cpus` bits. */
void format_vcpu_line(FILE *out, const char *name, domid_t domid, unsigned vcpu,
		      const struct xen_domctl_getvcpuinfo *info, const uint8_t *hard,
		      const uint8_t *soft, unsigned cpus);

void format_sched_header(FILE *out);
void format_sched_line(FILE *out, const char *name, domid_t domid, unsigned weight, unsigned cap);

void format_uptime_header(FILE *out);
void format_uptime_line(FILE *out, const char *name, domid_t domid, uint64_t seconds);
/** The -s form; `now` are seconds of the day. */
void format_uptime_short(FILE *out, const char *name, domid_t domid, uint64_t seconds,
			 uint64_t now);

/** "all", "none", or ranges: "0-2,5". */
void format_cpus(FILE *out, const uint8_t *map, unsigned cpus);

/** The reason that a shut down domain gave; SHUTDOWN_xxx. */
unsigned format_shutdown_reason(const struct xen_domctl_getdomaininfo *info);
/** "poweroff", "reboot" ... */
const char *format_reason_name(unsigned reason);
