/* SPDX-License-Identifier: MIT */
/*
 * From settings to a domain's description. Each reader marks what it has used,
 * so that one pass over the rest can name the keys that mean nothing here.
 */
#include "domconf/domconf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domconf/keys.h"
#include "domconf/reader.h"

static const char *const actions[] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
	[ACTION_COREDUMP_DESTROY] = "coredump-destroy",
	[ACTION_COREDUMP_RESTART] = "coredump-restart",
	[ACTION_SOFT_RESET] = "soft-reset",
};

const char *domconf_action_name(enum domconf_action action)
{
	return actions[action];
}

static int read_action(struct reader *r, const char *key, enum domconf_action *out)
{
	const struct cfg_setting *s = reader_take(r, key);

	if (!s)
		return 0;
	if (s->value->type != CFG_STRING)
		return reader_refuse(r, s, "needs a string in quotes");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(s->value->string, actions[i])) {
			*out = i;
			return 0;
		}
	}
	return reader_refuse(r, s,
			     "'%.40s' is no action (destroy, restart, rename-restart, preserve, "
			     "coredump-destroy, coredump-restart, soft-reset)",
			     s->value->string);
}

static bool value_is(const struct cfg_setting *s, const char *string)
{
	return s->value->type == CFG_STRING && !strcmp(s->value->string, string);
}

static bool value_is_true(const struct cfg_setting *s)
{
	return s->value->type == CFG_NUMBER ? s->value->number != 0 :
	       s->value->type == CFG_STRING && s->value->string[0] &&
	       strcmp(s->value->string, "0");
}

/* Only PV guests can be built; everything that says otherwise ends here. */
static int read_type(struct reader *r)
{
	const struct cfg_setting *s = reader_take(r, "type");

	if (s && (value_is(s, "hvm") || value_is(s, "pvh")))
		return reader_refuse(r, s, "'%s' guests are not supported, only 'pv'",
				     s->value->string);
	if (s && !value_is(s, "pv"))
		return reader_refuse(r, s, "must be \"pv\"");
	s = reader_take(r, "builder");
	if (s && value_is(s, "hvm"))
		return reader_refuse(
			r, s, "'hvm' guests are not supported, only PV guests (type=\"pv\")");
	if (s && !value_is(s, "generic") && !value_is(s, "linux"))
		return reader_refuse(r, s, "must be \"generic\" for a PV guest");
	s = reader_take(r, "pvh");
	if (s && value_is_true(s))
		return reader_refuse(
			r, s, "'pvh' guests are not supported, only PV guests (type=\"pv\")");
	s = reader_take(r, "hvm");
	if (s && value_is_true(s))
		return reader_refuse(
			r, s, "'hvm' guests are not supported, only PV guests (type=\"pv\")");
	return 0;
}

static int read_name(struct reader *r, struct domconf *conf)
{
	const struct cfg_setting *s = cfg_find(r->cfg, "name");
	int err = reader_string(r, "name", &conf->name);

	if (err)
		return err;
	if (!conf->name || !conf->name[0])
		return reader_refuse(r, NULL, "Domain name must be specified.");
	if (strlen(conf->name) > DOMCONF_MAX_NAME)
		return reader_refuse(r, s, "longer than %d characters", DOMCONF_MAX_NAME);
	for (const unsigned char *p = (unsigned char *)conf->name; *p; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '/')
			return reader_refuse(r, s,
					     "may not contain blanks, '/' or control characters");
	if (isdigit((unsigned char)conf->name[0]) &&
	    strspn(conf->name, "0123456789") == strlen(conf->name))
		return reader_refuse(r, s, "'%s' would be taken for a domain id", conf->name);
	return 0;
}

static int read_kernel(struct reader *r, struct domconf *conf)
{
	const struct cfg_setting *s = reader_take(r, "bootloader");
	int err = reader_string(r, "kernel", &conf->kernel);

	if (!err)
		err = reader_string(r, "ramdisk", &conf->ramdisk);
	if (err)
		return err;
	if (s)
		return reader_refuse(r, s,
				     "boot loaders cannot run in this dom0; give kernel= instead");
	if (!conf->kernel || !conf->kernel[0])
		return reader_refuse(r, NULL, "Neither kernel nor bootloader specified");
	if (conf->ramdisk && !conf->ramdisk[0]) {
		free(conf->ramdisk);
		conf->ramdisk = NULL;
	}
	return 0;
}

