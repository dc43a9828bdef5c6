/* SPDX-License-Identifier: MIT */
/*
 * What a domain shall be: the meaning of xl.cfg(5), with xl's defaults filled in
 * and everything checked that can be checked without a hypervisor.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domconf/cfg.h"
#include "domconf/cpumap.h"

/** What happens when the domain has shut down for one of the reasons. */
enum domconf_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
	ACTION_COREDUMP_DESTROY,
	ACTION_COREDUMP_RESTART,
	ACTION_SOFT_RESET,
};

enum {
	DOMCONF_MAX_VCPUS = 128,
	DOMCONF_MAX_WEIGHT = 65535,
	DOMCONF_MAX_CMDLINE = 1023,	/* start_info's cmd_line without its NUL */
	DOMCONF_MAX_NAME = 80,
};

/** Where vCPUs may run: a set each for the first `count`; the others run anywhere. */
struct domconf_affinity {
	struct cpumap *maps;
	unsigned count;
};

struct domconf {
	char *name;
	char *kernel;
	char *ramdisk;		/* NULL: none */
	char *cmdline;		/* made of cmdline=, or of root= and extra=; NULL: empty */
	uint8_t uuid[16];
	bool has_uuid;		/* else whoever creates the domain makes one */
	uint64_t memory_kb;
	uint64_t maxmem_kb;	/* >= memory_kb */
	unsigned vcpus;
	unsigned maxvcpus;	/* >= vcpus */
	struct domconf_affinity hard, soft;	/* cpus=, cpus_soft= */
	enum domconf_action on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset;
	int cpu_weight, cap;	/* -1: the scheduler's default */
	int max_grant_frames;	/* -1: the hypervisor's default */
	int max_maptrack_frames;
	unsigned max_grant_version;	/* 0: the latest that the hypervisor has */
	unsigned max_event_channels;
	unsigned tsc_mode;
	int64_t rtc_timeoffset;	/* seconds */
};

/** Where warnings go, one line each without a newline; warn may be NULL. */
struct domconf_report {
	void (*warn)(void *ctx, const char *line);
	void *ctx;
	struct cfg_error error;	/* "" when all is well */
};

/**
 * Reads the settings into conf, which needs no initialisation and must be freed
 * with domconf_free() also after an error. Returns 0, -EINVAL or -ENOMEM with
 * report->error filled.
 */
int domconf_read(struct domconf *conf, struct cfg *cfg, struct domconf_report *report);

/**
 * Checks cpus= and cpus_soft= against a machine with so many CPUs, and leaves those in the sets
 * that it has. Returns 0, or -EINVAL with err filled.
 */
int domconf_fit_cpus(struct domconf *conf, unsigned cpus, struct cfg_error *err);

void domconf_free(struct domconf *conf);

/** A copy of all fields; false: out of memory, `to` is then empty. */
bool domconf_copy(struct domconf *to, const struct domconf *from);

/** "destroy", "rename-restart", ... */
const char *domconf_action_name(enum domconf_action action);

enum { UUID_TEXT = 37 };
/** Writes the 36 characters and a NUL. */
void domconf_uuid_text(char text[UUID_TEXT], const uint8_t uuid[16]);
/** False when it is not 8-4-4-4-12 hexadecimal digits. */
bool domconf_uuid_parse(uint8_t uuid[16], const char *text);
