/* SPDX-License-Identifier: MIT */
/* xl create: from a file and words to a running domain, or one line that says why not. */
#include "xl/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/domctl.h"
#include "dom0/console.h"
#include "domconf/domconf.h"
#include "pvguest/errno.h"
#include "pvguest/fs.h"
#include "xl/create.h"
#include "xl/json.h"
#include "xl/monitor.h"
#include "xl/names.h"
#include "xl/wait.h"

enum { LAST_WORDS = 20 };	/* lines shown of a domain that died while starting */

struct create_options {
	const char *file;
	bool console, debug, unmonitored, foreground, dry_run, paused, quiet;
};

/* Returns XL_OK and leaves the variables in a->operand, or sets *code. */
static bool read_options(struct args *a, struct create_options *o, int *code)
{
	static const struct args_long longs[] = {
		{ "defconfig", 'f' }, { "dryrun", 'n' }, { "quiet", 'q' }, { "help", 'h' },
		{ "vncviewer", 'V' }, { "vncviewer-autopass", 'A' },
		{ "ignore-global-affinity-masks", 'i' }, { NULL, 0 },
	};
	int letter;

	while ((letter = args_option(a, "cdeFf:hnpqVAi", longs)) != ARGS_END) {
		switch (letter) {
		case 'c': o->console = true; break;
		case 'd': o->debug = true; break;
		case 'e': o->unmonitored = true; break;
		case 'F': o->foreground = true; break;
		case 'f': o->file = a->value; break;
		case 'n': o->dry_run = true; break;
		case 'p': o->paused = true; break;
		case 'q': o->quiet = true; break;
		case 'i': break;
		case 'V':
		case 'A':
			fprintf(stderr, "xl create: there are no displays to view\n");
			*code = XL_FAILURE;
			return false;
		default:
			*code = xl_option_default(a, letter);
			return false;
		}
	}
	o->dry_run |= a->dry_run;
	if (!o->file && a->count && !strchr(a->operand[0], '=')) {
		o->file = a->operand[0];
		memmove(a->operand, a->operand + 1, --a->count * sizeof(a->operand[0]));
	}
	if (o->file)
		return true;
	*code = XL_FAILURE;
	fprintf(stderr, "xl create: no configuration file is named\n");
	return false;
}

