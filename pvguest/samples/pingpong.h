/* SPDX-License-Identifier: MIT */
/* What the two domains of pingpong agree on: a ring of numbers in one granted page. */
#pragma once

#include <stdint.h>

#include <xen/xen.h>

/* <xen/io/ring.h> wants barriers by these names. */
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

#include <xen/io/ring.h>

struct ping {
	uint64_t number;
};

struct pong {
	uint64_t number;
	uint64_t answer;	/* number + 1 */
};

DEFINE_RING_TYPES(pingpong, struct ping, struct pong);

/** Below the server's /local/domain/<id>: clients write "<ring-ref> <port>" to .../<own id>. */
#define PINGPONG_NODE "data/pingpong"

int pong_main(void);
int ping_main(domid_t server, unsigned long rounds);
