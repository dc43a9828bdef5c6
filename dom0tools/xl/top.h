/* SPDX-License-Identifier: MIT */
/*
 * What `xl top` shows, from plain data: the table byte for byte as xentop's, the screen around it,
 * and what keys do. Pure: everything goes to the stream given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xen/xen.h>
#include <xen/domctl.h>

enum {
	TOP_NAME_SIZE = 128,
	TOP_MAX_DELAY = 3600,	/* seconds */
	TOP_DEFAULT_DELAY = 3,
	TOP_PROMPT_SIZE = 8,
};

/* The columns, which are xentop's. */
enum {
	TOP_NAME, TOP_STATE, TOP_CPU_SEC, TOP_CPU_PERCENT, TOP_MEM, TOP_MEM_PERCENT, TOP_MAXMEM,
	TOP_MAXMEM_PERCENT, TOP_VCPUS, TOP_NETS, TOP_NET_TX, TOP_NET_RX, TOP_VBDS, TOP_VBD_OO,
	TOP_VBD_RD, TOP_VBD_WR, TOP_VBD_RSECT, TOP_VBD_WSECT, TOP_SSID, TOP_COLUMNS,
};

struct top_vcpu {
	unsigned id;
	uint64_t ns;
};

struct top_domain {
	char name[TOP_NAME_SIZE];
	struct xen_domctl_getdomaininfo info;
	uint64_t delta_ns;		/* of CPU time, since the sample before; 0: there was none */
	struct top_vcpu *vcpus;		/* those in use; NULL when they are not shown */
	unsigned nr_vcpus;
};

/** The machine at one moment. */
struct top_sample {
	struct top_domain *domains;
	unsigned count;
	uint64_t at_ns, before_ns;	/* of this sample, and of the one that delta_ns is about */
	uint64_t seconds;		/* of the day */
	uint64_t total_kb, free_kb;
	unsigned cpus, mhz;
	char version[48];
};

struct top_view {
	unsigned sort;			/* a column */
	unsigned first;			/* how many domains are scrolled out at the top */
	unsigned delay;			/* seconds */
	bool networks, disks, vcpus, repeat_header, full_names, dom0_first;
	bool prompting;			/* a new delay is being typed */
	char prompt[TOP_PROMPT_SIZE];
	unsigned rows, columns;		/* of the screen */
};

enum top_action {
	TOP_NOTHING,
	TOP_REDRAW,
	TOP_SAMPLE,	/* something is shown now that the sample has not */
	TOP_QUIT,
};

/** Puts the domains into the order of the view's column. */
void top_sort(const struct top_view *view, struct top_sample *sample);

/** -b: header and a line for each domain. */
void top_print_batch(FILE *out, const struct top_view *view, const struct top_sample *sample);

/** The whole screen, drawn over the last one: nothing goes beyond its edges. */
void top_print_screen(FILE *out, const struct top_view *view, const struct top_sample *sample);

/** What the keys in the bytes do; arrows are the escape sequences of ANSI terminals. */
enum top_action top_keys(struct top_view *view, const struct top_sample *sample, const char *bytes,
			 size_t n);
