/* SPDX-License-Identifier: MIT */
/*
 * A new domain, from its description and two files in memory to the moment
 * before it is unpaused. Nobody else knows of it yet: names and xenstore are the
 * caller's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "build/error.h"
#include "domconf/domconf.h"

/** The files; they must stay in place during the call. */
struct load_images {
	const void *kernel;
	size_t kernel_bytes;
	const void *ramdisk;	/* NULL: none */
	size_t ramdisk_bytes;
};

/** What the other side of the new domain's rings needs. */
struct load_result {
	domid_t domid;
	uint64_t xenstore_mfn, console_mfn;
	uint32_t xenstore_port, console_port;
	char guest_os[16];
};

/**
 * Creates and fills the domain, paused. conf->has_uuid must be set. Returns 0, or
 * -XEN_Exxx with err filled; then no trace of the domain is left.
 */
int load_domain(struct load_result *result, const struct domconf *conf,
		const struct load_images *images, struct build_error *err);
