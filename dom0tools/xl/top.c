/* SPDX-License-Identifier: MIT */
/*
 * xentop's columns. dom0 has no backends of networks and disks: their columns are there for scripts, and
 * are 0. On the screen every text passes clip(), which knows where the right edge is.
 */
#include "xl/top.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <xen/sched.h>

static const struct {
	const char *head;
	int width;
} columns[TOP_COLUMNS] = {
	[TOP_NAME] = { "NAME", 10 },
	[TOP_STATE] = { "STATE", 6 },
	[TOP_CPU_SEC] = { "CPU(sec)", 10 },
	[TOP_CPU_PERCENT] = { "CPU(%)", 6 },
	[TOP_MEM] = { "MEM(k)", 10 },
	[TOP_MEM_PERCENT] = { "MEM(%)", 6 },
	[TOP_MAXMEM] = { "MAXMEM(k)", 10 },
	[TOP_MAXMEM_PERCENT] = { "MAXMEM(%)", 9 },
	[TOP_VCPUS] = { "VCPUS", 5 },
	[TOP_NETS] = { "NETS", 4 },
	[TOP_NET_TX] = { "NETTX(k)", 8 },
	[TOP_NET_RX] = { "NETRX(k)", 8 },
	[TOP_VBDS] = { "VBDS", 4 },
	[TOP_VBD_OO] = { "VBD_OO", 8 },
	[TOP_VBD_RD] = { "VBD_RD", 8 },
	[TOP_VBD_WR] = { "VBD_WR", 8 },
	[TOP_VBD_RSECT] = { "VBD_RSECT", 10 },
	[TOP_VBD_WSECT] = { "VBD_WSECT", 10 },
	[TOP_SSID] = { "SSID", 4 },
};

#define NO_LIMIT (1ULL << 31)	/* pages: more than any machine has */
#define PAGE_KB 4

/* ---- figures ------------------------------------------------------------------------ */

/* Percent of one CPU since the sample before. */
static double cpu_percent(const struct top_sample *s, const struct top_domain *d)
{
	uint64_t ns = s->at_ns - s->before_ns;

	return ns && s->before_ns ? 100.0 * d->delta_ns / ns : 0;
}

static uint64_t mem_kb(const struct top_domain *d)
{
	return d->info.tot_pages * PAGE_KB;
}

static double mem_percent(const struct top_sample *s, uint64_t kb)
{
	return s->total_kb ? 100.0 * kb / s->total_kb : 0;
}

static bool is_crashed(const struct top_domain *d)
{
	unsigned reason = d->info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	return d->info.flags & XEN_DOMINF_shutdown && reason == SHUTDOWN_crash;
}

/* A domain has one letter here, but for those that say how it ends. */
static void state_text(const struct top_domain *d, char text[7])
{
	uint32_t f = d->info.flags;

	strcpy(text, "------");
	if (f & XEN_DOMINF_dying)
		text[0] = 'd';
	if (f & XEN_DOMINF_shutdown && !is_crashed(d))
		text[1] = 's';
	if (f & XEN_DOMINF_blocked)
		text[2] = 'b';
	if (is_crashed(d))
		text[3] = 'c';
	if (f & XEN_DOMINF_paused)
		text[4] = 'p';
	if (f & XEN_DOMINF_running)
		text[5] = 'r';
}

/* ---- order -------------------------------------------------------------------------- */

/* The figure of a column by which domains are sorted, the largest first. */
static uint64_t rank(unsigned column, const struct top_domain *d)
{
	switch (column) {
	case TOP_CPU_SEC: return d->info.cpu_time;
	case TOP_CPU_PERCENT: return d->delta_ns;
	case TOP_MEM:
	case TOP_MEM_PERCENT: return d->info.tot_pages;
	case TOP_MAXMEM:
	case TOP_MAXMEM_PERCENT: return d->info.max_pages;
	case TOP_VCPUS: return d->info.nr_online_vcpus;
	case TOP_SSID: return d->info.ssidref;
	default: return 0;
	}
}

