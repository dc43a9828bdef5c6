/* SPDX-License-Identifier: MIT */
/*
 * xl top: samples of all domains, each beside the one before, drawn on the terminal until a key ends it,
 * or printed one after the other for scripts.
 */
#include "xl/command.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/version.h>

#include "build/domctl.h"
#include "dom0/terminal.h"
#include "pvguest/clock.h"
#include "pvguest/errno.h"
#include "pvguest/hypercall.h"
#include "xl/names.h"
#include "xl/top.h"

#define ANSWER_TIME (200 * NSEC_PER_MSEC)	/* that a terminal has to say how large it is */

struct top_options {
	struct top_view view;
	bool batch;
	unsigned long iterations;	/* 0: until the user ends it */
};

/* ---- options ------------------------------------------------------------------------ */

static bool read_count(const char *what, const char *text, long max, unsigned long *count)
{
	long n;

	if (args_number(text, &n) && n >= 1 && n <= max) {
		*count = n;
		return true;
	}
	fprintf(stderr, "xl top: '%s' is no number of %s, which is 1 at least and %ld at most\n", text,
		what, max);
	return false;
}

static bool read_options(struct args *a, struct top_options *o, int *code)
{
	static const struct args_long longs[] = {
		{ "delay", 'd' }, { "networks", 'n' }, { "vbds", 'x' }, { "repeat-header", 'r' },
		{ "vcpus", 'v' }, { "batch", 'b' }, { "iterations", 'i' }, { "full-name", 'f' },
		{ "dom0-first", 'z' }, { "help", 'h' }, { NULL, 0 },
	};
	unsigned long delay = TOP_DEFAULT_DELAY;
	bool good = true;
	int letter;

	while (good && (letter = args_option(a, "d:nxrvbi:fzh", longs)) != ARGS_END) {
		switch (letter) {
		case 'd': good = read_count("seconds", a->value, TOP_MAX_DELAY, &delay); break;
		case 'n': o->view.networks = true; break;
		case 'x': o->view.disks = true; break;
		case 'r': o->view.repeat_header = true; break;
		case 'v': o->view.vcpus = true; break;
		case 'b': o->batch = true; break;
		case 'i': good = read_count("iterations", a->value, INT32_MAX, &o->iterations); break;
		case 'f': o->view.full_names = true; break;
		case 'z': o->view.dom0_first = true; break;
		default:
			*code = xl_option_default(a, letter);
			return false;
		}
	}
	o->view.delay = delay;
	*code = XL_FAILURE;
	return good && xl_check_operands(a, 0, 0, code);
}

/* ---- samples ------------------------------------------------------------------------ */

static void sample_free(struct top_sample *s)
{
	for (unsigned i = 0; i < s->count; i++)
		free(s->domains[i].vcpus);
	free(s->domains);
	*s = (struct top_sample){ 0 };
}

static bool sample_machine(struct top_sample *s)
{
	struct xen_sysctl_physinfo phys;
	int err = sysctl_physinfo(&phys);
	long version = hypercall_xen_version(XENVER_version, NULL);
	xen_extraversion_t extra = "";

	if (err) {
		fprintf(stderr, "xl top: %s\n", errno_xen_text(err));
		return false;
	}
	hypercall_xen_version(XENVER_extraversion, extra);
	snprintf(s->version, sizeof(s->version), "%ld.%ld%.16s", version >> 16, version & 0xffff,
		 extra);
	s->total_kb = phys.total_pages * 4;
	s->free_kb = phys.free_pages * 4;
	s->cpus = phys.nr_cpus;
	s->mhz = phys.cpu_khz / 1000;
	return true;
}

/* Out of memory, or a domain that ends meanwhile, has no vCPUs to show. */
static void sample_vcpus(struct top_domain *d)
{
	unsigned n = d->info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : d->info.max_vcpu_id + 1;
	struct xen_domctl_getvcpuinfo v;

	d->vcpus = n ? calloc(n, sizeof(d->vcpus[0])) : NULL;
	for (unsigned i = 0; d->vcpus && i < n; i++) {
		if (domctl_vcpu_info(d->info.domain, i, &v) || !v.online)
			continue;
		d->vcpus[d->nr_vcpus].id = i;
		d->vcpus[d->nr_vcpus++].ns = v.cpu_time;
	}
}

static int compare_ids(const void *a, const void *b)
{
	const struct top_domain *x = a, *y = b;

	return (int)x->info.domain - (int)y->info.domain;
}

/* The CPU time that the domain has had since the sample before, which is in the order of ids. */
static uint64_t time_since(const struct top_sample *last, const struct top_domain *d)
{
	const struct top_domain *before = last->count ?
		bsearch(d, last->domains, last->count, sizeof(*d), compare_ids) : NULL;

	if (!before || memcmp(before->info.handle, d->info.handle, sizeof(d->info.handle)))
		return 0;
	return d->info.cpu_time - before->info.cpu_time;
}

