/* SPDX-License-Identifier: MIT */
/* Domain names, which live in xenstore, and finding the domain that a user means. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/domctl.h>

#include "pvguest/xenbus.h"

/** The handle that all commands share; NULL with a message when xenstore is not there. */
struct xs_handle *xl_store(void);

enum { XL_NAME_SIZE = 128 };

/** The domain's name, "(null)" as xl prints it when it has none. */
void xl_domain_name(domid_t domid, char name[XL_NAME_SIZE]);

/**
 * The domain with this id or name. Prints why not and returns false when there is none; info may
 * be NULL.
 */
bool xl_find_domain(const char *name_or_id, domid_t *domid,
		    struct xen_domctl_getdomaininfo *info);

/** As xl_find_domain() by name only, without a message. */
bool xl_find_name(const char *name, domid_t *domid);

/**
 * All domains in the order of their ids: a malloc() block of *count. NULL with a message
 * when they cannot be had.
 */
struct xen_domctl_getdomaininfo *xl_all_domains(unsigned *count);