static int compare(const struct top_view *view, const struct top_domain *a,
		   const struct top_domain *b)
{
	char state_a[7], state_b[7];
	int order = 0;

	if (view->dom0_first && (!a->info.domain || !b->info.domain))
		return a->info.domain ? 1 : -1;
	if (view->sort == TOP_NAME) {
		order = strcmp(a->name, b->name);
	} else if (view->sort == TOP_STATE) {
		state_text(a, state_a);
		state_text(b, state_b);
		order = strcmp(state_b, state_a);
	} else if (rank(view->sort, a) != rank(view->sort, b)) {
		order = rank(view->sort, a) > rank(view->sort, b) ? -1 : 1;
	}
	return order ? order : (int)a->info.domain - (int)b->info.domain;
}

/* qsort() has no place for the view; commands run one at a time. */
static const struct top_view *sort_view;

static int compare_by_view(const void *a, const void *b)
{
	return compare(sort_view, a, b);
}

void top_sort(const struct top_view *view, struct top_sample *sample)
{
	sort_view = view;
	qsort(sample->domains, sample->count, sizeof(sample->domains[0]), compare_by_view);
}

/* ---- output ------------------------------------------------------------------------- */

struct screen {
	FILE *out;
	unsigned width, height;		/* 0: not a screen */
	unsigned at, row;
};

/* Text without newlines, up to the right edge. */
__attribute__((format(printf, 2, 3)))
static void clip(struct screen *s, const char *format, ...)
{
	char text[256];
	va_list args;
	size_t room = s->width ? s->width - s->at : sizeof(text);
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > (int)sizeof(text) - 1)
		n = sizeof(text) - 1;
	if (n > (int)room)
		n = room;
	fwrite(text, 1, n, s->out);
	s->at += n;
}

static void bold(struct screen *s, bool on)
{
	if (s->width)
		fputs(on ? "\x1b[1m" : "\x1b[0m", s->out);
}

static void end_line(struct screen *s)
{
	fputs(s->width ? "\x1b[K\n" : "\n", s->out);
	s->at = 0;
	s->row++;
}

/* Is there a line left above the last, which has the keys? */
static bool has_room(const struct screen *s)
{
	return !s->height || s->row + 1 < s->height;
}

static void print_header(struct screen *s, const struct top_view *view)
{
	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		if (i)
			clip(s, " ");
		if (i == view->sort)
			bold(s, true);
		clip(s, "%*s", columns[i].width, columns[i].head);
		if (i == view->sort)
			bold(s, false);
	}
	end_line(s);
}

static void print_maximum(struct screen *s, const struct top_sample *sample,
			  const struct top_domain *d)
{
	uint64_t kb = d->info.max_pages * PAGE_KB;

	if (d->info.max_pages >= NO_LIMIT)
		clip(s, "%10s %9s ", "no limit", "n/a");
	else
		clip(s, "%10" PRIu64 " %9.1f ", kb, mem_percent(sample, kb));
}

static void print_domain(struct screen *s, const struct top_view *view,
			 const struct top_sample *sample, const struct top_domain *d)
{
	char state[7];

	state_text(d, state);
	clip(s, view->full_names ? "%10s " : "%10.10s ", d->name);
	clip(s, "%6s %10" PRIu64 " %6.1f ", state, d->info.cpu_time / 1000000000,
	     cpu_percent(sample, d));
	clip(s, "%10" PRIu64 " %6.1f ", mem_kb(d), mem_percent(sample, mem_kb(d)));
	print_maximum(s, sample, d);
	clip(s, "%5u", d->info.nr_online_vcpus);
	for (unsigned i = TOP_NETS; i < TOP_SSID; i++)
		clip(s, " %*u", columns[i].width, 0);
	clip(s, " %4u", d->info.ssidref);
	end_line(s);
}

