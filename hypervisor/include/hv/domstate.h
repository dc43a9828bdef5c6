/* SPDX-License-Identifier: MIT */
/*
 * Which domains have changed: come to be, shut down, begun to die, gone. A daemon that is told by
 * VIRQ_DOM_EXC that something has happened asks here what, and need not look at all domains.
 *
 * The operation is Xen 4.20's, which calls it stable; Debian's headers, of 4.17, lack it.
 */
#pragma once

#include <stdint.h>

#include <xen/xen.h>

#define DOMCTL_get_domain_state		90
#define DOMCTL_STATE_VERSION		0	/* in place of XEN_DOMCTL_INTERFACE_VERSION */

/* The domain is an input and an output: DOMID_INVALID asks for one that has changed. */
struct domctl_get_domain_state {
	uint16_t state;
#define DOMSTATE_EXIST		0x0001u
#define DOMSTATE_SHUTDOWN	0x0002u
#define DOMSTATE_DYING		0x0004u
#define DOMSTATE_DEAD		0x0008u
	uint16_t zero0;		/* in and out */
	uint32_t zero1;
	uint64_t unique_id;	/* no two domains have the same, even one after the other */
};

/** Notes that domain id has changed. At any time, by anybody. */
void domstate_changed(domid_t id);

/** A domain that has changed since it was last taken, which it is by this; DOMID_INVALID: none. One
 * caller at a time. */
domid_t domstate_take(void);
