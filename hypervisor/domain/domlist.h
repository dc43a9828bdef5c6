/* SPDX-License-Identifier: MIT */
/* What creation (domain.c) asks of the list of domains (domlist.c), and the other way round. */
#pragma once

#include <hv/domain.h>

/** Its frames lead to d from here on; nobody else does before domlist_add(). 0, -XEN_EEXIST,
 *  -XEN_ENOMEM. */
int domlist_take_id(struct domain *d);
/** Undoes that, of one that was never in the list. */
void domlist_give_back_id(struct domain *d);
/** From here on domain_get() and the list, which ascends by id, have it. */
void domlist_add(struct domain *d);

/** domain.c: the last reference is gone, nobody can find it any more. */
void domain_free(struct domain *d);