static void print_vcpus(struct screen *s, const struct top_domain *d)
{
	clip(s, "VCPUs(sec): ");
	for (unsigned i = 0; i < d->nr_vcpus; i++) {
		if (i && !(i % 5)) {
			end_line(s);
			if (!has_room(s))
				return;
			clip(s, "%8s", "");
		}
		clip(s, " %2u: %10" PRIu64 "s", d->vcpus[i].id, d->vcpus[i].ns / 1000000000);
	}
	end_line(s);
}

static void print_table(struct screen *s, const struct top_view *view,
			const struct top_sample *sample)
{
	for (unsigned i = view->first; i < sample->count && has_room(s); i++) {
		if (i == view->first || view->repeat_header)
			print_header(s, view);
		if (has_room(s))
			print_domain(s, view, sample, &sample->domains[i]);
		if (view->vcpus && has_room(s))
			print_vcpus(s, &sample->domains[i]);
	}
}

void top_print_batch(FILE *out, const struct top_view *view, const struct top_sample *sample)
{
	struct screen s = { .out = out };

	print_table(&s, view, sample);
}

static void print_summary(struct screen *s, const struct top_sample *sample)
{
	unsigned running = 0, blocked = 0, paused = 0, crashed = 0, dying = 0, down = 0;

	for (unsigned i = 0; i < sample->count; i++) {
		const struct top_domain *d = &sample->domains[i];
		uint32_t f = d->info.flags;

		running += !!(f & XEN_DOMINF_running);
		blocked += !!(f & XEN_DOMINF_blocked);
		paused += !!(f & XEN_DOMINF_paused);
		crashed += is_crashed(d);
		dying += !!(f & XEN_DOMINF_dying);
		down += f & XEN_DOMINF_shutdown && !is_crashed(d);
	}
	clip(s, "xentop - %02u:%02u:%02u   Xen %s", (unsigned)(sample->seconds / 3600 % 24),
	     (unsigned)(sample->seconds / 60 % 60), (unsigned)(sample->seconds % 60),
	     sample->version);
	end_line(s);
	clip(s, "%u domains: %u running, %u blocked, %u paused, %u crashed, %u dying, %u shutdown ",
	     sample->count, running, blocked, paused, crashed, dying, down);
	end_line(s);
	clip(s, "Mem: %" PRIu64 "k total, %" PRIu64 "k used, %" PRIu64 "k free    ",
	     sample->total_kb, sample->total_kb - sample->free_kb, sample->free_kb);
	clip(s, "CPUs: %u @ %uMHz", sample->cpus, sample->mhz);
	end_line(s);
}

static void print_key(struct screen *s, char key, const char *rest)
{
	clip(s, "  ");
	bold(s, true);
	clip(s, "%c", key);
	bold(s, false);
	clip(s, "%s", rest);
}

static void print_bottom(struct screen *s, const struct top_view *view)
{
	fprintf(s->out, "\x1b[%u;1H", view->rows);
	if (view->prompting) {
		clip(s, "Delay(sec): %s", view->prompt);
	} else {
		print_key(s, 'D', "elay");
		print_key(s, 'N', "etworks");
		clip(s, "  v");
		bold(s, true);
		clip(s, "B");
		bold(s, false);
		clip(s, "ds");
		print_key(s, 'V', "CPUs");
		print_key(s, 'R', "epeat header");
		print_key(s, 'S', "ort order");
		print_key(s, 'Q', "uit");
	}
	fputs("\x1b[K", s->out);
}

void top_print_screen(FILE *out, const struct top_view *view, const struct top_sample *sample)
{
	struct screen s = { .out = out, .width = view->columns, .height = view->rows };

	fputs("\x1b[H", out);
	print_summary(&s, sample);
	print_table(&s, view, sample);
	fputs("\x1b[J", out);
	print_bottom(&s, view);
}
