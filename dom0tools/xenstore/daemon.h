/* SPDX-License-Identifier: MIT */
/*
 * What the daemon's files share: the peers (domains whose rings are connected) and the
 * in-process connection of dom0's own clients.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "store.h"

/* ---- peers: domains.c ---- */

/** Prepares the table of peers; wake() is called when peers_work() has something to do. */
void peers_init(struct store *store, void (*wake)(void));
/** Handles at most one request of each peer that has one. Returns true when more is waiting. */
bool peers_work(void);
/** Compares the peers with the hypervisor's list; tells of shutdowns and deaths. */
void peers_check(void);
/** An event waits on the connection of this peer. */
void peer_event_pending(void *peer);

int peer_introduce(void *ctx, domid_t domid, unsigned long gfn, uint32_t port);
int peer_release(void *ctx, domid_t domid);
int peer_resume(void *ctx, domid_t domid);
bool peer_is_introduced(void *ctx, domid_t domid);

/* ---- dom0's own clients: local.c ---- */

/** Makes xs_open() in this image reach the store. Returns 0 or -errno. */
int local_start(struct store *store);
/** An event waits for dom0's clients. */
void local_event_pending(void);