static void print_warning(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

/* The file's settings, and the words that change them. */
static int read_settings(struct cfg *cfg, const struct create_options *o, const struct args *a)
{
	struct cfg_error err = { "" };
	size_t length;
	char *text = fs_read_all(o->file, &length);
	int result;

	if (!text) {
		fprintf(stderr, "Failed to read config file: %s: %s\n", o->file, strerror(errno));
		return XL_CREATE_FAILED;
	}
	if (!o->quiet)
		printf("Parsing config from %s\n", o->file);
	result = cfg_parse(cfg, o->file, text, length, &err);
	free(text);
	for (int i = 0; i < a->count && !result; i++)
		result = cfg_override(cfg, a->operand[i], &err);
	if (result)
		fprintf(stderr, "%s\n", err.text);
	return result ? XL_FAILURE : XL_OK;
}

/* Whether the CPUs that it asks for are there. */
static int check_cpus(struct domconf *conf)
{
	struct cfg_error error;
	struct xen_sysctl_physinfo phys;
	int err;

	if (!conf->hard.count && !conf->soft.count)
		return XL_OK;
	err = sysctl_physinfo(&phys);
	if (err)
		fprintf(stderr, "xl: asking for the CPUs: %s\n", errno_xen_text(err));
	else if (domconf_fit_cpus(conf, phys.max_cpu_id + 1, &error))
		fprintf(stderr, "%s\n", error.text);
	else
		return XL_OK;
	return XL_FAILURE;
}

/* The domain's description, or the exit code. */
static int read_configuration(struct domconf *conf, const struct create_options *o,
			      const struct args *a)
{
	struct domconf_report report = { .warn = o->quiet ? NULL : print_warning };
	struct cfg cfg;
	int code;

	cfg_init(&cfg);
	*conf = (struct domconf){ 0 };
	code = read_settings(&cfg, o, a);
	if (!code && domconf_read(conf, &cfg, &report)) {
		fprintf(stderr, "%s\n", report.error.text);
		code = XL_FAILURE;
	}
	cfg_free(&cfg);
	if (!code)
		code = check_cpus(conf);
	if (code)
		domconf_free(conf);
	return code;
}

static int unpause(domid_t domid)
{
	int err = domctl_unpause(domid);

	if (err)
		fprintf(stderr, "xl: unpausing domain %u: %s\n", domid, errno_xen_text(err));
	return err ? XL_CREATE_FAILED : XL_OK;
}

/* From here on the monitor looks after it. */
static void hand_over(struct record *r)
{
	if (r->forgotten)
		return;
	record_set_state(r, RECORD_RUNNING);
	monitor_check(r);
}

/* The console is joined now and nothing can be missed: let it run. */
static int console_joined(void *ctx)
{
	struct record *r = ctx;
	int code = unpause(r->domid);

	if (!code)
		hand_over(r);
	return code;
}

static void print_last_words(const char *name, domid_t domid)
{
	char text[2048];
	size_t length = console_last_lines(domid, LAST_WORDS, text, sizeof(text));

	fprintf(stderr, "xl: domain %u (%s) crashed while starting%s\n", domid, name,
		length ? "; its last console lines:" : " and printed nothing");
	for (char *line = text, *next; length && line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (*line || (next && *next))
			fprintf(stderr, "  | %s\n", line);
	}
}

/* Starts it and looks whether it survives its first moments. */
static int start(struct record *r)
{
	int code = unpause(r->domid);

	if (code)
		return code;
	if (!domain_crashed_while_starting(r->domid)) {
		hand_over(r);
		return XL_OK;
	}
	print_last_words(r->conf.name, r->domid);
	if (r->conf.on_crash == ACTION_PRESERVE)
		record_set_state(r, RECORD_KEPT);
	return XL_CREATE_FAILED;
}

/* Lets it run, or not, as the options say. */
static int run(struct record *r, const struct create_options *o)
{
	int code;

	if (o->paused) {
		hand_over(r);
		code = o->console ? console_attach(r->domid) : XL_OK;
	} else {
		code = o->console ? console_attach_then(r->domid, console_joined, r) : start(r);
	}
	if (code < 0) {
		fprintf(stderr, "xl: the domain's console cannot be reached: %s\n", strerror(-code));
		code = XL_CREATE_FAILED;
	}
	return code;
}

/* -F: until nothing of it is left, through all restarts. */
static void wait_in_foreground(struct record *r)
{
	domid_t last = DOMID_INVALID;

	while (!r->forgotten && r->state != RECORD_KEPT) {
		if (r->domid != last && r->domid != DOMID_INVALID) {
			last = r->domid;
			printf("Waiting for domain %s (domid %u) to die\n", r->conf.name, last);
		}
		if (wait_step())
			return;
	}
	printf("Done. Exiting now\n");
}

static int create(struct domconf *conf, const struct create_options *o)
{
	struct build_error err;
	struct record *r = domain_create(conf, &err);
	int code;

	if (!r) {
		fprintf(stderr, "xl: %s\n", err.text);
		return XL_CREATE_FAILED;
	}
	record_hold(r);
	r->monitored = !o->unmonitored;
	code = run(r, o);
	if (code && !r->forgotten && r->state != RECORD_KEPT)
		domain_destroy(r->domid, false);
	if (o->foreground && !code)
		wait_in_foreground(r);
	record_drop(r);
	return code;
}

int cmd_create(struct args *a)
{
	struct create_options o = { 0 };
	struct domconf conf;
	int code;

	if (!read_options(a, &o, &code))
		return code;
	code = read_configuration(&conf, &o, a);
	if (code)
		return code;
	if (o.dry_run || o.debug) {
		if (!conf.has_uuid)
			domain_make_uuid(&conf);
		json_config(stdout, &conf);
	}
	if (o.dry_run) {
		domconf_free(&conf);
		return XL_OK;
	}
	return create(&conf, &o);
}
