/* SPDX-License-Identifier: MIT */
/* The nodes that a domain has in xenstore from its creation on, as libxl lays them out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "build/load.h"
#include "domconf/domconf.h"
#include "pvguest/xenbus.h"

/** Writes all nodes in one transaction. False with errno, nothing is written then. */
bool store_add_domain(struct xs_handle *h, const struct domconf *conf,
		      const struct load_result *domain);

/** Removes whatever there is of it; uuid may be NULL. */
void store_remove_domain(struct xs_handle *h, domid_t domid, const uint8_t *uuid);

/** Changes the name in all places. False with errno. */
bool store_rename_domain(struct xs_handle *h, domid_t domid, const uint8_t *uuid,
			 const char *name);

/** Tells the domain which of its vCPUs to use: the first `online` of `all`. False with errno. */
bool store_set_vcpus(struct xs_handle *h, domid_t domid, unsigned online, unsigned all);