/* cmdline= alone, or "root=ROOT EXTRA" of those that are given. */
static char *join_cmdline(const char *root, const char *extra)
{
	size_t size = sizeof("root= ") + (root ? strlen(root) : 0) + (extra ? strlen(extra) : 0);
	char *line = malloc(size);

	if (line)
		snprintf(line, size, "%s%s%s%s", root ? "root=" : "", root ? root : "",
			 root && extra ? " " : "", extra ? extra : "");
	return line;
}

static int read_cmdline(struct reader *r, struct domconf *conf)
{
	const struct cfg_setting *s = cfg_find(r->cfg, "cmdline");
	char *root = NULL, *extra = NULL;
	int err = reader_string(r, "cmdline", &conf->cmdline);

	if (!err)
		err = reader_string(r, "root", &root);
	if (!err)
		err = reader_string(r, "extra", &extra);
	if (!err && conf->cmdline && (root || extra))
		reader_warn(r, s, "root= and extra= are ignored in favour of it");
	if (!err && !conf->cmdline && (root || extra)) {
		s = cfg_find(r->cfg, extra ? "extra" : "root");
		conf->cmdline = join_cmdline(root, extra);
		if (!conf->cmdline)
			err = reader_out_of_memory(r);
	}
	free(root);
	free(extra);
	if (!err && conf->cmdline && strlen(conf->cmdline) > DOMCONF_MAX_CMDLINE)
		err = reader_refuse(r, s, "the command line has %zu characters, at most %d fit",
				    strlen(conf->cmdline), DOMCONF_MAX_CMDLINE);
	return err;
}

static int read_memory(struct reader *r, struct domconf *conf)
{
	const int64_t most_mb = 1 << 20;	/* 1 TiB */
	int64_t memory = 32, maxmem;
	int err = reader_number(r, "memory", 1, most_mb, &memory);

	if (err)
		return err;
	maxmem = memory;
	err = reader_number(r, "maxmem", 1, most_mb, &maxmem);
	if (err)
		return err;
	if (maxmem < memory)
		return reader_refuse(r, cfg_find(r->cfg, "maxmem"),
				     "%" PRId64 " MiB are less than "
				     "memory=%" PRId64,
				     maxmem, memory);
	conf->memory_kb = memory * 1024;
	conf->maxmem_kb = maxmem * 1024;
	return 0;
}