/* A new sample; `last` is what it is compared with, and is freed then. */
static bool sample_take(struct top_sample *s, struct top_sample *last, const struct top_view *view)
{
	struct xen_domctl_getdomaininfo *infos;
	unsigned count;

	*s = (struct top_sample){ .before_ns = last->at_ns };
	infos = sample_machine(s) ? xl_all_domains(&count) : NULL;
	s->domains = infos ? calloc(count, sizeof(s->domains[0])) : NULL;
	s->at_ns = clock_monotonic_ns();
	s->seconds = clock_wall_ns() / NSEC_PER_SEC % 86400;
	if (last->count)
		qsort(last->domains, last->count, sizeof(last->domains[0]), compare_ids);
	for (unsigned i = 0; s->domains && i < count; i++) {
		struct top_domain *d = &s->domains[s->count++];

		d->info = infos[i];
		xl_domain_name(d->info.domain, d->name);
		d->delta_ns = time_since(last, d);
		if (view->vcpus)
			sample_vcpus(d);
	}
	if (infos && !s->domains)
		fprintf(stderr, "xl top: dom0 has not enough memory\n");
	free(infos);
	sample_free(last);
	if (s->domains)
		top_sort(view, s);
	return s->domains;
}

/* ---- scripts ------------------------------------------------------------------------ */

static int run_batch(const struct top_options *o)
{
	struct top_sample sample = { 0 }, last = { 0 };
	unsigned long done = 0;
	int code = XL_OK;

	for (;;) {
		if (!sample_take(&sample, &last, &o->view)) {
			code = XL_FAILURE;
			break;
		}
		top_print_batch(stdout, &o->view, &sample);
		fflush(stdout);
		if (++done == o->iterations || !terminal_sleep(o->view.delay * NSEC_PER_SEC))
			break;
		last = sample;
	}
	sample_free(&sample);
	return code;
}

/* ---- the screen --------------------------------------------------------------------- */

/* Takes the terminal's answer, ESC [ rows ; columns R, out of what it sent. */
static void take_size(struct top_view *view, char *text)
{
	unsigned rows, columns;
	int length;

	for (char *p = text; (p = strstr(p, "\x1b[")); p++) {
		length = 0;
		if (sscanf(p, "\x1b[%u;%uR%n", &rows, &columns, &length) != 2 || !length)
			continue;
		memmove(p, p + length, strlen(p + length) + 1);
		if (rows >= 6 && rows <= 1000 && columns >= 20 && columns <= 1000) {
			view->rows = rows;
			view->columns = columns;
		}
		return;
	}
}

/*
 * Asks the terminal where its last corner is; 24 lines of 80 when it does not say. What was typed
 * before the answer are keys.
 */
static enum top_action ask_size(struct top_view *view)
{
	const struct top_sample none = { 0 };
	char answer[64];
	size_t n = 0, got;
	uint64_t until = deadline_in(ANSWER_TIME);

	view->rows = 24;
	view->columns = 80;
	printf("\x1b[999;999H\x1b[6n");
	fflush(stdout);
	do {
		got = terminal_read_to('R', answer + n, sizeof(answer) - 1 - n, until);
		n += got;
	} while (got && n < sizeof(answer) - 1 && answer[n - 1] != 'R');
	answer[n] = '\0';
	take_size(view, answer);
	return top_keys(view, &none, answer, strlen(answer));
}

/* Until the next sample is due; keys change what is shown meanwhile. */
static enum top_action wait_for_keys(struct top_view *view, struct top_sample *sample,
				     uint64_t until)
{
	enum top_action action;
	char bytes[16];
	size_t n;

	for (;;) {
		top_sort(view, sample);
		top_print_screen(stdout, view, sample);
		fflush(stdout);
		do {
			n = terminal_read(bytes, sizeof(bytes), until);
			action = n ? top_keys(view, sample, bytes, n) : TOP_SAMPLE;
		} while (action == TOP_NOTHING);
		if (action != TOP_REDRAW)
			return action;
	}
}

static int run_screen(struct top_options *o)
{
	struct top_sample sample = { 0 }, last = { 0 };
	unsigned long done = 0;
	int code = XL_OK;
	bool quit;

	/* The other screen, so that the dialogue is there again afterwards; no cursor. */
	printf("\x1b[?1049h\x1b[?25l");
	quit = ask_size(&o->view) == TOP_QUIT;
	while (!quit) {
		if (!sample_take(&sample, &last, &o->view)) {
			code = XL_FAILURE;
			break;
		}
		if (o->view.first >= sample.count)
			o->view.first = sample.count - 1;
		quit = wait_for_keys(&o->view, &sample,
				     deadline_in(o->view.delay * NSEC_PER_SEC)) == TOP_QUIT;
		quit |= ++done == o->iterations;
		if (!quit)
			last = sample;
	}
	printf("\x1b[?25h\x1b[?1049l");
	fflush(stdout);
	sample_free(&sample);
	return code;
}

int cmd_top(struct args *a)
{
	struct top_options o = { 0 };
	int code;

	if (!read_options(a, &o, &code))
		return code;
	return o.batch ? run_batch(&o) : run_screen(&o);
}