static int read_uuid(struct reader *r, struct domconf *conf)
{
	const struct cfg_setting *s = reader_take(r, "uuid");

	if (!s)
		return 0;
	if (s->value->type != CFG_STRING || !domconf_uuid_parse(conf->uuid, s->value->string))
		return reader_refuse(r, s,
				     "needs the form "
				     "\"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", hexadecimal");
	conf->has_uuid = true;
	return 0;
}

static int read_actions(struct reader *r, struct domconf *conf)
{
	int err = read_action(r, "on_poweroff", &conf->on_poweroff);

	if (!err)
		err = read_action(r, "on_reboot", &conf->on_reboot);
	if (!err)
		err = read_action(r, "on_crash", &conf->on_crash);
	if (!err)
		err = read_action(r, "on_watchdog", &conf->on_watchdog);
	if (!err)
		err = read_action(r, "on_soft_reset", &conf->on_soft_reset);
	return err;
}

static int read_tsc_mode(struct reader *r, struct domconf *conf)
{
	static const char *const modes[] = { "default", "always_emulate", "native",
					     "native_paravirt" };
	const struct cfg_setting *s = cfg_find(r->cfg, "tsc_mode");

	for (unsigned i = 0; s && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (value_is(s, modes[i])) {
			reader_take(r, "tsc_mode");
			conf->tsc_mode = i;
			return 0;
		}
	}
	return reader_unsigned(r, "tsc_mode", 0, 3, &conf->tsc_mode);
}

static int read_limits(struct reader *r, struct domconf *conf)
{
	int err = reader_int(r, "max_grant_frames", 1, 65536, &conf->max_grant_frames);

	if (!err)
		err = reader_int(r, "max_maptrack_frames", 1, 65536, &conf->max_maptrack_frames);
	if (!err)
		err = reader_unsigned(r, "max_grant_version", 1, 2, &conf->max_grant_version);
	if (!err)
		err = reader_unsigned(r, "max_event_channels", 1, 1 << 17,
				      &conf->max_event_channels);
	if (!err)
		err = reader_number(r, "rtc_timeoffset", INT32_MIN, INT32_MAX,
				    &conf->rtc_timeoffset);
	if (!err)
		err = read_tsc_mode(r, conf);
	return err;
}

/* Is it a way to say "none": an empty list or string, or 0? */
static bool value_is_empty(const struct cfg_setting *s)
{
	switch (s->value->type) {
	case CFG_LIST:
		return !s->value->first;
	case CFG_STRING:
		return !s->value->string[0];
	default:
		return !s->value->number;
	}
}

/* The keys that no reader knows, and those that cannot be done. */
static int check_other_keys(struct reader *r)
{
	for (struct cfg_setting *s = r->cfg->first; s; s = s->next) {
		switch (key_fate(s->key)) {
		case KEY_READ:
			break;
		case KEY_UNKNOWN: reader_warn(r, s, "unknown key, ignored"); break;
		case KEY_WITHOUT_EFFECT: reader_warn(r, s, "has no effect here"); break;
		case KEY_HVM:
			return reader_refuse(r, s,
					     "is for HVM guests, only PV guests are supported");
		case KEY_PASSTHROUGH:
			if (!value_is_empty(s))
				return reader_refuse(r, s,
						     "hardware cannot be passed through to guests");
			break;
		case KEY_DEVICE:
			if (!value_is_empty(s))
				return reader_refuse(r, s,
						     "this dom0 has no backend for such devices");
			break;
		}
	}
	return 0;
}

int domconf_read(struct domconf *conf, struct cfg *cfg, struct domconf_report *report)
{
	struct reader r = { .cfg = cfg, .report = report };
	int err;

	report->error.text[0] = '\0';
	*conf = (struct domconf){
		.on_reboot = ACTION_RESTART,
		.on_soft_reset = ACTION_SOFT_RESET,
		.cpu_weight = -1,
		.cap = -1,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.max_event_channels = 1023,
	};
	err = read_type(&r);
	if (!err)
		err = read_name(&r, conf);
	if (!err)
		err = check_other_keys(&r);
	if (!err)
		err = read_kernel(&r, conf);
	if (!err)
		err = read_cmdline(&r, conf);
	if (!err)
		err = read_memory(&r, conf);
	if (!err)
		err = reader_cpus(&r, conf);
	if (!err)
		err = read_uuid(&r, conf);
	if (!err)
		err = read_actions(&r, conf);
	if (!err)
		err = read_limits(&r, conf);
	return err;
}

void domconf_free(struct domconf *conf)
{
	free(conf->name);
	free(conf->kernel);
	free(conf->ramdisk);
	free(conf->cmdline);
	free(conf->hard.maps);
	free(conf->soft.maps);
	*conf = (struct domconf){ 0 };
}

static bool copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

static bool copy_affinity(struct domconf_affinity *to, const struct domconf_affinity *from)
{
	size_t bytes = from->count * sizeof(from->maps[0]);

	to->maps = bytes ? malloc(bytes) : NULL;
	if (to->maps)
		memcpy(to->maps, from->maps, bytes);
	return !bytes || to->maps;
}

bool domconf_copy(struct domconf *to, const struct domconf *from)
{
	bool name, kernel, ramdisk, cmdline, hard, soft;

	*to = *from;
	name = copy_string(&to->name, from->name);
	kernel = copy_string(&to->kernel, from->kernel);
	ramdisk = copy_string(&to->ramdisk, from->ramdisk);
	cmdline = copy_string(&to->cmdline, from->cmdline);
	hard = copy_affinity(&to->hard, &from->hard);
	soft = copy_affinity(&to->soft, &from->soft);
	if (name && kernel && ramdisk && cmdline && hard && soft)
		return true;
	domconf_free(to);
	return false;
}

void domconf_uuid_text(char text[UUID_TEXT], const uint8_t uuid[16])
{
	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		text += sprintf(text, "%02x", uuid[i]);
	}
}

bool domconf_uuid_parse(uint8_t uuid[16], const char *text)
{
	for (unsigned i = 0; i < 16; i++) {
		char digits[3] = "";

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		digits[0] = text[0];
		digits[1] = text[1];
		uuid[i] = strtoul(digits, NULL, 16);
		text += 2;
	}
	return !*text;
}
